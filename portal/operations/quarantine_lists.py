"""The allow list and the block list: what lets new leads through, and what puts them into quarantine."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.dialects.postgresql import insert

from portal.errors import Conflict, Invalid, NotFound
from portal.extensions import db
from portal.models import Company, QuarantineEntry, User, new_id
from portal.operations import auditing
from portal.operations.auditing import Subject
from portal.operations.complaints import Complaints
from portal.operations.contact_points import read_email, read_phone
from portal.operations.transaction import operation
from portal.permissions import Right, require_company_wide
from portal.routing.quarantine import Clue, Verdict, readable
from portal.routing.recognise import normal_email
from portal.routing.tags import normal

MOST_ENTRIES = 20_000
LONGEST_ENTRY = 320

_LISTS = {Verdict.ALLOW: "the allow list", Verdict.BLOCK: "the block list"}


@operation
def add_entry(*, by: User, verdict: str, clue: str, text: str) -> QuarantineEntry:
    """A new line of one of the lists; it counts from the next lead on.

    Args:
        verdict: one of Verdict: which list.
        clue: one of Clue: what it is.
        text: as people write it: an address, a domain, a phone number in any spelling, or words.

    Raises:
        Forbidden: no right to.
        Invalid: a field makes no sense, or it stands on a list already.
        Conflict: the lists are full.
    """
    require_company_wide(by, Right.DISTRIBUTION)
    columns = _checked(by, verdict, clue, text)
    if (
        db.session.scalar(select(func.count()).where(QuarantineEntry.company_id == by.company_id)) or 0
    ) >= MOST_ENTRIES:
        raise Conflict(f"The lists hold at most {MOST_ENTRIES:,} lines. Remove some first.")
    made = db.session.scalars(
        insert(QuarantineEntry)
        .values(company_id=by.company_id, id=new_id(), **columns)
        .on_conflict_do_nothing()
        .returning(QuarantineEntry)
    ).one_or_none()
    if made is None:
        raise _there_already(by, columns)
    auditing.added(by, Subject.QUARANTINE_ENTRY, made.id, made.text, _facts(made))
    return made


@operation
def remove_entry(entry_id: UUID, *, by: User) -> None:
    """Take a line off its list; leads in quarantine stay there until somebody releases them.

    Raises:
        Forbidden: no right to.
        NotFound: no such line.
    """
    require_company_wide(by, Right.DISTRIBUTION)
    key = (by.company_id, entry_id)
    entry = db.session.get(QuarantineEntry, key, with_for_update=True, populate_existing=True)
    if entry is None:
        raise NotFound("There is no such line on the lists.")
    auditing.removed(by, Subject.QUARANTINE_ENTRY, entry.id, entry.text, _facts(entry))
    db.session.delete(entry)
    db.session.flush()


def _checked(by: User, verdict: str, clue: str, text: str) -> dict[str, Any]:
    wrong = Complaints()
    columns: dict[str, Any] = {
        "verdict": wrong.one_of("verdict", verdict, Verdict),
        "clue": wrong.one_of("clue", clue, Clue),
        "text": wrong.name("text", text, most=LONGEST_ENTRY),
    }
    wrong.raise_if_any()
    value = _value(Clue(columns["clue"]), columns["text"], by)
    return columns | {"value": value}


def _value(clue: Clue, text: str, by: User) -> str:
    """What is compared. Raises Invalid."""
    match clue:
        case Clue.ADDRESS:
            address = read_email(text)
            if address is None or address.value is None:
                raise Invalid.field("text", "This is not an e-mail address. Write it like ana@example.com.")
            return address.value
        case Clue.DOMAIN:
            return _domain(text)
        case Clue.PHONE:
            number = read_phone(text, db.session.get_one(Company, by.company_id).country)
            if number is None or number.value is None:
                raise Invalid.field("text", "This cannot be read as a phone number. Write it like +1 415 555 0101.")
            return number.value
        case Clue.TEXT:
            if not readable(text):
                raise Invalid.field("text", "There is nothing to look for in this text.")
            return normal(text)


def _domain(text: str) -> str:
    domain = normal_email(text).removeprefix("@").strip(".")
    # Any address of it has to be one: that tells what may stand there.
    address = read_email(f"anybody@{domain}")
    if address is None or address.value is None or "@" in domain or "/" in domain:
        raise Invalid.field("text", "This is not a domain. Write it like example.com, without anything before it.")
    return domain


def _there_already(by: User, columns: dict[str, Any]) -> Invalid:
    there = db.session.scalar(
        select(QuarantineEntry.verdict).where(
            QuarantineEntry.company_id == by.company_id,
            QuarantineEntry.clue == columns["clue"],
            QuarantineEntry.value == columns["value"],
        )
    )
    listed = _LISTS[Verdict(there)] if there else "one of the lists"
    more = "" if there == columns["verdict"] else " Remove it there first."
    return Invalid.field("text", f"This stands on {listed} already.{more}")


def _facts(entry: QuarantineEntry) -> dict[str, Any]:
    return {"verdict": entry.verdict, "clue": entry.clue, "text": entry.text}
