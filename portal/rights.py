"""The rights there are, how far each reaches, and the roles that are sets of them. Facts only: no database, no user."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache
from uuid import UUID


class Right(StrEnum):
    """One thing a user may do. Roles are sets of these."""

    OWNERSHIP = "ownership"
    COMPANY = "company"
    PEOPLE = "people"
    DISTRIBUTION = "distribution"
    SOURCES = "sources"
    ASSIGN = "assign"
    SEE_ALL = "see_all"
    REPORTS = "reports"
    EXPORT = "export"
    INSIGHTS = "insights"
    AUDIT = "audit"
    RECEIVE = "receive"


class Role(StrEnum):
    """The built-in roles. A user may hold several, and own roles beside them; their rights add up."""

    OWNER = "owner"
    ADMIN = "admin"
    EDITOR = "editor"
    MANAGER = "manager"
    TRUSTED_EMPLOYEE = "trusted_employee"
    AGENT = "agent"


TEAM_SUFFIX = ":team"
"""What follows a right in an own role that reaches the holder's own team and those below it, and no further."""

SCOPED = frozenset({Right.PEOPLE, Right.DISTRIBUTION})
"""The rights an own role may hold for the holder's own team only."""

GRANTS = tuple(
    grant
    for right in Right
    # Ownership is handed over, never given as one right among others.
    if right is not Right.OWNERSHIP
    for grant in ((str(right), f"{right}{TEAM_SUFFIX}") if right in SCOPED else (str(right),))
)
"""All that an own role may be made of, as it is written: `people` for the whole company, `people:team`."""


@dataclass(frozen=True, slots=True)
class Powers:
    """What somebody may do.

    Args:
        held: every right, however far it reaches.
        whole: those of them that reach the whole company. The others reach the holder's own team and those below.
    """

    held: frozenset[Right]
    whole: frozenset[Right]

    def __or__(self, other: Powers) -> Powers:
        return Powers(self.held | other.held, self.whole | other.whole)

    def covers(self, other: Powers) -> bool:
        """Whether somebody with these may give the other ones, and change whoever holds them.

        `receive` apart: whoever looks after people need not be in line for leads.
        """
        return other.held - {Right.RECEIVE} <= self.held and other.whole - {Right.RECEIVE} <= self.whole


NOTHING = Powers(frozenset(), frozenset())

_ALL = frozenset(Right)


def _whole(*rights: Right) -> Powers:
    return Powers(frozenset(rights), frozenset(rights))


POWERS_OF_ROLE: dict[Role, Powers] = {
    Role.OWNER: _whole(*_ALL),
    Role.ADMIN: _whole(*_ALL - {Right.OWNERSHIP}),
    Role.EDITOR: _whole(Right.DISTRIBUTION, Right.SOURCES, Right.PEOPLE),
    Role.MANAGER: Powers(
        frozenset({Right.SEE_ALL, Right.ASSIGN, Right.REPORTS}), frozenset({Right.ASSIGN, Right.REPORTS})
    ),
    Role.TRUSTED_EMPLOYEE: _whole(Right.RECEIVE),
    Role.AGENT: _whole(Right.RECEIVE),
}


def power_of(grant: str) -> Powers:
    """What one right of an own role is worth. Raises ValueError for one that does not exist: a typo is not a no."""
    right = Right(grant.removesuffix(TEAM_SUFFIX))
    if grant not in GRANTS:
        raise ValueError(grant)
    # The team scope of seeing all is not chosen: who is in a team sees that team's leads.
    is_whole = not grant.endswith(TEAM_SUFFIX) and right is not Right.SEE_ALL
    return Powers(frozenset({right}), frozenset({right} if is_whole else ()))


def is_own(role: str) -> bool:
    """Whether a role somebody holds is one of the company's own, named by its id."""
    try:
        UUID(role)
    except ValueError:
        return False
    return True


def powers_of(roles: Iterable[str], grants: Iterable[str] = (), *, in_team: bool = True) -> Powers:
    """What somebody's roles are worth together.

    Args:
        roles: as a user holds them.
        grants: what those of the company's own are made of.
        in_team: whether the holder is in a team. `see_all` of somebody who is in none reaches the whole company, as
            the specification has it; any other right that is limited to a team reaches nobody then.

    Raises:
        ValueError: a role or right does not exist.
    """
    return _together(tuple(roles), tuple(grants), in_team)


# Asked a dozen times for every page.
@lru_cache(maxsize=1024)
def _together(roles: tuple[str, ...], grants: tuple[str, ...], in_team: bool) -> Powers:
    powers = NOTHING
    for role in roles:
        if not is_own(role):
            powers |= POWERS_OF_ROLE[Role(role)]
    for grant in grants:
        powers |= power_of(grant)
    if not in_team and Right.SEE_ALL in powers.held:
        powers |= _whole(Right.SEE_ALL)
    return powers


NEEDS_LEADS = (Right.INSIGHTS, Right.EXPORT, Right.ASSIGN)
"""Rights about leads, which are worth nothing to somebody who sees none."""


def nonsense(powers: Powers, lead_access: Collection[str]) -> str | None:
    """Why these rights and boxes make no sense together; None when they do.

    Args:
        powers: of all roles together.
        lead_access: the boxes that are ticked.
    """
    sees_some = lead_access or powers.held & {Right.SEE_ALL, Right.RECEIVE}
    needing = [right for right in NEEDS_LEADS if right in powers.held]
    if needing and not sees_some:
        return f"The right “{needing[0]}” is about leads, and without any box ticked there are none to see. Tick one."
    return None


def roles_with(*rights: Right) -> tuple[Role, ...]:
    """The built-in roles that hold one of these rights."""
    return tuple(role for role, powers in POWERS_OF_ROLE.items() if powers.held & set(rights))
