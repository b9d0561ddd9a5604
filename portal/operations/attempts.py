"""Logging that somebody tried to reach the customer, by whatever way, and whether it worked."""

from __future__ import annotations

from enum import StrEnum
from uuid import UUID

from portal.errors import Forbidden
from portal.models import ContactStatus, TimelineKind, User
from portal.operations.complaints import Complaints
from portal.operations.conversion import apply, conversion_row, values_of
from portal.operations.conversion_words import Words
from portal.operations.entries import entry_with_key, key_of, lead_to_write_on
from portal.operations.transaction import operation
from portal.operations.writes import Writes
from portal.permissions import may_work_on
from portal.queries.clock import database_time

MOST_REMARK = 2_000


class Way(StrEnum):
    """How the customer was tried."""

    CALL = "call"
    TEXT = "text"
    MAIL = "mail"


SAID = {
    (Way.CALL, True): "Called, and reached them.",
    (Way.CALL, False): "Called, and did not reach them.",
    (Way.TEXT, True): "Texted, and they answered.",
    (Way.TEXT, False): "Sent a text.",
    (Way.MAIL, True): "Mailed, and they answered.",
    (Way.MAIL, False): "Sent a mail.",
}


@operation
def log_attempt(
    lead_id: UUID, *, by: User, way: str, reached: bool, note: str | None = None, form_key: UUID | None = None
) -> UUID:
    """Log an attempt to reach the customer. It moves the contact status on, and never back from “contacted”.

    Args:
        way: one of Way.
        note: what came of it, if that needs words.
        form_key: from the form; pressing twice logs once.

    Returns:
        The id of the timeline entry.

    Raises:
        NotFound: `by` does not see the lead.
        Forbidden: it is neither theirs nor do they manage.
        Invalid: a field makes no sense.
    """
    wrong = Complaints()
    known_way = wrong.one_of("way", way, Way)
    remark = wrong.text("note", note, most=MOST_REMARK) or None
    wrong.raise_if_any()
    lead = lead_to_write_on(lead_id, by, with_pools=True)
    if not may_work_on(by, lead):
        raise Forbidden("Attempts are logged by the lead's owner and by managers.")
    key = key_of(form_key, by, TimelineKind.CONTACT_ATTEMPT, str(known_way), str(reached), remark or "")
    logged = entry_with_key(lead, key)
    if logged is not None:
        return logged
    row = conversion_row(lead)
    new = values_of(row) | {"contact_status": _after(row.contact_status, reached)}
    said = SAID[Way(str(known_way)), reached]
    entry = apply(
        lead,
        row,
        new,
        TimelineKind.CONTACT_ATTEMPT,
        Writes(lead.company_id, database_time()),
        by=by,
        words=Words.load(),
        told={"way": known_way, "reached": reached, "remark": remark},
        text=f"{said} {remark}" if remark else said,
        form_key=key,
    )
    assert entry is not None
    return entry


def _after(status: str, reached: bool) -> str:
    if reached or status == ContactStatus.CONTACTED:
        return ContactStatus.CONTACTED.value
    return ContactStatus.TRIED.value
