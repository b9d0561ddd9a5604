"""Sources: where leads have come from."""

from __future__ import annotations

from uuid import UUID

from sqlalchemy import select

from portal.extensions import db
from portal.models import Source
from portal.queries.paging import Page, older_than, page_of


def sources_page(company_id: UUID, cursor: str | None, limit: int) -> Page[Source]:
    """Where leads have come from, the newest first; errors as in `older_than`."""
    statement = select(Source).where(Source.company_id == company_id)
    rows = db.session.scalars(older_than(statement, Source.id, cursor, limit)).all()
    return page_of(rows, limit, lambda source: source.id, lambda source: source)
