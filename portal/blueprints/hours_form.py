"""Hours of the week in a form: always, or a line for each day and one for each date that is different."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from wtforms import RadioField

from portal.blueprints.forms import Line, Lines, PortalForm, menu
from portal.errors import Invalid
from portal.routing.hours import WEEKDAYS

ALWAYS, THESE = "always", "these"
WHEN = menu([(ALWAYS, "At all hours"), (THESE, "Only at these hours")])

_EXAMPLE = "Such as 09:00-17:00; several with commas; empty = closed. 22:00-06:00 goes on into the next day."


class HoursForm(PortalForm):
    """The fields of hours; a form that has them is made of this one."""

    hours_kind = RadioField("When", choices=WHEN, default=ALWAYS)
    monday = Line("Monday", description=_EXAMPLE)
    tuesday = Line("Tuesday")
    wednesday = Line("Wednesday")
    thursday = Line("Thursday")
    friday = Line("Friday")
    saturday = Line("Saturday")
    sunday = Line("Sunday")
    exceptions = Lines(
        "Dates that are different",
        description="One a line, such as 2026-12-24 closed, or 2026-12-31 09:00-12:00.",
    )

    def day_fields(self) -> list[Any]:
        """The lines of the week, Monday first."""
        return [self[day] for day in WEEKDAYS]

    def hours(self) -> dict[str, Any] | None:
        """What was typed, as `routing.hours` reads it; None = at all hours."""
        if self.hours_kind.data != THESE:
            return None
        days = {day: _ranges(self[day].data) for day in WEEKDAYS}
        lines = [line.split(None, 1) for line in (self.exceptions.data or "").splitlines() if line.strip()]
        exceptions = once("exceptions", [(day, _ranges("".join(rest))) for day, *rest in lines])
        return {day: ranges for day, ranges in days.items() if ranges} | (
            {"exceptions": exceptions} if exceptions else {}
        )

    def aliases_of_hours(self, field: str) -> dict[str, str]:
        """Where complaints about `field` belong in this form."""
        days = {f"{field}.{day}": day for day in WEEKDAYS}
        dates = {f"{field}.exceptions.{date}": "exceptions" for date in (self.hours() or {}).get("exceptions", ())}
        return {field: "hours_kind", **days, f"{field}.exceptions": "exceptions", **dates}


def once(field: str, pairs: Sequence[tuple[str, Any]]) -> dict[str, Any]:
    """What stands on lines by a name. Raises Invalid, naming the form's field, for a name that stands there twice."""
    names = [name for name, _ in pairs]
    twice = next((name for name in names if names.count(name) > 1), None)
    if twice is not None:
        raise Invalid.field(field, f"“{twice[:40]}” stands there twice. Put it on one line.")
    return dict(pairs)


def typed_hours(hours: Mapping[str, Any] | None) -> dict[str, Any]:
    """What the fields of a form start with."""
    if hours is None:
        return {"hours_kind": ALWAYS}
    exceptions = [f"{day} {_written(ranges) or 'closed'}" for day, ranges in hours.get("exceptions", {}).items()]
    days = {day: _written(hours.get(day, ())) for day in WEEKDAYS}
    return {"hours_kind": THESE, **days, "exceptions": "\n".join(exceptions)}


def told_hours(hours: Mapping[str, Any]) -> list[tuple[str, str]]:
    """The hours of each day of the week and of each date that is different, to read."""
    week = [(day.capitalize(), hours.get(day, ())) for day in WEEKDAYS]
    return [(day, _written(ranges) or "off") for day, ranges in (*week, *hours.get("exceptions", {}).items())]


def _ranges(typed: str | None) -> list[list[str]]:
    """Ranges as they were typed: what makes no sense is left for routing to complain about."""
    text = (typed or "").replace("–", "-").strip()
    if not text or text.casefold() == "closed":
        return []
    return [[end.strip() for end in part.split("-")] for part in text.split(",")]


def _written(ranges: Any) -> str:
    return ", ".join(f"{start}-{end}" for start, end in ranges)
