"""Causes of messages in words, and addresses in a text as links."""

from __future__ import annotations

import re

from markupsafe import Markup, escape

from portal.models import Cause

CAUSE_NAMES = {
    Cause.OFFER: "Offer",
    Cause.OFFER_REMINDER: "Offer reminder",
    Cause.ASSIGNED: "Assigned",
    Cause.ACCEPTED_COPY: "Copy after accepting",
    Cause.MISSED: "Missed offer",
    Cause.REASSIGNED_AWAY: "Taken away",
    Cause.COMMENT: "Comment",
    Cause.MENTION: "Mention",
    Cause.TOUCH: "New message of the customer",
    Cause.CATCH_ALL: "Nobody took it",
    Cause.LAST_CALL: "Last call",
    Cause.FOLLOW_UP: "Follow-up",
    Cause.IMPORT_DONE: "Import done",
    Cause.ALARM: "Alarm",
    Cause.ACCOUNT: "Account",
}


def linked(text: str, links: tuple[str, ...]) -> Markup:
    """The text, escaped, with exactly these addresses as links: what a customer wrote never becomes one."""
    if not links:
        return escape(text)
    # The longest first, so that no address is taken for the start of another.
    addresses = re.compile("|".join(re.escape(link) for link in sorted(links, key=len, reverse=True)))
    parts, end = [], 0
    for match in addresses.finditer(text):
        address = escape(match[0])
        parts += [escape(text[end : match.start()]), Markup('<a href="{0}">{0}</a>').format(address)]
        end = match.end()
    return Markup("").join([*parts, escape(text[end:])])
