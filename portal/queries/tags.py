"""The company's tags."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import select

from portal.errors import NotFound
from portal.extensions import db
from portal.models import Tag
from portal.models.tenancy import working_company
from portal.queries.paging import Page, older_than, page_of


def tags_page(cursor: str | None, limit: int) -> Page[Tag]:
    """A page of tags, the newest first. Raises Invalid for a cursor that leads nowhere."""
    statement = select(Tag).where(Tag.company_id == working_company())
    rows = db.session.scalars(older_than(statement, Tag.id, cursor, limit)).all()
    return page_of(rows, limit, lambda tag: tag.id, lambda tag: tag)


def tags_by_text(most: int) -> Sequence[Tag]:
    """Tags by their text, `most` of them."""
    return db.session.scalars(
        select(Tag).where(Tag.company_id == working_company()).order_by(Tag.normal).limit(most)
    ).all()


def tag_named(tag_id: UUID) -> Tag:
    """One tag of the company entered. Raises NotFound."""
    tag = db.session.get(Tag, (working_company(), tag_id))
    if tag is None:
        raise NotFound("There is no such tag.")
    return tag
