"""A company's own roles: a name and a set of rights. Changing one changes all who hold it.

Nobody puts a right into a role, or takes one out, that they do not hold themselves.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import TypedDict, Unpack
from uuid import UUID

from sqlalchemy import any_, func, select

from portal.errors import Conflict, Forbidden, Invalid, NotFound
from portal.extensions import db
from portal.models import OwnRole, User, new_id
from portal.operations import auditing, waiting
from portal.operations.auditing import Subject
from portal.operations.complaints import Complaints, refuse_unknown
from portal.operations.seen import refuse_stale
from portal.operations.transaction import operation
from portal.permissions import Right, powers, require_company_wide
from portal.queries.roles import own_roles
from portal.rights import GRANTS, SCOPED, TEAM_SUFFIX, Role, powers_of

MOST_ROLES = 100


class RoleChanges(TypedDict, total=False):
    """What people and programs set on a role of their own."""

    name: str
    grants: Sequence[str]


@operation
def make_role(*, by: User, **fields: Unpack[RoleChanges]) -> OwnRole:
    """A new role.

    Raises:
        Forbidden: no right to, or a right `by` lacks.
        Invalid: a field makes no sense.
    """
    require_company_wide(by, Right.PEOPLE)
    if "name" not in fields:
        raise Invalid.field("name", "A role needs a name.")
    role = OwnRole(company_id=by.company_id, id=new_id(), name="", grants=[])
    _apply(role, fields, by)
    db.session.add(role)
    db.session.flush()
    db.session.refresh(role)
    auditing.added(by, Subject.ROLE, role.id, role.name, _facts(role))
    return role


@operation
def change_role(role_id: UUID, *, by: User, seen: str | None = None, **changes: Unpack[RoleChanges]) -> OwnRole:
    """Rename a role, or change what it lets its holders do; it counts for all of them at once.

    Args:
        seen: a mark of the role the changes were made to, where all its fields are sent at once.

    Raises:
        NotFound: no such role.
        Forbidden: no right to, or it holds, or would hold, a right `by` lacks.
        Stale: somebody else changed the role since it was seen.
        Invalid: a field makes no sense.
    """
    require_company_wide(by, Right.PEOPLE)
    role = _locked(role_id, by)
    _refuse_more(by, role.grants)
    refuse_stale(seen, role, RoleChanges.__annotations__)
    before = _facts(role)
    _apply(role, changes, by)
    db.session.flush()
    auditing.changed(by, Subject.ROLE, role.id, role.name, before, _facts(role))
    grants = {str(each.id): each.grants for each in own_roles()}
    for user in holders_of(role):
        user.own_grants = _together(grants, user.roles)
    db.session.flush()
    waiting.drain_soon(by.company_id)
    return role


@operation
def delete_role(role_id: UUID, *, by: User) -> None:
    """Remove a role nobody holds.

    Raises:
        NotFound: no such role.
        Forbidden: no right to, or it holds a right `by` lacks.
        Conflict: somebody holds it.
    """
    require_company_wide(by, Right.PEOPLE)
    role = _locked(role_id, by)
    _refuse_more(by, role.grants)
    holders = holders_of(role)
    if holders:
        others = f" and {len(holders) - 1} more" if len(holders) > 1 else ""
        raise Conflict(f"{holders[0].name}{others} still hold this role. Give them another one first.")
    auditing.removed(by, Subject.ROLE, role.id, role.name, _facts(role))
    db.session.delete(role)
    db.session.flush()


def _facts(role: OwnRole) -> dict[str, object]:
    return {"name": role.name, "rights": list(role.grants)}


def holders_of(role: OwnRole) -> Sequence[User]:
    """Who holds a role, by name, their rows locked until the end."""
    held = select(User).where(User.company_id == role.company_id, any_(User.roles) == str(role.id))
    return db.session.scalars(
        held.order_by(func.lower(User.name), User.id)
        .with_for_update(key_share=True)
        .execution_options(populate_existing=True)
    ).all()


def lock_roles(company_id: UUID) -> set[str]:
    """The ids of the company's own roles, locked until the end so that none is changed or deleted meanwhile."""
    own = select(OwnRole.id).where(OwnRole.company_id == company_id).order_by(OwnRole.id).with_for_update(read=True)
    return {str(role_id) for role_id in db.session.scalars(own)}


def known_roles(wrong: Complaints, company_id: UUID, roles: Iterable[str]) -> list[str]:
    """Roles as a user holds them, each once: the built-in ones first."""
    given = list(dict.fromkeys(str(role) for role in roles))
    own = lock_roles(company_id)
    known = ", ".join(Role)
    for place, role in enumerate(given):
        if role not in own and role not in tuple(Role):
            wrong.add(f"roles.{place}", f"There is no such role. Use one of: {known}, or the id of a role of your own.")
    if not given:
        wrong.add("roles", f"Choose at least one of: {known}, or a role of your own.")
    return [*(str(role) for role in Role if role in given), *sorted(role for role in given if role in own)]


def grants_of(roles: Collection[str]) -> list[str]:
    """All that the company's own among these roles let somebody do."""
    if all(role in tuple(Role) for role in roles):
        return []
    return _together({str(role.id): role.grants for role in own_roles()}, roles)


def _together(grants: Mapping[str, Sequence[str]], roles: Collection[str]) -> list[str]:
    return sorted({grant for role in roles for grant in grants.get(role, ())})


def _apply(role: OwnRole, changes: RoleChanges, by: User) -> None:
    refuse_unknown(changes, RoleChanges.__annotations__)
    wrong = Complaints()
    name = wrong.name("name", changes["name"]) if "name" in changes else role.name
    grants = wrong.some_of("rights", changes.get("grants", role.grants), GRANTS, at_least_one=True)
    wrong.raise_if_any()
    same = select(OwnRole.id).where(OwnRole.company_id == by.company_id, OwnRole.name == name, OwnRole.id != role.id)
    if db.session.scalar(same) is not None or str(name).casefold() in _BUILT_IN_NAMES:
        raise Invalid.field("name", "There is a role with this name already.")
    count = select(func.count()).select_from(OwnRole).where(OwnRole.company_id == by.company_id)
    if (db.session.scalar(count) or 0) > MOST_ROLES:
        raise Invalid.field("name", f"A company has at most {MOST_ROLES} roles of its own.")
    _refuse_more(by, grants)
    role.name, role.grants = str(name), _without_lesser(grants)


_BUILT_IN_NAMES = {role.replace("_", " ") for role in Role}


def _without_lesser(grants: Sequence[str]) -> list[str]:
    """Whoever may do a thing in the whole company may do it in their team."""
    lesser = {f"{right}{TEAM_SUFFIX}" for right in SCOPED if right in grants}
    return [grant for grant in grants if grant not in lesser]


def _refuse_more(by: User, grants: Iterable[str]) -> None:
    if not powers(by).covers(powers_of((), grants)):
        raise Forbidden("This role holds a right you do not have yourself. Ask somebody who has it.")


def _locked(role_id: UUID, by: User) -> OwnRole:
    role = db.session.scalars(
        select(OwnRole)
        .where(OwnRole.company_id == by.company_id, OwnRole.id == role_id)
        .with_for_update()
        .execution_options(populate_existing=True)
    ).one_or_none()
    if role is None:
        raise NotFound("There is no such role.")
    return role
