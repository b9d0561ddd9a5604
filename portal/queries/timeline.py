"""What happened to a lead, newest first; and of it, what the viewer may read."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import Interval, false, func, literal, select, true

from portal.errors import NotFound
from portal.extensions import db
from portal.models import EntryEdit, Lead, TimelineItem, TimelineKind, Touch, User
from portal.permissions import visible_entries
from portal.queries.buckets import visible
from portal.queries.decisions import eyes_of, why_of
from portal.queries.leads import lead_for
from portal.queries.paging import USUAL_LIMIT, Page, Statement, older_than, page_of

# How long an author may write a comment or memo anew, by the database's clock.
EDIT_WINDOW = timedelta(minutes=15)


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
    visibility: str
    edited_at: datetime | None
    """When its author last wrote it anew; the earlier texts are kept."""
    editable: bool
    """Whether the viewer wrote it, and may still write it anew."""


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
    """A page of what the user may read of a lead's timeline. Empty while the lead is masked for them.

    Raises:
        NotFound: the user does not see the lead.
        Invalid: the cursor or the limit makes no sense.
    """
    lead_for(user, lead_id)
    return entries_page(user, lead_id, kinds, cursor, limit)


def entries_page(
    user: User, lead_id: UUID, kinds: Sequence[TimelineKind] | None, cursor: str | None, limit: int
) -> Page[TimelineView]:
    """The same for a caller who has looked at the lead already."""
    statement = _readable(user, lead_id)
    if kinds:
        statement = statement.where(TimelineItem.kind.in_(kinds))
    rows = db.session.execute(older_than(statement, TimelineItem.id, cursor, limit)).all()
    page = page_of(rows, limit, lambda row: row.id, lambda row: TimelineView(*row))
    return page if eyes_of(user) is None else replace(page, items=_without_names(user, page.items))


def _without_names(user: User, entries: Sequence[TimelineView]) -> list[TimelineView]:
    """Entries that quote a decision say of it what the user may read."""
    named = {
        entry.id: UUID(entry.after["decision_id"])
        for entry in entries
        if entry.after and entry.after.get("decision_id")
    }
    why = why_of(user, named.values())
    return [replace(entry, text=why.get(named[entry.id])) if entry.id in named else entry for entry in entries]


def entry_for(user: User, lead_id: UUID, entry_id: UUID) -> TimelineView:
    """One entry the user may read.

    Raises:
        NotFound: there is none, or the user may read neither it nor perhaps the lead; they answer alike.
    """
    statement = _readable(user, lead_id).where(TimelineItem.id == entry_id, visible(user))
    row = db.session.execute(statement).one_or_none()
    if row is None:
        raise NotFound("There is no such entry.")
    return TimelineView(*row)


def entry_written(by: User, lead_id: UUID, entry_id: UUID) -> TimelineView:
    """The entry somebody has just written, even if others than them will read it."""
    statement = _entries(by, lead_id).where(TimelineItem.id == entry_id, TimelineItem.actor_id == by.id)
    return TimelineView(*db.session.execute(statement).one())


def _readable(user: User, lead_id: UUID) -> Statement:
    return _entries(user, lead_id).where(visible_entries(user))


def _entries(user: User, lead_id: UUID) -> Statement:
    item = TimelineItem
    newest = (
        select(EntryEdit.text, EntryEdit.at)
        .where(EntryEdit.company_id == item.company_id, EntryEdit.entry_id == item.id)
        .order_by(EntryEdit.id.desc())
        .limit(1)
        .lateral("newest")
    )
    is_theirs = (item.actor_id == user.id) & item.kind.in_((TimelineKind.COMMENT, TimelineKind.MEMO))
    in_time = item.at > func.clock_timestamp() - literal(EDIT_WINDOW, Interval)
    return (
        select(
            item.id,
            item.at,
            item.kind,
            item.actor_type,
            item.actor_id,
            item.actor_name,
            func.coalesce(newest.c.text, item.text).label("text"),
            item.before,
            item.after,
            item.visibility,
            newest.c.at.label("edited_at"),
            func.coalesce(is_theirs & in_time, false()).label("editable"),
        )
        .join(Lead, (Lead.company_id == item.company_id) & (Lead.id == item.lead_id))
        .outerjoin(newest, true())
        .where(item.company_id == user.company_id, item.lead_id == lead_id)
    )


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
