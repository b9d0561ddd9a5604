"""The company's own roles."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import any_, func, select

from portal.errors import NotFound
from portal.extensions import db
from portal.models import OwnRole, User
from portal.models.tenancy import working_company


def own_roles() -> Sequence[OwnRole]:
    """All of them, by name."""
    return db.session.scalars(
        select(OwnRole).where(OwnRole.company_id == working_company()).order_by(func.lower(OwnRole.name), OwnRole.id)
    ).all()


def own_role(role_id: UUID) -> OwnRole:
    """One of them. Raises NotFound."""
    role = db.session.get(OwnRole, (working_company(), role_id))
    if role is None:
        raise NotFound("There is no such role.")
    return role


def own_role_names() -> dict[str, str]:
    """Their names by id, as users hold them."""
    return {str(role.id): role.name for role in own_roles()}


def held_by(role: OwnRole) -> int:
    """How many people hold a role."""
    held = select(func.count()).where(User.company_id == role.company_id, any_(User.roles) == str(role.id))
    return db.session.scalar(held) or 0
