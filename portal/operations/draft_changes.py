"""Small changes of a drafted set-up, each as a new one: what forms do to a draft without anybody writing JSON.

A rule or pool is named by its place in the file, a rule of a team by its place in that team's list. A place is only as
good as the draft it was seen in: whoever saves the result makes sure of that (`drafts.change_draft`).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from copy import deepcopy
from typing import Any, NamedTuple
from uuid import UUID

from portal.errors import Conflict, NotFound

Data = dict[str, Any]

POOL_KEYS = ("picker", "delivery", "window_seconds", "max_offers")
"""What of a pool a form can change, beside the weights of its members."""


class TeamNamed(NamedTuple):
    """A team, and what a set-up calls it: its names from the top."""

    id: UUID
    name: str


def team_entry(data: Data, team: TeamNamed) -> Data | None:
    """What the draft says of a team; None where it says nothing, so that the team has no rules and defaults."""
    teams: Sequence[Data] = data.get("teams", ())
    by_id = next((entry for entry in teams if entry.get("id") == str(team.id)), None)
    return by_id or next((entry for entry in teams if entry.get("id") is None and entry["name"] == team.name), None)


def rules_of(data: Data, team: TeamNamed | None = None) -> list[Data] | None:
    """The rules of one list in their order; None where the draft leaves them out, so that they stay as they are.

    Args:
        team: whose list it is; None = the company's, of which the default rule is the last.
    """
    if team is None:
        return data.get("rules")
    if "teams" not in data:
        return None
    entry = team_entry(data, team)
    return [] if entry is None else entry.get("rules")


def with_rule_added(
    data: Data, rule: Data, team: TeamNamed | None = None, *, place: int | None = None
) -> tuple[Data, int]:
    """A rule more, and its place.

    Args:
        place: where in the list; None = behind all others but the default rule.

    Raises Conflict where the draft leaves the list out.
    """
    changed = deepcopy(data)
    rules = _list_in(changed, team)
    behind = len(rules) - 1 if rules and rules[-1].get("default") else len(rules)
    put = behind if place is None else place
    rules.insert(put, rule)
    return changed, put


def with_rule_removed(data: Data, place: int, team: TeamNamed | None = None) -> Data:
    """The list without the rule at `place`. Raises NotFound, and Conflict for the default rule."""
    changed = deepcopy(data)
    rules = _list_in(changed, team)
    if _at(rules, place).get("default"):
        name = rules[place]["name"]
        raise Conflict(f"“{name}” is the default rule; it cannot be removed. Point it at no pool instead.")
    del rules[place]
    return changed


def with_rule_moved(data: Data, place: int, by: int, team: TeamNamed | None = None) -> Data:
    """The rule at `place` changes places with the one `by` further down (below zero: up).

    Stays where it is at either end: the default rule is the last, and no rule passes it. Raises NotFound.
    """
    changed = deepcopy(data)
    rules, target = _list_in(changed, team), place + by
    rule = _at(rules, place)
    if 0 <= target < len(rules) and not rule.get("default") and not rules[target].get("default"):
        rules[place], rules[target] = rules[target], rule
    return changed


def with_rule(data: Data, place: int, fields: Mapping[str, Any], team: TeamNamed | None = None) -> Data:
    """The rule at `place` with other fields, such as `paused` or `pool`. Raises NotFound."""
    changed = deepcopy(data)
    _at(_list_in(changed, team), place).update(fields)
    return changed


def with_team(data: Data, team: TeamNamed, fields: Mapping[str, Any]) -> Data:
    """What the draft says of a team with other fields, such as `default_pool`. Raises Conflict where it leaves teams
    out."""
    changed = deepcopy(data)
    _team_in(changed, team).update(fields)
    return changed


def with_pool(data: Data, place: int, fields: Mapping[str, Any], weights: Sequence[int]) -> Data:
    """The pool at `place` with other fields, and its members with other weights.

    Args:
        weights: of the members the draft names, in its order.

    Raises NotFound.
    """
    changed = deepcopy(data)
    pool = _at(changed.get("pools", []), place)
    pool.update(fields)
    for member, weight in zip(pool.get("members", []), weights, strict=True):
        member["weight"] = weight
    return changed


def pool_at(data: Data, place: int) -> Data:
    """The pool at `place`. Raises NotFound."""
    return _at(data.get("pools", []), place)


def path_of(data: Data, team: TeamNamed | None = None, place: int | None = None) -> str:
    """Where a rule stands in the file, or without a place its team, as complaints name it."""
    rule = [] if place is None else ["rules", str(place)]
    if team is None:
        return ".".join(rule)
    entry = team_entry(data, team)
    at = next((at for at, each in enumerate(data.get("teams", ())) if each is entry), 0)
    return ".".join(["teams", str(at), *rule])


def _list_in(changed: Data, team: TeamNamed | None) -> list[Data]:
    """One list of a draft that is ours to change. Raises Conflict where the draft leaves it out."""
    rules: list[Data] | None = (changed if team is None else _team_in(changed, team)).get("rules")
    if rules is None:
        raise Conflict("The draft leaves these rules out, so they stay as they are. Put them into its file first.")
    return rules


def _team_in(changed: Data, team: TeamNamed) -> Data:
    """What a draft that is ours to change says of a team; a place for it where it said nothing."""
    if "teams" not in changed:
        raise Conflict("The draft leaves the teams out, so they stay as they are. Put them into its file first.")
    entry = team_entry(changed, team)
    if entry is None:
        # One that is missing has no rules and no defaults of its own, and so it stays.
        entry = {"id": str(team.id), "name": team.name, "rules": [], "default_pool": None, "default_user": None}
        changed["teams"].append(entry)
    return entry


def _at(entries: Sequence[Data], place: int) -> Data:
    if not 0 <= place < len(entries):
        raise NotFound("The draft has no such rule or pool. Open the draft again.")
    return entries[place]
