"""A set-up file read with care: every complaint names its place, and what is said becomes what operations take."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from typing import Any

from portal.models import TagMember
from portal.models.member_caps import MemberCaps
from portal.operations.complaints import Complaints
from portal.operations.setup_file import (
    COMPANY,
    DEFAULT_RULE_KEYS,
    FORMAT,
    MEMBER,
    POOL,
    RULE,
    SECTIONS,
    TAG,
    TEAM,
    TEAM_IDS,
    TYPES,
    Data,
    Field,
    Kind,
    in_use,
)
from portal.operations.setup_names import Names
from portal.operations.setup_told import with_teams_called


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
        return with_teams_called(self._called, data)

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
        elif not isinstance(value, TYPES.get(told.kind, str)) or (told.kind is Kind.WHOLE and isinstance(value, bool)):
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
