"""The draft as pages show it: in today's names of teams, its rules told in full, beside the set-up it differs from."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Self
from uuid import UUID

from portal.errors import NotFound
from portal.models import Draft
from portal.models.tenancy import working_company
from portal.operations.draft_changes import Data, TeamNamed, rules_of, team_entry
from portal.operations.drafts import mark_of
from portal.operations.seen import digest
from portal.operations.setup_apply import told_in_full
from portal.operations.setup_names import Names
from portal.operations.setup_told import in_names_of_now, setup_now
from portal.queries.replays import draft_now


@dataclass(frozen=True, slots=True)
class DraftedRule:
    """A rule of the draft. Its fields are called as those of a rule there is; pool and team stand by name.

    Args:
        place: in its list, from 0.
        as_told: every field as the file has it.
    """

    place: int
    as_told: Data

    @property
    def name(self) -> str:
        return str(self.as_told["name"])

    @property
    def paused(self) -> bool:
        return bool(self.as_told.get("paused"))

    @property
    def is_default(self) -> bool:
        return bool(self.as_told.get("default"))

    @property
    def conditions(self) -> Mapping[str, Any]:
        return self.as_told.get("conditions") or {}

    @property
    def strictness(self) -> Mapping[str, str]:
        return self.as_told.get("strictness") or {}

    @property
    def hours(self) -> Mapping[str, Any] | None:
        return self.as_told.get("hours")

    @property
    def pool(self) -> str | None:
        return self.as_told.get("pool")

    @property
    def to_team(self) -> str | None:
        return self.as_told.get("to_team")

    @property
    def seen(self) -> str:
        """Another one for every other rule, and for this one after a change."""
        return digest(self.as_told)


@dataclass(frozen=True)
class Drafted:
    """The draft there is.

    Args:
        draft: None where it was ended while somebody was at a form of it; then `data` is the set-up there is.
        data: the draft, with teams called as they are now.
        present: the set-up there is, with ids.
    """

    draft: Draft | None
    data: Data
    present: Data
    names: Names

    @classmethod
    def now(cls) -> Self | None:
        """The draft there is, if there is one."""
        there = draft_now()
        if there is None:
            return None
        company_id, names = working_company(), Names.now(working_company())
        return cls(there, in_names_of_now(there.data, names), setup_now(company_id, with_ids=True), names)

    @classmethod
    def just_ended(cls) -> Self:
        """What a form is shown with whose draft is gone."""
        present = setup_now(working_company(), with_ids=True)
        return cls(None, present, present, Names.now(working_company()))

    @property
    def mark(self) -> str:
        """Another one after every change of the draft."""
        return mark_of(self.draft) if self.draft else ""

    @cached_property
    def teams(self) -> list[TeamNamed]:
        """All teams a draft can tell of, by name: those whose name from the top is theirs alone."""
        named = [TeamNamed(each, name) for each, name in self.names.teams.items() if name not in self.names.doubtful]
        return sorted(named, key=lambda team: team.name.casefold())

    def team(self, team_id: UUID | None) -> TeamNamed | None:
        """A team of the company; None for the company itself. Raises NotFound."""
        found = next((team for team in self.teams if team.id == team_id), None)
        if team_id is not None and found is None:
            raise NotFound("There is no such team.")
        return found

    def rules(self, team: TeamNamed | None = None) -> list[DraftedRule] | None:
        """The rules of one list, told in full; None where the draft leaves them out, so that they stay as they are."""
        told = rules_of(self.data, team)
        if told is None:
            return None
        full = told_in_full(told, rules_of(self.present, team) or [])
        return [DraftedRule(place, rule) for place, rule in enumerate(full)]

    def rule(self, place: int, team: TeamNamed | None = None) -> DraftedRule | None:
        """The rule at `place` of a list, from 0; None when none is there."""
        rules = self.rules(team) or []
        return rules[place] if 0 <= place < len(rules) else None

    def rest_of(self, team: TeamNamed) -> Data:
        """Who gets what none of the team's rules takes: `default_pool` by name, `default_user` by e-mail."""
        if "teams" not in self.data:
            return team_entry(self.present, team) or {}
        told = team_entry(self.data, team)
        return {} if told is None else (team_entry(self.present, team) or {}) | told

    def sending_to(self, team: TeamNamed) -> list[str]:
        """The names of the rules that would send leads to a team."""
        lists = [self.rules(each) or [] for each in (None, *self.teams)]
        return [rule.name for rules in lists for rule in rules if rule.to_team == team.name and not rule.paused]

    def pools_for_new_leads(self) -> Iterator[str]:
        """Pools a rule of the draft may name; those it leaves out stay as they are."""
        present = {pool["name"]: pool for pool in self.present["pools"]}
        told = self.data["pools"] if "pools" in self.data else self.present["pools"]
        for pool in told:
            if not (present.get(pool["name"], {}) | pool).get("for_reassignment"):
                yield pool["name"]

    def place_of_pool(self, name: str | None) -> int | None:
        """Where a pool stands in the draft, from 1; None where it leaves the pools out."""
        pools = self.data.get("pools", ())
        return next((place for place, pool in enumerate(pools, start=1) if pool["name"] == name), None)
