"""How a company hands out leads, as data people can read, and back: tags, pools, rules, those of teams, and the
settings that count.

The one place that knows this form. A file holds it, versions keep it, drafts are it. People are named by e-mail, pools
and rules by name, teams by their names from the top ("North / Sales"), so that a file fits another company with the
same people. What a file leaves out stays as it is; a pool, rule or tag that is missing from a list is taken away. Teams
themselves are neither made nor removed: one that is missing from the list has no rules and no defaults of its own.

A new column is one line in the table it belongs to, or in LEFT_OUT.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from copy import deepcopy
from dataclasses import dataclass
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import select

from portal.extensions import db
from portal.models import Company, Pool, Rule, Tag, TagMember, Team, User
from portal.models.member_caps import MemberCaps
from portal.operations.company import CompanyChanges
from portal.operations.complaints import Complaints
from portal.operations.pool_fields import PoolChanges
from portal.operations.rules import RuleChanges
from portal.queries.pools import PoolView, pool_views
from portal.queries.rules import rules_of_all
from portal.queries.tags import tags_by_text

Data = dict[str, Any]

FORMAT = 1
MOST_TAGS = 20_000
SECTIONS = ("format", "company", "tags", "pools", "rules", "teams")
TEAM_IDS = "team_ids"
"""Beside them in a version: the ids of the teams that are named in it, by these names."""


class Kind(StrEnum):
    """What stands in a field; the last four name things of the company."""

    TEXT = "text"
    WHOLE = "a whole number"
    YES_NO = "true or false"
    OBJECT = "an object, in braces"
    PERSON = "an e-mail address"
    PEOPLE = "a list of e-mail addresses"
    TEAM = "the name of a team"
    POOL = "the name of a pool"


_TYPES: Mapping[Kind, type] = {Kind.WHOLE: int, Kind.YES_NO: bool, Kind.OBJECT: dict, Kind.PEOPLE: list}


@dataclass(frozen=True, slots=True)
class Field:
    """One field: its key in the file, what stands in it, and the column or argument it goes to, by the same name unless
    said. Where something `must` stand there, null is no answer."""

    key: str
    kind: Kind = Kind.TEXT
    column: str = ""
    must: bool = True

    @property
    def goes_to(self) -> str:
        return self.column or self.key


COMPANY = (
    Field("time_zone"),
    Field("returning_contacts"),
    Field("named_counts_as_turn", Kind.YES_NO),
    Field("fallback_any_active", Kind.YES_NO),
    Field("catch_all_reminder_minutes", Kind.WHOLE, must=False),
    Field("presence_mode"),
    Field("holidays", Kind.OBJECT),
    Field("untagged_qualify_all", Kind.YES_NO),
    Field("performance_in_routing", must=False),
    Field("name_as_tag", Kind.YES_NO),
    Field("email_as_tag", Kind.YES_NO),
    Field("manual_intercept", Kind.YES_NO),
    Field("opening_hours", Kind.OBJECT, must=False),
    Field("hold_spacing_seconds", Kind.WHOLE),
)

TAG = (Field("text"), Field("kind"), Field("weight", Kind.WHOLE))

POOL = (
    Field("name"),
    Field("team", Kind.TEAM, "team_id", must=False),
    Field("picker"),
    Field("delivery"),
    Field("window_seconds", Kind.WHOLE),
    Field("max_offers", Kind.WHOLE),
    Field("single_user", Kind.PERSON, "single_user_id", must=False),
    Field("when_nobody_available"),
    Field("default_mode", must=False),
    Field("default_assignees", Kind.PEOPLE, "default_assignee_ids"),
    Field("last_call_seconds", Kind.WHOLE, must=False),
    Field("next_pool", Kind.POOL, "next_pool_id", must=False),
    Field("pond_limit", Kind.WHOLE, must=False),
    Field("timer"),
    Field("hours", Kind.OBJECT, must=False),
    Field("contact_within", Kind.WHOLE, must=False),
    Field("forfeit_at_cap", Kind.YES_NO),
    Field("for_reassignment", Kind.YES_NO),
)

MEMBER = (
    Field("user", Kind.PERSON, "user_id"),
    Field("agent_tag"),
    Field("weight", Kind.WHOLE),
    Field("priority", Kind.WHOLE),
    Field("caps", Kind.OBJECT),
)

RULE = (
    Field("name"),
    Field("pool", Kind.POOL, "pool_id", must=False),
    Field("to_team", Kind.TEAM, "to_team_id", must=False),
    Field("paused", Kind.YES_NO),
    Field("conditions", Kind.OBJECT),
    Field("strictness", Kind.OBJECT),
    Field("hours", Kind.OBJECT, must=False),
)

TEAM = (
    Field("default_pool", Kind.POOL, "default_pool_id", must=False),
    Field("default_user", Kind.PERSON, "default_user_id", must=False),
)

_SET_BY: Mapping[tuple[Field, ...], Mapping[str, Any]] = {
    COMPANY: CompanyChanges.__annotations__,
    POOL: PoolChanges.__annotations__,
    RULE: RuleChanges.__annotations__,
}

LEFT_OUT: Mapping[type, frozenset[str]] = {
    Company: frozenset(
        {"id", "name", "country", "currency", "rate_limit", "is_demo", "setup_version", "created_at"}
        # Who sees what, and who may pause whom, is no matter of handing out.
        | {"isolate_leads", "unassigned_visible_when_isolated", "mask_names_in_why", "self_service_pause"}
    ),
    Tag: frozenset({"company_id", "id", "normal", "created_at"}),
    Pool: frozenset({"company_id", "id", "created_at", "deleted_at"}),
    Rule: frozenset({"company_id", "id", "team_id", "position", "is_default", "created_at", "deleted_at"}),
    Team: frozenset({"company_id", "id", "parent_id", "name", "created_at"}),
}
"""Columns that are told by a list and its order, belong to the row itself, or are about something else."""


def in_use(fields: tuple[Field, ...]) -> tuple[Field, ...]:
    """Those of `fields` that can be set: the operations behind the pages say which these are."""
    known = _SET_BY.get(fields)
    return fields if known is None else tuple(each for each in fields if each.goes_to in known)


@dataclass(frozen=True, slots=True)
class Names:
    """What the people, teams and pools of the company are called in a file, by id."""

    people: Mapping[UUID, str]
    teams: Mapping[UUID, str]
    pools: Mapping[UUID, str]
    # Teams whose name from the top is not theirs alone.
    doubtful: frozenset[str] = frozenset()

    @classmethod
    def now(cls, company_id: UUID) -> Names:
        """As they are called now."""
        people = db.session.execute(select(User.id, User.email).where(User.company_id == company_id))
        pools = select(Pool.id, Pool.name).where(Pool.company_id == company_id, Pool.deleted_at.is_(None))
        teams = _team_paths(company_id)
        doubtful = frozenset(path for path, count in Counter(teams.values()).items() if count > 1)
        return cls(_pairs(people), teams, _pairs(db.session.execute(pools)), doubtful)

    def written(self, kind: Kind, value: Any) -> Any:
        """A column's value as a file has it."""
        match kind:
            case Kind.PERSON:
                return self.people.get(value)
            case Kind.PEOPLE:
                return [self.people[each] for each in value]
            case Kind.TEAM:
                return self.teams.get(value)
            case Kind.POOL:
                return self.pools.get(value)
            case _:
                return value

    def ids(self, kind: Kind) -> dict[str, UUID]:
        """Ids of one kind by what they are called."""
        match kind:
            case Kind.TEAM:
                return {path: each for each, path in self.teams.items() if path not in self.doubtful}
            case Kind.POOL:
                return {name: each for each, name in self.pools.items()}
            case _:
                return {email: each for each, email in self.people.items()}


