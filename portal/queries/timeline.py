"""What happened to a lead, newest first."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import select

from portal.extensions import db
from portal.models import TimelineItem, TimelineKind, Touch, User
from portal.queries.leads import lead_for
from portal.queries.paging import USUAL_LIMIT, Page, older_than, page_of


@dataclass(frozen=True, slots=True)
class TimelineView:
    """One entry: what, when, who, and the values before and after."""

    id: UUID
    at: datetime
    kind: str
    actor_type: str
    actor_id: UUID | None
    actor_name: str
    text: str | None
    before: dict[str, Any] | None
    after: dict[str, Any] | None


@dataclass(frozen=True, slots=True)
class TouchView:
    """One message of the customer, as it came in."""

    id: UUID
    at: datetime
    channel: str
    source: str | None
    text: str | None


def timeline_page(
    user: User,
    lead_id: UUID,
    kinds: Sequence[TimelineKind] | None = None,
    cursor: str | None = None,
    limit: int = USUAL_LIMIT,
) -> Page[TimelineView]:
    """A page of a lead's timeline. Empty while the lead is masked for the user: entries quote the customer.

    Raises:
        NotFound: the user does not see the lead.
        Invalid: the cursor or the limit makes no sense.
    """
    if lead_for(user, lead_id).masked:
        return Page([], None)
    return entries_page(user.company_id, lead_id, kinds, cursor, limit)


def entries_page(
    company_id: UUID, lead_id: UUID, kinds: Sequence[TimelineKind] | None, cursor: str | None, limit: int
) -> Page[TimelineView]:
    """The same for a caller who has looked at the lead already and found it shown."""
    item = TimelineItem
    statement = select(
        item.id,
        item.at,
        item.kind,
        item.actor_type,
        item.actor_id,
        item.actor_name,
        item.text,
        item.before,
        item.after,
    ).where(item.company_id == company_id, item.lead_id == lead_id)
    if kinds:
        statement = statement.where(item.kind.in_(kinds))
    rows = db.session.execute(older_than(statement, item.id, cursor, limit)).all()
    return page_of(rows, limit, lambda row: row.id, lambda row: TimelineView(*row))


def touches_of(user: User, lead_id: UUID, at_most: int = USUAL_LIMIT) -> list[TouchView]:
    """What the customer wrote, newest first; nothing while the lead is masked for the user.

    Raises:
        NotFound: the user does not see the lead.
    """
    if lead_for(user, lead_id).masked:
        return []
    return touches(user.company_id, lead_id, at_most)


def touches(company_id: UUID, lead_id: UUID, at_most: int) -> list[TouchView]:
    """The same for a caller who has looked at the lead already and found it shown."""
    statement = (
        select(Touch.id, Touch.at, Touch.channel, Touch.source, Touch.text)
        .where(Touch.company_id == company_id, Touch.lead_id == lead_id)
        .order_by(Touch.id.desc())
        .limit(at_most)
    )
    return [TouchView(*row) for row in db.session.execute(statement)]
