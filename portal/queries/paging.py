"""Keyset paging: a page is what comes after the last row of the page before, so depth costs nothing."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeAlias, TypeVar
from uuid import UUID

from sqlalchemy import Select

from portal.errors import Invalid

Item = TypeVar("Item")
Row = TypeVar("Row")
Statement: TypeAlias = Select[*tuple[Any, ...]]

USUAL_LIMIT = 50
GREATEST_LIMIT = 200


@dataclass(frozen=True, slots=True)
class Page(Generic[Item]):
    """Some items, newest first, and where the next page starts; `next` is None on the last one."""

    items: list[Item]
    next: str | None


def older_than(statement: Statement, id_column: Any, cursor: str | None, limit: int) -> Statement:
    """The statement, newest first, from behind `cursor` on, with one row more than a page to know if there is a next.

    Args:
        id_column: the time-ordered id the page is sorted by.
        cursor: `next` of the page before; None = from the newest.
        limit: rows of a page, 1 to 200.

    Raises:
        Invalid: the cursor is not one of ours, or the limit is out of range.
    """
    if not 1 <= limit <= GREATEST_LIMIT:
        raise Invalid.field("limit", f"Ask for 1 to {GREATEST_LIMIT} items.")
    if cursor is not None:
        statement = statement.where(id_column < position(cursor))
    return statement.order_by(id_column.desc()).limit(limit + 1)


def page_of(rows: Sequence[Row], limit: int, id_of: Callable[[Row], UUID], item: Callable[[Row], Item]) -> Page[Item]:
    """A page from the rows `older_than` found."""
    shown = rows[:limit]
    next_cursor = str(id_of(shown[-1])) if len(rows) > limit else None
    return Page([item(row) for row in shown], next_cursor)


def position(cursor: str) -> UUID:
    """The place in a list a cursor names. Raises Invalid."""
    try:
        return UUID(cursor)
    except ValueError:
        raise Invalid.field("cursor", "This is not a place in the list. Start again without it.") from None
