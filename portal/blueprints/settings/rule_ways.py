"""Where a rule sends leads, as one menu: to a pool, to a team, or nowhere."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from uuid import UUID

from wtforms import SelectField

from portal.blueprints.forms import menu
from portal.models import Rule, Team, User
from portal.operations.rules import RuleChanges
from portal.permissions import Right
from portal.queries.choices import pools_for_new_leads
from portal.queries.people import teams, teams_reached

NOWHERE = ("", "Nobody: leads wait for a person")

_TEAM = "team:"


@dataclass(frozen=True, slots=True)
class Ways:
    """Where rules of one list may send leads.

    Args:
        pools, teams: to be chosen, by name.
        names: of every team, to say where rules lead already.
    """

    pools: list[tuple[UUID, str]]
    teams: list[tuple[UUID, str]]
    names: dict[UUID, str] = field(default_factory=dict)

    @classmethod
    def open_to(cls, user: User, *, team: Team | None = None) -> Ways:
        """Those within this user's reach.

        Args:
            team: whose list it is; it does not send leads to itself.
        """
        reached = [each for each in teams_reached(user, Right.DISTRIBUTION) if team is None or each.id != team.id]
        return cls(
            pools_for_new_leads(user.company_id, reached_by=user),
            [(each.id, each.name) for each in reached],
            {each.id: each.name for each in teams()},
        )

    def choices(self, rule: Rule | None = None) -> list[tuple[str, str]]:
        """The lines of the menu.

        Args:
            rule: the one that is changed: where it leads already can stay, out of reach or not.
        """
        pools = [(str(pool_id), name) for pool_id, name in self.pools]
        found = [NOWHERE, *pools, *((f"{_TEAM}{team_id}", team_line(name)) for team_id, name in self.teams)]
        return with_way_now(found, way_of(rule) if rule else "")


def team_line(name: str) -> str:
    """A team in the menu."""
    return f"Team {name}, by its own rules"


def with_way_now(found: list[tuple[str, str]], now: str) -> list[tuple[str, str]]:
    """The lines of a menu, with where a rule leads now among them."""
    return found if not now or now in dict(found) else [found[0], (now, "Where they go now"), *found[1:]]


class WayField(SelectField):  # type: ignore[misc]
    """The menu. Whatever operations say of pool or team stands beside it."""

    def offer(self, choices: Iterable[tuple[str, str]]) -> None:
        """Fill it."""
        self.choices = menu(choices)

    def wanted(self) -> RuleChanges:
        """What was chosen, as the operations take it."""
        chosen = self.data or ""
        if chosen.startswith(_TEAM):
            return RuleChanges(pool_id=None, to_team_id=UUID(chosen.removeprefix(_TEAM)))
        return RuleChanges(pool_id=UUID(chosen) if chosen else None, to_team_id=None)


def way_of(rule: Rule) -> str:
    """Where a rule leads, as the menu has it."""
    if rule.to_team_id is not None:
        return f"{_TEAM}{rule.to_team_id}"
    return str(rule.pool_id) if rule.pool_id else ""
