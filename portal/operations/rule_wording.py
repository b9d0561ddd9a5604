"""Rules in plain words."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Protocol

from portal.routing.conditions import CUSTOM, READERS, Operator, Strictness
from portal.routing.hours import WEEKDAYS

SHOWN = 4
"""Values of one field that are named in a list of rules."""


class Conditional(Protocol):
    """A rule, one that counts or one of a draft."""

    @property
    def conditions(self) -> Mapping[str, Any]: ...

    @property
    def strictness(self) -> Mapping[str, str]: ...


def conditions_in_words(rule: Conditional) -> list[str]:
    """What a lead must be, a phrase for each field; empty for a rule that takes every lead."""
    phrases = _phrases(rule.conditions, SHOWN)
    if phrases and Strictness.EXACT_OR_EMPTY in rule.strictness.values():
        phrases.append("or leaves that blank")
    return phrases


def all_conditions_in_words(conditions: Mapping[str, Any]) -> str:
    """The same as one text that leaves out none of the values."""
    return "; ".join(_phrases(conditions, None)) or "every lead"


def strictness_in_words(strictness: Mapping[str, str]) -> str:
    """Which fields a lead may leave blank."""
    told = {Strictness.EXACT: "must be given", Strictness.EXACT_OR_EMPTY: "may be blank"}
    phrases = [f"{_plain(name.removeprefix(CUSTOM))} {told[Strictness(kind)]}" for name, kind in strictness.items()]
    return ", ".join(phrases) or "nothing may be blank"


def hours_in_words(hours: Mapping[str, Any]) -> str:
    """`Mon 09:00-17:00, Tue 09:00-12:00`."""
    days, exceptions = _week(hours), len(hours.get("exceptions", {}))
    dates = [f"{exceptions} {'date that is' if exceptions == 1 else 'dates that are'} different"] if exceptions else []
    return ", and ".join([", ".join(days), *dates] if days else dates)


def all_hours_in_words(hours: Mapping[str, Any] | None) -> str:
    """The same with each of the dates that are different."""
    if hours is None:
        return "at all hours"
    dates = [f"{day} {_ranges(ranges) or 'closed'}" for day, ranges in hours.get("exceptions", {}).items()]
    return ", ".join([*_week(hours), *dates]) or "never"


def _week(hours: Mapping[str, Any]) -> list[str]:
    return [f"{day[:3].capitalize()} {_ranges(hours[day])}" for day in WEEKDAYS if hours.get(day)]


def _ranges(ranges: Any) -> str:
    return " and ".join(f"{start}-{end}" for start, end in ranges)


def _phrases(conditions: Mapping[str, Any], most: int | None) -> list[str]:
    """A phrase for each field.

    Args:
        most: values of one field that are named; None = all.
    """
    named = [(name, conditions[name]) for name in READERS if name in conditions]
    return [phrase for name, value in named for phrase in _of_field(name, value, most)]


def _of_field(name: str, value: Any, most: int | None) -> Iterator[str]:
    match name:
        case "price":
            yield _price(value)
        case "has_phone":
            yield "has a phone number" if value else "has no phone number"
        case "fields":
            yield from (_custom(field, each, most) for field, each in value.items())
        case _:
            yield f"{_plain(name)} is {_either(value, most)}"


def _plain(name: str) -> str:
    return name.replace("_", " ")


def _price(ends: Mapping[str, Any]) -> str:
    least, most = ends.get("min"), ends.get("max")
    if least and most:
        return f"price from {least} to {most}"
    return f"price from {least}" if least else f"price up to {most}"


def _custom(field: str, comparison: Mapping[str, Any], most: int | None) -> str:
    for operator, value in comparison.items():
        return f"{field} {'contains' if operator == Operator.CONTAINS else 'is'} {_either(value, most)}"
    return field


def _either(value: Any, most: int | None) -> str:
    values: Sequence[str] = [value] if isinstance(value, str) else list(value)
    most = len(values) if most is None else most
    more = [f"{len(values) - most} more"] if len(values) > most else []
    shown = [*values[:most], *more]
    return " or ".join(filter(None, [", ".join(shown[:-1]), shown[-1] if shown else ""]))
