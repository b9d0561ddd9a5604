"""Which rights somebody holds, and how far these reach: the whole company, or a team and those below it."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, TypeAlias
from uuid import UUID

from sqlalchemy import ARRAY, ColumnElement, Select, Text, cast, false, or_, select, true

from portal.errors import Forbidden, Invalid, NotFound
from portal.extensions import db
from portal.models import Company, Team, User
from portal.rights import NOTHING, Powers, Right, powers_of, roles_with

# One of these opens the dashboard.
DASHBOARD = frozenset({Right.SEE_ALL, Right.REPORTS})


# Whose work is about how leads are handed out, or who looks after those who do.
INSIGHT = frozenset({Right.DISTRIBUTION, Right.ASSIGN, Right.SEE_ALL, Right.REPORTS})


MANAGING = (Right.SEE_ALL, Right.ASSIGN)


Filter: TypeAlias = ColumnElement[bool]


def powers(user: User) -> Powers:
    """What an active user may do, and how far; nothing once deactivated."""
    return _powers_in(user.roles, user.own_grants, user.team_id) if user.active else NOTHING


def _powers_in(roles: Iterable[str], grants: Iterable[str], team_id: UUID | None) -> Powers:
    return powers_of(roles, grants, in_team=team_id is not None)


def rights_of(user: User) -> frozenset[Right]:
    """What an active user may do, however far it reaches; nothing once deactivated."""
    return powers(user).held


def may(user: User, right: Right) -> bool:
    """Whether the user holds the right, for the whole company or for their team."""
    return right in rights_of(user)


def reaches_company(user: User, right: Right) -> bool:
    """Whether the user holds the right for the whole company."""
    return right in powers(user).whole


def require(user: User, right: Right) -> None:
    """Raise Forbidden unless the user holds the right."""
    if not may(user, right):
        raise Forbidden(f"This needs the right “{right}”. Ask an admin of your company for it.")


def require_any(user: User, rights: frozenset[Right]) -> None:
    """Raise Forbidden unless the user holds one of the rights."""
    if rights_of(user).isdisjoint(rights):
        named = " or ".join(f"“{right}”" for right in sorted(rights))
        raise Forbidden(f"This needs one of the rights {named}. Ask an admin of your company for it.")


def require_company_wide(user: User, right: Right) -> None:
    """Raise Forbidden unless the user holds the right for the whole company."""
    require(user, right)
    if not reaches_company(user, right):
        raise Forbidden(f"Your right “{right}” reaches your own team and those below it. Ask an admin for this.")


def manages(user: User) -> bool:
    """Whether the user looks after others' leads: sees all of them, or hands them out."""
    return not rights_of(user).isdisjoint(MANAGING)


def has_dashboard(user: User) -> bool:
    """Who lands on the dashboard: those who look after the leads of others."""
    return bool(rights_of(user) & DASHBOARD)


def sees_pools_of_all(user: User) -> bool:
    """Whether the user is shown every pool: their work is about leads, wherever those are handed out. Whoever only sets
    up pools is shown those they set up."""
    return not rights_of(user).isdisjoint(INSIGHT - {Right.DISTRIBUTION})


def sees_names_in_why(user: User, company: Company) -> bool:
    """Whether reasons name other people to this user: always to those whose work is about leads or people."""
    return not company.mask_names_in_why or not rights_of(user).isdisjoint(INSIGHT | {Right.PEOPLE})


def teams_below(user: Any) -> Select[Any]:
    """The ids of the user's own team and all below it, as a statement."""
    found = select(Team.id).where(Team.company_id == user.company_id, Team.id == user.team_id).cte(recursive=True)
    under = select(Team.id).join(found, Team.parent_id == found.c.id).where(Team.company_id == user.company_id)
    below = found.union_all(under)
    return select(below.c.id)


def reach_of(user: User, right: Right) -> frozenset[UUID] | None:
    """The teams a right of this user reaches; None = the whole company, and with it all that has no team."""
    if reaches_company(user, right):
        return None
    return own_teams(user) if may(user, right) else frozenset()


def own_teams(user: User) -> frozenset[UUID]:
    return frozenset() if user.team_id is None else frozenset(db.session.scalars(teams_below(user)))


def within(column: Any, user: User, right: Right) -> Filter:
    """The rows whose team this right of the user reaches.

    Args:
        column: holds the team of a row.
    """
    if reaches_company(user, right):
        return true()
    if not may(user, right) or user.team_id is None:
        return false()
    found: Filter = column.in_(teams_below(user))
    return found


def is_reached(user: User, right: Right, team_id: UUID | None) -> bool:
    """Whether a right of this user reaches what is of this team; None = the company's."""
    reach = reach_of(user, right)
    return reach is None or team_id in reach


def refuse_out_of_reach(user: User, right: Right, team_id: UUID | None, *, field: str = "team_id") -> None:
    """Raise Invalid unless a right of the user reaches the team they chose; None = the company itself.

    Args:
        field: where they chose it.
    """
    if not is_reached(user, right, team_id):
        raise Invalid.field(field, f"Choose your own team or one below it; your right “{right}” ends there.")


def require_over(user: User, right: Right, team_id: UUID | None, *, what: str) -> None:
    """Raise unless the right of the user reaches something of this team.

    Args:
        team_id: whose it is; None = the company's.
        what: what it is called, for the answer.

    Raises:
        Forbidden: without the right.
        NotFound: it reaches other teams only; the answer is the same as for something that does not exist.
    """
    require(user, right)
    if not is_reached(user, right, team_id):
        raise NotFound(f"There is no such {what}, or it is not of your team.")


def exceeds(user: User, roles: Iterable[str], grants: Iterable[str], team_id: UUID | None) -> bool:
    """Whether somebody with these roles would hold a right the user lacks, or one that reaches further.

    A right limited to a team reaches further where that is not a team the user's own right reaches.

    Args:
        grants: what those of the roles that are the company's own are made of.
        team_id: the team they would be in.
    """
    mine, theirs = powers(user), _powers_in(roles, grants, team_id)
    if not mine.covers(theirs):
        return True
    limited = theirs.held - theirs.whole - mine.whole - {Right.RECEIVE}
    return team_id is not None and bool(limited) and team_id not in own_teams(user)


def outranks(user: User, other: User) -> bool:
    """Whether `other` stands above the user: would, once active, hold a right the user lacks, `receive` apart."""
    return exceeds(user, other.roles, other.own_grants, other.team_id)


def holds_sql(*rights: Right, alias: str = "") -> str:
    """The condition that a row of `users` holds one of these rights, as text for statements written by hand.

    Args:
        alias: of the table in the statement.
    """
    dot = f"{alias}." if alias else ""
    roles, grants = roles_with(*rights), ",".join(rights)
    return f"({dot}roles && '{{{','.join(roles)}}}'::text[] OR {dot}own_grants && '{{{grants}}}'::text[])"


def holds(*rights: Right) -> Filter:
    """The same for `User`."""
    return or_(
        User.roles.op("&&")(cast(list(roles_with(*rights)), ARRAY(Text))),
        User.own_grants.op("&&")(cast([str(right) for right in rights], ARRAY(Text))),
    )
