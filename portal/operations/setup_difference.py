"""What is different between two set-ups, as lines people can read. Both are as `setup_file` tells them."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from portal.models.member_caps import MemberCaps
from portal.operations.rule_wording import all_conditions_in_words, all_hours_in_words, strictness_in_words

Data = Mapping[str, Any]

KEYS: Mapping[str, str] = {"tags": "text", "pools": "name", "rules": "name"}
ONE_OF: Mapping[str, str] = {"tags": "tag", "pools": "pool", "rules": "rule"}


@dataclass(frozen=True, slots=True)
class Difference:
    """One change. `sign` is "+" for what is new, "-" for what is gone, "~" for what is another. `what` names the thing,
    `field` the field of it; None for the whole thing."""

    sign: str
    what: str
    field: str | None = None
    before: str | None = None
    after: str | None = None

    def __str__(self) -> str:
        if self.field is None:
            return f"{self.sign} {self.what}" + (f" ({self.after})" if self.after else "")
        return f"{self.sign} {self.what}, {self.field}: {self.before} → {self.after}"


def differences(before: Data, after: Data) -> list[Difference]:
    """From `before` to `after`: settings, tags, pools, rules and their order, then what is of teams."""
    found = list(_fields("company settings", before.get("company", {}), after.get("company", {})))
    for part in KEYS:
        found += _entries(part, before.get(part, ()), after.get(part, ()))
    found += _order("rules", before.get("rules", ()), after.get("rules", ()))
    return [*found, *_teams(before.get("teams", ()), after.get("teams", ()))]


def _teams(before: Sequence[Data], after: Sequence[Data]) -> Iterator[Difference]:
    """Their defaults and rules. A team that is told of on one side only has none of them on the other."""
    was, now = ({team.get("id") or team["name"]: team for team in teams} for teams in (before, after))
    for key in dict.fromkeys((*was, *now)):
        present, wanted = was.get(key, {}), now.get(key, {})
        team = f"team “{(wanted or present)['name']}”"
        for name in ("default_pool", "default_user"):
            if present.get(name) != wanted.get(name):
                ends = _said(present.get(name)), _said(wanted.get(name))
                yield Difference("~", team, name.replace("_", " "), *ends)
        rules = present.get("rules", ()), wanted.get("rules", ())
        yield from _entries("rules", *rules, of=f" of {team}")
        yield from _order(f"rules of {team}", *rules)


def _entries(part: str, before: Sequence[Data], after: Sequence[Data], of: str = "") -> Iterator[Difference]:
    was, now = _by_key(part, before), _by_key(part, after)
    renamed = _renamed(was, now)
    for key, entry in was.items():
        if key not in now and key not in renamed:
            yield Difference("-", f"{ONE_OF[part]} {_called(part, entry)}{of}")
    for key, entry in now.items():
        present = was.get(key) or next((was[old] for old, new in renamed.items() if new == key), None)
        what = f"{ONE_OF[part]} {_called(part, entry)}{of}"
        if present is None:
            yield Difference("+", what, after=_in_short(entry, part))
        else:
            yield from _fields(what, present, entry)


def _renamed(was: Mapping[str, Data], now: Mapping[str, Data]) -> dict[str, str]:
    """Old key → new key of what kept its id."""
    by_id = {entry["id"]: key for key, entry in now.items() if "id" in entry and key not in was}
    return {
        key: by_id[entry["id"]] for key, entry in was.items() if key not in now and entry.get("id") in by_id
    }  # fmt: skip


def _by_key(part: str, entries: Sequence[Data]) -> dict[str, Data]:
    """Entries by what they are called; a second of the same name counts up."""
    found: dict[str, Data] = {}
    for entry in entries:
        key, more = str(entry[KEYS[part]]), 2
        while key in found:
            key, more = f"{entry[KEYS[part]]} ({more})", more + 1
        found[key] = entry
    return found


def _called(part: str, entry: Data) -> str:
    return f"“{entry[KEYS[part]]}”"


def _in_short(entry: Data, part: str) -> str:
    return ", ".join(
        f"{name.replace('_', ' ')} {_said_of(name, value)}"
        for name, value in entry.items()
        if name not in (KEYS[part], "id", "members", "default") and value not in (None, {}, [], False)
    )


def _fields(what: str, before: Data, after: Data) -> Iterator[Difference]:
    for name in after:
        was, now = before.get(name), after[name]
        if name in ("id", "default") or was == now:
            continue
        if name == "members":
            yield from _members(what, was or (), now)
        else:
            yield Difference("~", what, name.replace("_", " "), _said_of(name, was), _said_of(name, now))


def _members(what: str, before: Sequence[Data], after: Sequence[Data]) -> Iterator[Difference]:
    was, now = ({_who(each): each for each in members} for members in (before, after))
    for who in was.keys() - now.keys():
        yield Difference("~", what, f"member {who}", _part(was[who]), "none")
    for who in now:
        if who not in was or _part(was[who]) != _part(now[who]):
            yield Difference("~", what, f"member {who}", _part(was[who]) if who in was else "none", _part(now[who]))


def _who(member: Data) -> str:
    return str(member.get("user") or f"everybody tagged “{member.get('agent_tag')}”")


def _part(member: Data) -> str:
    priority = member.get("priority", 0)
    limits = str(MemberCaps.of(member.get("caps") or {}))
    return ", ".join(
        filter(None, [f"weight {member.get('weight', 1)}", f"{priority} points" if priority else "", limits])
    )


def _order(what: str, before: Sequence[Data], after: Sequence[Data]) -> Iterator[Difference]:
    """Where those that are in both stand in another order."""
    was, now = (list(_by_key("rules", rules)) for rules in (before, after))
    stayed, stay = [name for name in was if name in now], [name for name in now if name in was]
    if stayed != stay:
        yield Difference("~", what, "order", " · ".join(stayed), " · ".join(stay))


def _said_of(name: str, value: Any) -> str:
    """What stands in a field; conditions and hours as lists of rules have them, but with nothing left out."""
    match name:
        case "conditions":
            return all_conditions_in_words(value or {})
        case "strictness":
            return strictness_in_words(value or {})
        case "hours":
            return all_hours_in_words(value)
        case _:
            return _said(value)


def _said(value: Any) -> str:
    match value:
        case None:
            return "none"
        case True:
            return "yes"
        case False:
            return "no"
        # A mapping pattern without keys would fit every mapping.
        case list() | dict() if not value:
            return "none"
        case list():
            return ", ".join(map(str, value))
        case dict():
            return json.dumps(value, ensure_ascii=False, sort_keys=True)
        case _:
            return str(value)
