"""Rules in plain words."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from portal.models import Rule
from portal.operations.drafted import DraftedRule
from portal.routing.conditions import READERS, Operator, Strictness
from portal.routing.hours import WEEKDAYS

SHOWN = 4
"""Values of one field that are named."""


def conditions_in_words(rule: Rule | DraftedRule) -> list[str]:
    """What a lead must be, a phrase for each field; empty for a rule that takes every lead."""
    named = [(name, rule.conditions[name]) for name in READERS if name in rule.conditions]
    phrases = [phrase for name, value in named for phrase in _phrases(name, value)]
    if phrases and Strictness.EXACT_OR_EMPTY in rule.strictness.values():
        phrases.append("or leaves that blank")
    return phrases


def hours_in_words(hours: Mapping[str, Any]) -> str:
    """`Mon 09:00-17:00, Tue 09:00-12:00`."""
    days = [f"{day[:3].capitalize()} {_ranges(hours[day])}" for day in WEEKDAYS if hours.get(day)]
    exceptions = len(hours.get("exceptions", {}))
    dates = [f"{exceptions} {'date that is' if exceptions == 1 else 'dates that are'} different"] if exceptions else []
    return ", and ".join([", ".join(days), *dates] if days else dates)


def _ranges(ranges: Any) -> str:
    return " and ".join(f"{start}-{end}" for start, end in ranges)


def _phrases(name: str, value: Any) -> Iterator[str]:
    match name:
        case "price":
            yield _price(value)
        case "has_phone":
            yield "has a phone number" if value else "has no phone number"
        case "fields":
            yield from (_custom(field, each) for field, each in value.items())
        case _:
            yield f"{name.replace('_', ' ')} is {_either(value)}"


def _price(ends: Mapping[str, Any]) -> str:
    least, most = ends.get("min"), ends.get("max")
    if least and most:
        return f"price from {least} to {most}"
    return f"price from {least}" if least else f"price up to {most}"


def _custom(field: str, comparison: Mapping[str, Any]) -> str:
    for operator, value in comparison.items():
        return f"{field} {'contains' if operator == Operator.CONTAINS else 'is'} {_either(value)}"
    return field


def _either(value: Any) -> str:
    values = [value] if isinstance(value, str) else list(value)
    more = [f"{len(values) - SHOWN} more"] if len(values) > SHOWN else []
    shown = [*values[:SHOWN], *more]
    return " or ".join(filter(None, [", ".join(shown[:-1]), shown[-1] if shown else ""]))
