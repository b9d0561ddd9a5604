"""API keys, without the keys themselves: those are known to their holders only."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import select

from portal.errors import NotFound
from portal.extensions import db
from portal.models import Key, User
from portal.models.tenancy import working_company
from portal.permissions import Right, may


@dataclass(frozen=True, slots=True)
class KeyView:
    """A key and the user it acts as."""

    key: Key
    user: User


def keys_for(viewer: User, key_id: UUID | None = None) -> Sequence[KeyView]:
    """The viewer's own keys, or everybody's with the right to look after the company; newest first."""
    statement = (
        select(Key, User)
        .join(User, (User.company_id == Key.company_id) & (User.id == Key.user_id))
        .where(Key.company_id == working_company())
        .order_by(Key.id.desc())
    )
    if not may(viewer, Right.COMPANY):
        statement = statement.where(Key.user_id == viewer.id)
    if key_id is not None:
        statement = statement.where(Key.id == key_id)
    return [KeyView(*row) for row in db.session.execute(statement)]


def key_for(viewer: User, key_id: UUID) -> KeyView:
    """One of them. Raises NotFound."""
    found = keys_for(viewer, key_id)
    if not found:
        raise NotFound("There is no such key.")
    return found[0]
