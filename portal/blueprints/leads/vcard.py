"""A customer as a vCard (RFC 6350, written in version 3.0 of RFC 2426, which every phone reads)."""

from __future__ import annotations

from typing import Any

from flask import Response

from portal.queries.contacts import ContactView

LINE = 75


def download(contact: ContactView, location: dict[str, Any] | None) -> Response:
    """The card as a file. The name of the file says nothing of the customer: it ends up in logs and histories."""
    response = Response(card(contact, location), mimetype="text/vcard")
    response.headers["Content-Disposition"] = 'attachment; filename="contact.vcf"'
    return response


def card(contact: ContactView, location: dict[str, Any] | None) -> str:
    """The lines of the card, folded and ended as the format wants."""
    name = _escaped(contact.called)
    lines = ["BEGIN:VCARD", "VERSION:3.0", f"FN:{name}", f"N:{name};;;;"]
    lines += [f"TEL;TYPE=VOICE:{_escaped(phone.dialled or phone.raw)}" for phone in contact.phones]
    lines += [f"EMAIL;TYPE=INTERNET:{_escaped(email)}" for email in contact.emails]
    if location and location.get("address"):
        parts = ("address", "city", "region", "postcode", "country")
        lines.append("ADR;TYPE=HOME:;;" + ";".join(_escaped(str(location.get(part) or "")) for part in parts))
    return "".join(f"{folded}\r\n" for line in [*lines, "END:VCARD"] for folded in _folded(line))


def _escaped(value: str) -> str:
    value = value.replace("\\", "\\\\").replace(";", "\\;").replace(",", "\\,")
    return value.replace("\r\n", "\\n").replace("\n", "\\n").replace("\r", "\\n")


def _folded(line: str) -> list[str]:
    """Lines of at most 75 octets; a continued one starts with a blank. A character is never cut in two."""
    folded, room = [""], LINE
    for sign in line:
        width = len(sign.encode(errors="replace"))
        if room < width:
            folded.append(" ")
            room = LINE - 1
        folded[-1] += sign
        room -= width
    return folded
