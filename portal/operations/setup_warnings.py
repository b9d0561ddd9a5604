"""What looks like a mistake in a set-up, though it could be published: said before somebody does."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any

from portal.queries.clock import database_time
from portal.queries.people_hours import AtWork, people_at_work
from portal.queries.rules import rules_no_lead_met
from portal.routing.conditions import Strictness
from portal.routing.coverage import Gaps, week_gaps
from portal.routing.facts import Picker
from portal.routing.hours import DAY, WEEKDAYS, WeeklyHours, parse_hours
from portal.routing.tags import normal

Data = Mapping[str, Any]

SILENT_DAYS = 30
"""A rule that no lead met for so long is mentioned."""

_LONG_ENOUGH = 60
"""Minutes without anybody that are worth a word."""


@dataclass(frozen=True, slots=True)
class Known:
    """What warnings rest on beside the set-up itself."""

    people: Sequence[AtWork] = ()
    # Conditions of the rules no lead met, by the rule's id as text.
    silent: Mapping[str, Any] = field(default_factory=dict)
    # Of the week that is looked at.
    monday: date = date(2026, 1, 5)
    zone: str = "UTC"


def warnings_now(setup: Data, zone: str) -> list[str]:
    """`warnings`, with the company's people and leads of today.

    Args:
        zone: the company's, an IANA name.
    """
    today = database_time().date()
    silent = {str(each.id): each.conditions for each in rules_no_lead_met(SILENT_DAYS).values()}
    return warnings(setup, Known(people_at_work(), silent, today - timedelta(days=today.weekday()), zone))


def warnings(setup: Data, known: Known) -> list[str]:
    """Sentences about `setup`, as `setup_file` tells it: rules no lead reaches or has met, rules that share leads,
    pools nobody takes leads from, ever or at some hours."""
    teams, pools = setup.get("teams", ()), setup.get("pools", ())
    lists = [
        [rule for rule in listed if not rule.get("paused")]
        for listed in (setup.get("rules", ()), *(team.get("rules", ()) for team in teams))
    ]
    active = [rule for listed in lists for rule in listed]
    out_of_reach = [said for listed in lists for said in _out_of_reach(listed)]
    return [*out_of_reach, *_never_met(active, known), *_of_pools(setup, _senders(active, teams), pools, known)]


def _senders(rules: Sequence[Data], teams: Sequence[Data]) -> dict[str, str]:
    """By pool, who sends leads to it, as a sentence begins with them."""
    by_default = {team["default_pool"]: f"The team “{team['name']}”" for team in teams if team.get("default_pool")}
    return by_default | {rule["pool"]: f"The rule “{rule['name']}”" for rule in rules if rule.get("pool")}


def _out_of_reach(rules: Sequence[Data]) -> Iterator[str]:
    """Rules behind one that takes all of what they would, or some of it while it leads elsewhere."""
    before: list[Data] = []
    for rule in rules:
        if rule.get("default"):
            continue
        taker = next((each for each in before if _takes_all_of(each, rule)), None)
        if taker is not None:
            yield f"No lead reaches the rule “{rule['name']}”: “{taker['name']}” above it takes them all."
        else:
            yield from (_shared(each, rule) for each in before if _overlaps(each, rule))
        before.append(rule)


def _shared(above: Data, below: Data) -> str:
    return f"The rules “{above['name']}” and “{below['name']}” overlap: a lead both fit goes by “{above['name']}”."


def _takes_all_of(above: Data, below: Data) -> bool:
    if above.get("hours") and above.get("hours") != below.get("hours"):
        return False
    asked, wanted = above.get("conditions") or {}, below.get("conditions") or {}
    return all(name in wanted and _is_wider(name, above, below) for name in asked)


def _is_wider(name: str, above: Data, below: Data) -> bool:
    """Whether the field of `above` lets pass whatever that of `below` does."""
    one, other = _values(above, name), _values(below, name)
    if one and other:
        return one >= other and (_lets_blank(above, name) or not _lets_blank(below, name))
    same = above["conditions"][name] == below["conditions"][name]
    return bool(same and (above.get("strictness") or {}) == (below.get("strictness") or {}))


def _lets_blank(rule: Data, name: str) -> bool:
    return bool((rule.get("strictness") or {}).get(name) == Strictness.EXACT_OR_EMPTY)


def _overlaps(above: Data, below: Data) -> bool:
    """Whether both ask about the same, and share some of the values, not all; where they lead to one place it is no
    matter which of them takes a lead."""
    asked, wanted = above.get("conditions") or {}, below.get("conditions") or {}
    if _way(above) == _way(below) or asked.keys() != wanted.keys():
        return False
    pairs = [(_values(above, name), _values(below, name)) for name in asked]
    return all(one & other for one, other in pairs) and any(one != other for one, other in pairs)


def _way(rule: Data) -> tuple[Any, Any]:
    return rule.get("pool"), rule.get("to_team")


def _values(rule: Data, name: str) -> frozenset[str]:
    """The texts a field accepts, as they are compared; none where it holds something else, or the beginnings of
    texts."""
    found = rule["conditions"][name]
    listed = [found] if isinstance(found, str) else found if isinstance(found, list) else []
    if not all(isinstance(each, str) and not each.endswith("*") for each in listed):
        return frozenset()
    return frozenset(map(normal, listed))


def _never_met(rules: Sequence[Data], known: Known) -> Iterator[str]:
    for rule in rules:
        rule_id = str(rule.get("id"))
        if rule_id in known.silent and known.silent[rule_id] == rule.get("conditions"):
            yield f"No lead met the rule “{rule['name']}” in the last {SILENT_DAYS} days."


def _of_pools(setup: Data, senders: Mapping[str, str], pools: Sequence[Data], known: Known) -> Iterator[str]:
    opening = (setup.get("company") or {}).get("opening_hours")
    needed = parse_hours(opening, known.zone) if opening else None
    for pool in pools:
        if pool["name"] not in senders:
            continue
        members = _takes_part(pool, known.people)
        if members is not None and not members:
            yield f"{senders[pool['name']]} sends leads to the pool “{pool['name']}”, where nobody takes part."
        elif members:
            yield from _uncovered(pool["name"], week_gaps(list(members.values()), known.zone, known.monday, needed))


def _takes_part(pool: Data, people: Iterable[AtWork]) -> dict[str, WeeklyHours | None] | None:
    """The hours of those who get leads from the pool, by e-mail address; None where the set-up leaves open who does."""
    at_work = list(people)
    if pool.get("picker") == Picker.SINGLE:
        if "single_user" not in pool:
            return None
        names = {pool["single_user"]}
    elif "members" not in pool:
        return None
    else:
        taking = [each for each in pool["members"] if each.get("weight", 1) > 0]
        tags = {normal(each["agent_tag"]) for each in taking if "agent_tag" in each}
        names = {each["user"] for each in taking if "user" in each}
        names |= {one.email for one in at_work if tags & set(map(normal, one.tags))}
    hours = {one.email: one.hours for one in at_work}
    return {name: hours[name] for name in names if name in hours}


def _uncovered(pool: str, gaps: Gaps) -> Iterator[str]:
    if gaps.days:
        days = [WEEKDAYS[day].capitalize() for day in gaps.days]
        yield f"On {_listed(days)} nobody in the pool “{pool}” works."
    for each in gaps.hours:
        if each.until - each.start >= _LONG_ENOUGH:
            yield f"Between {_clock(each.start)} and {_clock(each.end)} nobody in the pool “{pool}” works."


def _listed(words: Sequence[str]) -> str:
    *others, last = words
    return f"{', '.join(others)} and {last}" if others else last


def _clock(minutes: int) -> str:
    return f"{minutes % DAY // 60:02}:{minutes % 60:02}"