def _pairs(rows: Iterable[Any]) -> dict[UUID, str]:
    return {row[0]: row[1] for row in rows}


def _team_paths(company_id: UUID) -> dict[UUID, str]:
    rows = db.session.execute(select(Team.id, Team.parent_id, Team.name).where(Team.company_id == company_id))
    teams = {row.id: row for row in rows}
    return {team_id: " / ".join(_names_down_to(team_id, teams)) for team_id in teams}


def _names_down_to(team_id: UUID, teams: Mapping[UUID, Any]) -> list[str]:
    names, here, most = list[str](), teams.get(team_id), len(teams)
    while here is not None and len(names) <= most:
        names.insert(0, here.name)
        here = teams.get(here.parent_id)
    return names


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
    renamed = _with_teams_called(called, data)
    return renamed | {TEAM_IDS: _ids_of_teams_in(renamed, names)} if TEAM_IDS in data else renamed


def _with_teams_called(called: Mapping[str, str], data: Data) -> Data:
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


DEFAULT_RULE_KEYS = frozenset({"id", "name", "pool", "to_team"})


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


class Reader:
    """Reads a file against what there is, and collects every complaint, each by the path of its field.

    Args:
        names: of the company it is read for.
        new_pools: names of pools the file itself brings.
    """

    def __init__(self, names: Names) -> None:
        self.wrong = Complaints()
        self._ids = {kind: names.ids(kind) for kind in (Kind.PERSON, Kind.TEAM)}
        self._doubtful = names.doubtful
        self._team_ids = {str(team_id): path for team_id, path in names.teams.items()}
        # What teams the file knows by id are called now, by what they are called in it.
        self._called: dict[str, str] = {}
        self._pools: frozenset[str] = frozenset(names.pools.values())

    def check(self, data: Any) -> Data:
        """The file, once all of it makes sense as far as names and kinds of values go. Raises Invalid otherwise."""
        if not isinstance(data, dict):
            self.wrong.add("file", "Write an object with the keys company, tags, pools, rules and teams.")
            self.wrong.raise_if_any()
        for key in data.keys() - {*SECTIONS, TEAM_IDS}:
            self.wrong.add(str(key), f"There is no such part. Use {', '.join(SECTIONS[1:])}.")
        if data.get("format", FORMAT) != FORMAT:
            self.wrong.add("format", f"This portal reads format {FORMAT}. Export the file again.")
        if "pools" in data and isinstance(data["pools"], list):
            self._pools = frozenset(str(each.get("name")) for each in data["pools"] if isinstance(each, dict))
        self._know_teams(data.get(TEAM_IDS, {}))
        self._company(data)
        self._entries(data, "tags", TAG, ("text",))
        self._entries(data, "pools", POOL, ("name",), more=frozenset({"id", "members"}))
        self._entries(data, "rules", RULE, ("name",), more=frozenset({"id", "default"}))
        self._teams(data)
        self._members(data)
        self._default_is_last(data)
        self.wrong.raise_if_any()
        return self._as_called_now(data)

    def _know_teams(self, ids: Any) -> None:
        if not isinstance(ids, dict):
            self.wrong.add(TEAM_IDS, f"Write {Kind.OBJECT}, or leave it out.")
            return
        self._called = {path: self._team_ids[str(each)] for path, each in ids.items() if str(each) in self._team_ids}

    def _as_called_now(self, data: Data) -> Data:
        """From here on, names are compared with those of now."""
        return _with_teams_called(self._called, data)

    def _company(self, data: Data) -> None:
        if "company" not in data:
            return
        if not isinstance(data["company"], dict):
            self.wrong.add("company", f"Write {Kind.OBJECT}.")
            return
        self._fields("company", data["company"], COMPANY)

    def _entries(
        self, data: Data, part: str, fields: tuple[Field, ...], named: Sequence[str], more: Collection[str] = ()
    ) -> None:
        seen: set[str] = set()
        for path, entry in self._listed(data, part):
            self._fields(path, entry, fields, more)
            self._id(path, entry)
            if part == "rules":
                self._one_way(path, entry)
            for key in named:
                if key not in entry:
                    self.wrong.add(f"{path}.{key}", "Every one needs this.")
                elif not isinstance(entry[key], str):
                    continue  # said with its fields
                elif part == "pools" and entry[key] in seen:
                    self.wrong.add(f"{path}.{key}", "Two of them are called that. Give each a name of its own.")
                else:
                    seen.add(entry[key])

    def _teams(self, data: Data) -> None:
        seen: set[Any] = set()
        for path, team in self._listed(data, "teams"):
            self._fields(path, team, TEAM, frozenset({"id", "name", "rules"}))
            self._id(path, team)
            if "name" not in team:
                self.wrong.add(f"{path}.name", "Every one needs this.")
            elif not isinstance(team["name"], str):
                self.wrong.add(f"{path}.name", f"Write {Kind.TEAM}.")
            elif str(team.get("id")) not in self._team_ids:
                self._named(f"{path}.name", Kind.TEAM, team["name"])
            if str(team.get("name")) in seen:
                self.wrong.add(f"{path}.name", "This team is in the list twice.")
            seen.add(str(team.get("name")))
            for where, rule in self._listed(team, "rules", f"{path}.rules"):
                self._fields(where, rule, RULE, frozenset({"id"}))
                self._id(where, rule)
                self._one_way(where, rule)
                if "name" not in rule:
                    self.wrong.add(f"{where}.name", "Every one needs this.")

    def _id(self, path: str, entry: Data) -> None:
        if not isinstance(entry.get("id", ""), str):
            self.wrong.add(f"{path}.id", "Write the id as text, or leave it out.")

    def _one_way(self, path: str, rule: Data) -> None:
        """Of two ways, the one the rule does not have now would be taken, and the other one the next time."""
        if rule.get("pool") is not None and rule.get("to_team") is not None:
            self.wrong.add(f"{path}.to_team", "A rule sends leads to a pool or to a team. Leave one of the two out.")

    def _listed(self, data: Data, part: str, path: str = "") -> Iterator[tuple[str, Data]]:
        entries = data.get(part, [])
        if not isinstance(entries, list):
            self.wrong.add(path or part, "Write a list, in brackets.")
            return
        for place, entry in enumerate(entries):
            where = f"{path or part}.{place}"
            if isinstance(entry, dict):
                yield where, entry
            else:
                self.wrong.add(where, f"Write {Kind.OBJECT}.")

    def _fields(self, path: str, entry: Data, fields: tuple[Field, ...], more: Collection[str] = ()) -> None:
        known = {each.key: each for each in in_use(fields)}
        for key, value in entry.items():
            if key in known:
                self._value(f"{path}.{key}", known[key], value)
            elif key not in more:
                self.wrong.add(f"{path}.{key}", f"There is no such field here. Use {', '.join(sorted(known))}.")

    def _value(self, path: str, told: Field, value: Any) -> None:
        if value is None:
            if told.must:
                self.wrong.add(path, f"Write {told.kind}, or leave the field out and it stays as it is.")
        elif not isinstance(value, _TYPES.get(told.kind, str)) or (told.kind is Kind.WHOLE and isinstance(value, bool)):
            self.wrong.add(path, f"Write {told.kind}.")
        else:
            self._names(path, told.kind, value)

    def _names(self, path: str, kind: Kind, value: Any) -> None:
        if kind is not Kind.PEOPLE:
            self._named(path, kind, value)
            return
        for place, email in enumerate(value):
            self._named(f"{path}.{place}", Kind.PERSON, email)

    def _named(self, path: str, kind: Kind, name: Any) -> None:
        if kind is Kind.TEAM:
            name = self._called.get(name, name)
        if kind is Kind.TEAM and name in self._doubtful:
            self.wrong.add(path, f"Several teams are called “{name}”. Rename one of them first.")
        elif kind in self._ids and (not isinstance(name, str) or name not in self._ids[kind]):
            what = "person with the address" if kind is Kind.PERSON else "team called"
            self.wrong.add(path, f"There is no {what} “{name}”. Add it first, or correct the name.")
        elif kind is Kind.POOL and name not in self._pools:
            self.wrong.add(path, f"There is no pool called “{name}”. Add it to the pools, or correct the name.")

    def _members(self, data: Data) -> None:
        for path, pool in self._listed({"pools": data.get("pools", [])}, "pools"):
            seen: set[Any] = set()
            for where, member in self._listed(pool, "members", f"{path}.members"):
                self._fields(where, member, MEMBER)
                self._limits(f"{where}.caps", member.get("caps"))
                if ("user" in member) == ("agent_tag" in member):
                    self.wrong.add(f"{where}.user", "Name the member by their e-mail address, or an agent_tag.")
                elif _who(member) in seen:
                    self.wrong.add(f"{where}.user", f"{_who(member)[1]} is in the list twice.")
                seen.add(_who(member))

    def _limits(self, path: str, limits: Any) -> None:
        for name, limit in limits.items() if isinstance(limits, dict) else ():
            if name not in MemberCaps._fields:
                self.wrong.add(f"{path}.{name}", f"There is no such limit. Use {', '.join(MemberCaps._fields)}.")
            elif limit is not None:
                self._value(f"{path}.{name}", Field(name, Kind.WHOLE), limit)

    def _default_is_last(self, data: Data) -> None:
        rules = data.get("rules")
        if not isinstance(rules, list):
            return
        places = [place for place, rule in enumerate(rules) if isinstance(rule, dict) and rule.get("default")]
        if places != [len(rules) - 1]:
            self.wrong.add("rules", 'The default rule is the last one, marked with "default": true; there is one.')
            return
        for key in rules[-1].keys() - DEFAULT_RULE_KEYS - {"default"}:
            self.wrong.add(f"rules.{places[0]}.{key}", "The default rule takes every lead, always. Take this out.")


