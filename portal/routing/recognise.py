"""Who is writing: contact keys, and what their matches say about an incoming message.

Phone numbers come normalised to E.164 already: that takes a table of the world's numbering plans, which is no business
of routing. A withheld number is no key and is never passed in.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from typing import NamedTuple
from uuid import UUID


class KeyKind(StrEnum):
    """What a contact is known by. When keys point at different contacts, the kind named first wins."""

    PHONE = "phone"
    EMAIL = "email"
    VISITOR = "visitor"


class ContactKey(NamedTuple):
    """One normalised key; unique in a company, so it is also what two first messages of one person meet on."""

    kind: KeyKind
    value: str


def contact_keys(
    phones: Iterable[str] = (), emails: Iterable[str] = (), visitors: Iterable[str] = ()
) -> tuple[ContactKey, ...]:
    """The keys of a message, without doubles, sorted: they are locked in this order, so no two wait for each other.

    `phones` are E.164 numbers, `emails` addresses as written, `visitors` ids a chat gave to its visitors.
    """
    keys = {ContactKey(KeyKind.PHONE, phone) for phone in phones}
    keys |= {ContactKey(KeyKind.EMAIL, normal_email(email)) for email in emails}
    keys |= {ContactKey(KeyKind.VISITOR, visitor) for visitor in visitors}
    return tuple(sorted(keys))


def normal_email(address: str) -> str:
    """`address` as it is compared: without space around it, case or width. Whether it is one is checked elsewhere."""
    folded = unicodedata.normalize("NFKC", address).casefold()
    # Folding may leave letters and accents apart that belong together.
    return unicodedata.normalize("NFKC", folded).strip()


class ReturningContacts(StrEnum):
    """Who gets the new lead of a contact whose earlier ones are closed: a setting of the company."""

    PREVIOUS_OWNER = "previous_owner"
    ROUTE = "route"


class Recognised(StrEnum):
    """What an incoming message is."""

    ATTACH = "attach"
    RETURNING = "returning"
    NEW = "new"


POSSIBLE_DUPLICATE = "possible_duplicate"
"""Warning: the keys of one message point at different contacts."""


@dataclass(frozen=True, slots=True)
class KeyMatch:
    """A key of the message that is known: its contact, and one lead of theirs, if any. One row for every lead.

    `last_activity` and `owner_id` are the lead's; the owner of a closed lead is whoever had it last.
    """

    kind: KeyKind
    contact_id: UUID
    lead_id: UUID | None = None
    is_open: bool = False
    last_activity: datetime | None = None
    owner_id: UUID | None = None


@dataclass(frozen=True, slots=True)
class Recognition:
    """What a message is, and whose.

    ATTACH: a touch on the open lead `lead_id`. RETURNING: a new lead of somebody whose earlier ones are closed;
    `previous_owner` is who may get it, None when the company routes such leads. NEW: a new lead; `contact_id` is None
    for somebody never heard of.
    """

    outcome: Recognised
    contact_id: UUID | None = None
    lead_id: UUID | None = None
    previous_owner: UUID | None = None
    warnings: tuple[str, ...] = ()


def resolve(
    matches: Sequence[KeyMatch], returning: ReturningContacts = ReturningContacts.PREVIOUS_OWNER
) -> Recognition:
    """What the known keys of a message say about it."""
    if not matches:
        return Recognition(Recognised.NEW)
    contact_id = _winner(matches)
    warnings = (POSSIBLE_DUPLICATE,) if any(match.contact_id != contact_id for match in matches) else ()
    theirs = [match for match in matches if match.contact_id == contact_id]
    open_lead = _latest(theirs, lambda match: match.lead_id is not None and match.is_open)
    if open_lead:
        return Recognition(Recognised.ATTACH, contact_id, lead_id=open_lead.lead_id, warnings=warnings)
    # Closed leads nobody ever owned leave nobody to return to: that contact counts as new.
    owned = _latest(theirs, lambda match: match.owner_id is not None)
    if owned is None:
        return Recognition(Recognised.NEW, contact_id, warnings=warnings)
    previous = owned.owner_id if returning is ReturningContacts.PREVIOUS_OWNER else None
    return Recognition(Recognised.RETURNING, contact_id, previous_owner=previous, warnings=warnings)


def _winner(matches: Sequence[KeyMatch]) -> UUID:
    """The contact the message belongs to: by the strongest kind of key, then by the latest activity."""
    order = list(KeyKind)
    strongest = min(order.index(match.kind) for match in matches)
    return max((match for match in matches if order.index(match.kind) == strongest), key=_recency).contact_id


def _latest(matches: Iterable[KeyMatch], wanted: Callable[[KeyMatch], bool]) -> KeyMatch | None:
    return max(filter(wanted, matches), key=_recency, default=None)


def _recency(match: KeyMatch) -> tuple[datetime, UUID]:
    # The id comes last so that the answer does not hang on the order of the rows.
    return match.last_activity or datetime.min.replace(tzinfo=UTC), match.lead_id or match.contact_id
