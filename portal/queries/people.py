"""Who works in the company, and who of them may be named."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from uuid import UUID

from sqlalchemy import Select, any_, func, or_, select

from portal.errors import NotFound
from portal.extensions import db
from portal.models import Role, Team, User
from portal.models.tenancy import working_company
from portal.permissions import Right, manages, reach_of, reaches_company, rights_of, teams_below
from portal.queries.paging import Page, older_than, page_of

# Work that is about other people; without any of it one sees oneself.
_SEES_COLLEAGUES = frozenset(Right) - {Right.RECEIVE, Right.INSIGHTS, Right.EXPORT}


def sees_colleagues(viewer: User) -> bool:
    """Whether the viewer's work needs everybody's row, and not only their own."""
    return bool(rights_of(viewer) & _SEES_COLLEAGUES)


def user_for(viewer: User, user_id: UUID) -> User:
    """One user the viewer may see. Raises NotFound."""
    user = db.session.scalars(seen_by(viewer).where(User.id == user_id)).one_or_none()
    if user is None:
        raise NotFound("There is no such user.")
    return user


def seen_by(viewer: User) -> Select[User]:
    """Everybody, for whose work it takes; those of one's team and below, where all such work ends there."""
    statement = select(User).where(User.company_id == viewer.company_id)
    if not sees_colleagues(viewer):
        return statement.where(User.id == viewer.id)
    if any(reaches_company(viewer, right) for right in _SEES_COLLEAGUES):
        return statement
    return statement.where(or_(User.id == viewer.id, User.team_id.in_(teams_below(viewer))))


def user_with_email(email: str) -> User | None:
    """The user of the company entered who is written to at this address, in any spelling of case."""
    return db.session.scalar(
        select(User).where(User.company_id == working_company(), User.email == email.strip().lower())
    )


def users_by_id(user_ids: Iterable[UUID]) -> dict[UUID, User]:
    """Those of these users who exist in the company entered."""
    found = db.session.scalars(select(User).where(User.company_id == working_company(), User.id.in_(list(user_ids))))
    return {user.id: user for user in found}


def active_owner_ids(*, locked: bool = False) -> set[UUID]:
    """The active owners of the company.

    Args:
        locked: hold their rows until the transaction ends, so that no two owners step down at once.
    """
    statement = (
        select(User.id)
        .where(User.company_id == working_company(), User.active, any_(User.roles) == Role.OWNER.value)
        .order_by(User.id)
    )
    if locked:
        statement = statement.with_for_update(key_share=True)
    return set(db.session.scalars(statement))


def admin_contact_ids(company_id: UUID) -> list[UUID]:
    """Who is on the list “admin contacts” and still manages; empty = everybody who manages is told."""
    listed = db.session.scalars(select(User).where(User.company_id == company_id, User.active, User.admin_contact))
    return sorted(user.id for user in listed if manages(user))


def people_who_manage(company_id: UUID) -> list[User]:
    """Active users who see all leads or hand them out, by name."""
    active = select(User).where(User.company_id == company_id, User.active).order_by(func.lower(User.name), User.id)
    return [user for user in db.session.scalars(active) if manages(user)]


def teams() -> Sequence[Team]:
    """All teams of the company, by name."""
    return db.session.scalars(
        select(Team).where(Team.company_id == working_company()).order_by(func.lower(Team.name), Team.id)
    ).all()


def teams_reached(user: User, right: Right) -> Sequence[Team]:
    """The teams a right of this user reaches, by name."""
    reach = reach_of(user, right)
    return [team for team in teams() if reach is None or team.id in reach]


def with_those_below(team_id: UUID, teams: Sequence[Team]) -> set[UUID]:
    """A team and every team below it, among all `teams` of the company. Raises NotFound."""
    if all(team.id != team_id for team in teams):
        raise NotFound("There is no such team.")
    found = {team_id}
    while more := {team.id for team in teams if team.parent_id in found} - found:
        found |= more
    return found


def users_page(viewer: User, cursor: str | None, limit: int) -> Page[User]:
    """The users the viewer may see, the newest first; errors as in `older_than`."""
    rows = db.session.scalars(older_than(seen_by(viewer), User.id, cursor, limit)).all()
    return page_of(rows, limit, lambda user: user.id, lambda user: user)


def team_named(team_id: UUID) -> Team:
    """One team of the company entered. Raises NotFound."""
    team = db.session.get(Team, (working_company(), team_id))
    if team is None:
        raise NotFound("There is no such team.")
    return team