def arguments(wanted: Data, present: Data, fields: tuple[Field, ...], names: Names) -> dict[str, Any]:
    """What an operation has to be told to make `present` what `wanted` says; only what differs.

    Args:
        names: of the company now: pools the file brings are there already.
    """
    told = {}
    for each in in_use(fields):
        if each.key in wanted and (each.key not in present or wanted[each.key] != present[each.key]):
            told[each.goes_to] = _as_ids(each.kind, wanted[each.key], names)
    return told


def _as_ids(kind: Kind, value: Any, names: Names) -> Any:
    if value is None:
        return None
    if kind is Kind.PEOPLE:
        known = names.ids(Kind.PERSON)
        return [known[each] for each in value]
    return names.ids(kind)[value] if kind in (Kind.PERSON, Kind.TEAM, Kind.POOL) else value


def member_arguments(wanted: Data, present: Data, names: Names) -> dict[str, Any]:
    """The same for the members of a pool."""
    if "members" not in wanted:
        return {}
    members = {_who(each): _member(each) for each in wanted["members"]}
    if members == {_who(each): _member(each) for each in present.get("members", [])}:
        return {}
    ids = names.ids(Kind.PERSON)
    people = {ids[name]: part for (key, name), part in members.items() if key == "user"}
    return {
        "members": [(user_id, part.weight) for user_id, part in people.items()],
        "priorities": {user_id: part.priority for user_id, part in people.items()},
        "caps": {user_id: part.caps for user_id, part in people.items()},
        "agent_tags": {name: part for (key, name), part in members.items() if key == "agent_tag"},
    }


def _who(member: Data) -> tuple[str, str]:
    """Whether a member is a person or a tag, and which."""
    key = "agent_tag" if "agent_tag" in member else "user"
    return key, str(member.get(key))


def _member(entry: Data) -> TagMember:
    return TagMember(entry.get("weight", 1), entry.get("priority", 0), MemberCaps.of(entry.get("caps", {})))
