"""A company's set-up as it stands, told in the form of `setup_file`; and older tellings in the names of today."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from copy import deepcopy
from typing import Any
from uuid import UUID

from sqlalchemy import select

from portal.extensions import db
from portal.models import Company, Rule, TagMember, Team
from portal.operations.setup_file import (
    COMPANY,
    DEFAULT_RULE_KEYS,
    FORMAT,
    POOL,
    RULE,
    TAG,
    TEAM,
    TEAM_IDS,
    Data,
    Field,
    Kind,
    in_use,
)
from portal.operations.setup_names import Names
from portal.queries.pools import PoolView, pool_views
from portal.queries.rules import rules_of_all
from portal.queries.tags import tags_by_text

MOST_TAGS = 20_000


def setup_now(company_id: UUID, *, with_ids: bool = False) -> Data:
    """How the company entered is set up now.

    Args:
        with_ids: name pools, rules and teams by their ids too, so that a version finds them again under another name.
    """
    names = Names.now(company_id)
    lists = defaultdict[UUID | None, list[Data]](list)
    for rule in rules_of_all():
        lists[rule.team_id].append(_rule(rule, names, with_ids))
    data = {
        "format": FORMAT,
        "company": _told(db.session.get_one(Company, company_id, populate_existing=True), COMPANY, names),
        "tags": [_told(tag, TAG, names) for tag in tags_by_text(MOST_TAGS)],
        "pools": [_pool(view, names, with_ids) for view in pool_views()],
        "rules": lists[None],
        "teams": [*_teams(company_id, lists, names, with_ids)],
    }
    return data | {TEAM_IDS: _ids_of_teams_in(data, names)} if with_ids else data


def _ids_of_teams_in(data: Data, names: Names) -> dict[str, str]:
    """Which teams the names in `data` mean, for the day when they are called something else."""
    named = {entry.get(key) for entry, key in _namings_of_teams(data)}
    return {path: str(team_id) for path, team_id in names.ids(Kind.TEAM).items() if path in named}


def in_names_of_now(data: Data, names: Names) -> Data:
    """A draft or version that was in order when it was kept, with the teams it knows by id called as they are now."""
    ids = {str(team_id): path for team_id, path in names.teams.items()}
    called = {path: ids[team_id] for path, team_id in data.get(TEAM_IDS, {}).items() if team_id in ids}
    renamed = with_teams_called(called, data)
    return renamed | {TEAM_IDS: _ids_of_teams_in(renamed, names)} if TEAM_IDS in data else renamed


def with_teams_called(called: Mapping[str, str], data: Data) -> Data:
    """A copy of `data`.

    Args:
        called: what teams are called in it, and what they shall be called.
    """
    renamed = deepcopy(data)
    for entry, key in _namings_of_teams(renamed):
        if entry.get(key) in called:
            entry[key] = called[entry[key]]
    return renamed


def _namings_of_teams(data: Data) -> Iterator[tuple[Data, str]]:
    """Every entry that may name a team, and the key it does so by."""
    teams = data.get("teams", [])
    yield from ((pool, "team") for pool in data.get("pools", []))
    for rules in (data.get("rules", []), *(team.get("rules", []) for team in teams)):
        yield from ((rule, "to_team") for rule in rules)
    yield from ((team, "name") for team in teams)


def _teams(company_id: UUID, lists: Mapping[UUID | None, list[Data]], names: Names, with_ids: bool) -> Iterator[Data]:
    """Teams with rules or defaults of their own, by name; but for those a name does not tell apart from another."""
    teams = db.session.scalars(select(Team).where(Team.company_id == company_id))
    for team in sorted(teams, key=lambda team: names.teams[team.id]):
        defaults, rules = _told(team, TEAM, names), lists.get(team.id, [])
        name = names.teams[team.id]
        if (rules or any(defaults.values())) and name not in names.doubtful:
            yield _identity(team, with_ids) | {"name": name} | defaults | {"rules": rules}


def _told(row: Any, fields: tuple[Field, ...], names: Names) -> Data:
    return {
        each.key: names.written(each.kind, getattr(row, each.goes_to))
        for each in in_use(fields)
        if hasattr(type(row), each.goes_to)
    }


def _pool(view: PoolView, names: Names, with_ids: bool) -> Data:
    people = [
        {"user": names.people[user_id]} | _part(TagMember(weight, view.priorities[user_id], view.caps[user_id]))
        for user_id, weight in view.own
    ]
    tagged = [{"agent_tag": text} | _part(part) for text, part in view.tags.items()]
    return _identity(view.pool, with_ids) | _told(view.pool, POOL, names) | {
        "default_assignees": names.written(Kind.PEOPLE, view.default_assignee_ids),
        "members": [*sorted(people, key=lambda each: str(each["user"])), *sorted(tagged, key=_tag_of)],
    }  # fmt: skip


def _part(part: TagMember) -> Data:
    """What a member has in the pool. Limits are told where there are any."""
    told = {"weight": part.weight, "priority": part.priority}
    return told | {"caps": part.caps.limits} if part.caps.limits else told


def _tag_of(member: Data) -> str:
    return str(member["agent_tag"])


def _rule(rule: Rule, names: Names, with_ids: bool) -> Data:
    told = _identity(rule, with_ids) | _told(rule, RULE, names)
    if not rule.is_default:
        return told
    return {key: value for key, value in told.items() if key in DEFAULT_RULE_KEYS} | {"default": True}


def _identity(row: Any, with_ids: bool) -> Data:
    return {"id": str(row.id)} if with_ids else {}


def without_ids(data: Data) -> Data:
    """The same as a file for people has it."""
    plain = {section: [*map(_without_id, data[section])] for section in ("pools", "rules", "teams") if section in data}
    for team in plain.get("teams", ()):
        if "rules" in team:
            team["rules"] = [*map(_without_id, team["rules"])]
    return {section: part for section, part in (data | plain).items() if section != TEAM_IDS}


def _without_id(entry: Data) -> Data:
    return {key: value for key, value in entry.items() if key != "id"}
