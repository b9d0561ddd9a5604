"""The forms of the rules of the draft: those of rules that count, with pools, teams and people by name."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Any

from portal.blueprints.settings.draft_seen import SeenForm
from portal.blueprints.settings.forms import DefaultRuleForm, RestForm
from portal.blueprints.settings.rule_forms import NewRuleForm, RuleForm
from portal.blueprints.settings.rule_ways import NOWHERE, team_line, with_way_now
from portal.operations.draft_changes import TeamNamed
from portal.operations.drafted import Drafted, DraftedRule
from portal.queries.choices import Assignee

_POOL, _TEAM = "pool:", "team:"


def ways_in(drafted: Drafted, team: TeamNamed | None = None, rule: DraftedRule | None = None) -> list[tuple[str, str]]:
    """Where the rules of a list of the draft may send leads, as a menu.

    Args:
        team: whose list it is; it does not send leads to itself. None = the company's.
        rule: the one that is changed: where it leads already can stay.
    """
    pools = [(_POOL + name, name) for name in drafted.pools_for_new_leads()]
    teams = [(_TEAM + each.name, team_line(each.name)) for each in drafted.teams if each != team]
    return with_way_now([NOWHERE, *pools, *teams], drafted_way_of(rule) if rule else "")


def drafted_way_of(rule: DraftedRule) -> str:
    """Where a rule of the draft leads, as the menu has it."""
    if rule.to_team:
        return _TEAM + rule.to_team
    return _POOL + rule.pool if rule.pool else ""


def way_chosen(form: DraftRuleForm | DraftWayForm) -> dict[str, str | None]:
    """What was chosen in the menu, as a draft has it."""
    chosen = form.goes_to.data or ""
    return {
        "pool": chosen.removeprefix(_POOL) if chosen.startswith(_POOL) else None,
        "to_team": chosen.removeprefix(_TEAM) if chosen.startswith(_TEAM) else None,
    }


_NAMED_WAYS = MappingProxyType({"pool": "goes_to", "to_team": "goes_to"})


class DraftRuleForm(RuleForm):
    """All fields of a rule of the draft."""

    def way(self) -> Mapping[str, Any]:
        """Where leads shall go, as a draft has it."""
        return way_chosen(self)

    def wanted(self) -> dict[str, Any]:
        """What was typed, as a draft has it."""
        fields = super().wanted()
        self.aliases = {**self.aliases, **_NAMED_WAYS}
        return fields


class NewDraftRuleForm(DraftRuleForm, NewRuleForm):
    """The form of a new rule of the draft."""


class DraftWayForm(DefaultRuleForm, SeenForm):
    """Where the default rule of the draft sends leads."""

    aliases = MappingProxyType({**DefaultRuleForm.aliases, **_NAMED_WAYS})


class DraftRestForm(RestForm, SeenForm):
    """Who gets what is sent to a team in the draft and none of its own rules takes."""

    aliases = MappingProxyType({"default_pool": "default_pool_id", "default_user": "default_user_id"})

    def offer(self, drafted: Drafted, people: Sequence[Assignee], team: TeamNamed) -> DraftRestForm:
        """Fill the menus."""
        rest, emails = drafted.rest_of(team), drafted.names.people
        return self.fill(
            [(name, name) for name in drafted.pools_for_new_leads()],
            [(emails[one.id], one.name) for one in people],
            rest.get("default_pool") or "",
            rest.get("default_user") or "",
        )

    def wanted(self) -> dict[str, str | None]:
        """What was chosen, as a draft has it."""
        return {
            "default_pool": self.default_pool_id.data or None,
            "default_user": self.default_user_id.data or None,
        }
