"""Reading the log of changes."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Select, select

from portal.extensions import db
from portal.models import AuditEntry, User
from portal.permissions import Right, require
from portal.queries.paging import GREATEST_LIMIT, Page, older_than, page_of


@dataclass(frozen=True, slots=True)
class Narrowing:
    """Which entries are wanted; None does not narrow. `since` is included, `until` is not."""

    actor_id: UUID | None = None
    subject: str | None = None
    since: datetime | None = None
    until: datetime | None = None


def audit_page(viewer: User, narrowing: Narrowing, cursor: str | None, limit: int) -> Page[AuditEntry]:
    """A page of entries, newest first.

    Raises:
        Forbidden: without the right to read the log.
        Invalid: the cursor or the limit makes no sense.
    """
    require(viewer, Right.AUDIT)
    rows = db.session.scalars(older_than(_statement(viewer, narrowing), AuditEntry.id, cursor, limit)).all()
    return page_of(rows, limit, lambda entry: entry.id, lambda entry: entry)


def audit_entries(viewer: User, narrowing: Narrowing) -> Iterator[AuditEntry]:
    """All entries, newest first, a page in memory at a time. Raises Forbidden."""
    cursor: str | None = None
    while True:
        page = audit_page(viewer, narrowing, cursor, GREATEST_LIMIT)
        yield from page.items
        if page.next is None:
            return
        cursor = page.next


def _statement(viewer: User, narrowing: Narrowing) -> Select[Any]:
    statement = select(AuditEntry).where(AuditEntry.company_id == viewer.company_id)
    if narrowing.actor_id is not None:
        statement = statement.where(AuditEntry.actor_id == narrowing.actor_id)
    if narrowing.subject is not None:
        statement = statement.where(AuditEntry.subject == narrowing.subject)
    if narrowing.since is not None:
        statement = statement.where(AuditEntry.at >= narrowing.since)
    if narrowing.until is not None:
        statement = statement.where(AuditEntry.at < narrowing.until)
    return statement
