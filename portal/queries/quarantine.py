"""The company's allow list and block list."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import select

from portal.errors import NotFound
from portal.extensions import db
from portal.models import QuarantineEntry
from portal.models.tenancy import working_company
from portal.queries.paging import Page, older_than, page_of


def entries_page(cursor: str | None, limit: int) -> Page[QuarantineEntry]:
    """A page of both lists, the newest first. Raises Invalid for a cursor that leads nowhere."""
    statement = select(QuarantineEntry).where(QuarantineEntry.company_id == working_company())
    rows = db.session.scalars(older_than(statement, QuarantineEntry.id, cursor, limit)).all()
    return page_of(rows, limit, lambda entry: entry.id, lambda entry: entry)


def entries_of(verdict: str, most: int) -> Sequence[QuarantineEntry]:
    """One of the lists, by what it is and how it is written; `most` lines of it."""
    entry = QuarantineEntry
    of_list = select(entry).where(entry.company_id == working_company(), entry.verdict == verdict)
    return db.session.scalars(of_list.order_by(entry.clue, entry.value).limit(most)).all()


def entry_named(entry_id: UUID) -> QuarantineEntry:
    """One line of the lists. Raises NotFound."""
    entry = db.session.get(QuarantineEntry, (working_company(), entry_id))
    if entry is None:
        raise NotFound("There is no such line on the lists.")
    return entry
