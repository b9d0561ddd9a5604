"""When somebody works: hours of the week, dated exceptions and leave, on the clock on the wall of their own zone.

A range belongs to the day it starts on, also when it crosses midnight: closing a day does not cut off the night before.
It opens the first time that clock reaches its start and closes the first time it reaches its end. So where clocks are
put forward past a start, it opens at that moment; where they are put back, an hour that comes twice counts on.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from itertools import pairwise
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

DAY = 1440
"""Minutes of a day, by the clock on the wall."""

WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
EXCEPTIONS = "exceptions"

HORIZON = timedelta(days=366)
"""How far an opening is looked for."""

MOST_RANGES = 12
"""Ranges in one day."""

MOST_EXCEPTIONS = 500


class Range(NamedTuple):
    """Minutes from midnight. `end` at or before `start` crosses midnight into the next day; a whole day is 0–1440."""

    start: int
    end: int

    @property
    def until(self) -> int:
        """The end in minutes from midnight of the day the range starts on."""
        return self.end if self.end > self.start else self.end + DAY


@dataclass(frozen=True, slots=True)
class WeeklyHours:
    """Ranges by weekday, Monday first, in `zone` (an IANA name). A date in `exceptions` has those ranges instead of
    its weekday's; none means closed. Ranges of a day stand in order and do not overlap."""

    zone: str
    days: tuple[tuple[Range, ...], ...]
    exceptions: Mapping[date, tuple[Range, ...]] = field(default_factory=dict)

    def on(self, day: date) -> tuple[Range, ...]:
        """The ranges that start on `day`."""
        return self.exceptions[day] if day in self.exceptions else self.days[day.weekday()]


class Leave(NamedTuple):
    """Whole days away, both included."""

    first: date
    last: date


class HoursError(ValueError):
    """What is wrong with hours that were written, and in which field."""

    def __init__(self, field: str, message: str) -> None:
        super().__init__(message)
        self.field = field


def is_open(hours: WeeklyHours, now: datetime) -> bool:
    """Whether `now` (any zone) lies inside `hours`."""
    yesterday = _local(hours.zone, now).date() - timedelta(days=1)
    # Three days: last night's range may still run, and clocks put back past midnight were a day ahead already.
    return any(opens <= now < closes for opens, closes in _spans(hours, yesterday, 3))


def next_opening(hours: WeeklyHours, now: datetime) -> datetime | None:
    """The first moment from `now` on, in UTC, that lies inside `hours`: `now` itself when it does. None when there is
    none within 366 days."""
    yesterday = _local(hours.zone, now).date() - timedelta(days=1)
    for opens, closes in _spans(hours, yesterday, HORIZON.days + 2):
        if closes > now:
            found = max(opens, now.astimezone(UTC))
            return found if found - now <= HORIZON else None
    return None


def add_open_time(hours: WeeklyHours, start: datetime, seconds: float) -> datetime:
    """The moment, in UTC, by which `seconds` have passed inside `hours`, counted from `start`.

    Raises HoursError when no opening is found within 366 days while some of it is left.
    """
    left, reached = timedelta(seconds=seconds), start.astimezone(UTC)
    while left > timedelta(0):
        opens, closes = _next_span(hours, reached)
        if left <= closes - opens:
            return opens + left
        left, reached = left - (closes - opens), closes
    return reached


def on_leave(leaves: Sequence[Leave], zone: str, now: datetime) -> Leave | None:
    """The leave that holds at `now` by the calendar of `zone`; the one that ends last when several do."""
    if not leaves:
        return None
    day = _local(zone, now).date()
    return max((one for one in leaves if one.first <= day <= one.last), key=lambda one: one.last, default=None)


def day_of(zone: str, now: datetime) -> date:
    """The date at `now` by the calendar of `zone` (an IANA name)."""
    return _local(zone, now).date()


def _next_span(hours: WeeklyHours, moment: datetime) -> tuple[datetime, datetime]:
    """What is left, from `moment` on, of the range that holds it or else of the next one."""
    yesterday = _local(hours.zone, moment).date() - timedelta(days=1)
    for opens, closes in _spans(hours, yesterday, HORIZON.days + 2):
        if closes > moment:
            return max(opens, moment), closes
    raise HoursError("hours", "These hours do not open within a year.")


def _spans(hours: WeeklyHours, first: date, count: int) -> Iterator[tuple[datetime, datetime]]:
    """The ranges of `count` days as moments in UTC, in order. A range that the clocks jump over is left out."""
    for ahead in range(count):
        day = first + timedelta(days=ahead)
        ranges = hours.on(day)
        if not ranges:
            continue
        midnight = datetime.fromordinal(day.toordinal())
        for one in ranges:
            opens = _first_reached(hours.zone, midnight + timedelta(minutes=one.start))
            closes = _first_reached(hours.zone, midnight + timedelta(minutes=one.until))
            if opens < closes:
                yield opens, closes


@lru_cache(maxsize=16_384)
def _first_reached(zone: str, wall: datetime) -> datetime:
    """The first moment, in UTC, at which the clock of `zone` shows `wall` or has jumped past it."""
    clock = ZoneInfo(zone)
    shown = wall.replace(tzinfo=clock).astimezone(UTC)
    if shown.astimezone(clock).replace(tzinfo=None) == wall:
        return shown
    # `wall` is jumped over. Python reads it by the offset before the jump or, with fold, after it: the jump is between.
    before, after = wall.replace(tzinfo=clock, fold=1).astimezone(UTC), shown
    while after - before > timedelta(seconds=1):
        middle = before + timedelta(seconds=(after - before) // timedelta(seconds=2))
        if middle.astimezone(clock).replace(tzinfo=None) < wall:
            before = middle
        else:
            after = middle
    return after


def _local(zone: str, now: datetime) -> datetime:
    return now.astimezone(ZoneInfo(zone))


def parse_hours(data: Mapping[str, Any], zone: str) -> WeeklyHours:
    """Hours as they are sent: `{"monday": [["09:00", "17:00"]], "exceptions": {"2026-12-24": []}}`.

    A weekday left out is closed; an end may be "24:00"; an end at or before its start is on the next day.

    Raises HoursError, which names the field, for an unknown zone or day, a malformed date or time, ranges that overlap
    and hours that never open.
    """
    _check_zone(zone)
    if not isinstance(data, Mapping):
        raise HoursError("hours", "Hours are given by weekday, such as monday: 09:00 to 17:00.")
    for name in data:
        if name not in WEEKDAYS and name != EXCEPTIONS:
            raise HoursError(str(name), f"{name} is not a weekday; they are called {', '.join(WEEKDAYS)}.")
    days = tuple(_ranges(name, data.get(name, [])) for name in WEEKDAYS)
    _check_nights(days)
    exceptions = _exceptions(data.get(EXCEPTIONS, {}))
    if not any(days) and not any(exceptions.values()):
        raise HoursError("hours", "These hours never open. Open at least one day.")
    return WeeklyHours(zone, days, exceptions)


def _check_zone(zone: str) -> None:
    try:
        ZoneInfo(zone)
    except (KeyError, ValueError, OSError) as error:
        raise HoursError("zone", f"{zone} is not a time zone; write it like Europe/Madrid.") from error


def _exceptions(data: object) -> dict[date, tuple[Range, ...]]:
    if not isinstance(data, Mapping):
        raise HoursError(EXCEPTIONS, "Exceptions are given by date, such as 2026-12-24.")
    if len(data) > MOST_EXCEPTIONS:
        raise HoursError(EXCEPTIONS, f"At most {MOST_EXCEPTIONS} exceptions; {len(data)} were given.")
    found = {_date(name): _ranges(f"{EXCEPTIONS}.{name}", ranges) for name, ranges in data.items()}
    return dict(sorted(found.items()))


def _date(text: object) -> date:
    try:
        day = date.fromisoformat(str(text))
    except ValueError:
        day = None
    if day is None or day.isoformat() != text:
        raise HoursError(f"{EXCEPTIONS}.{text}", f"{text} is not a date; write it like 2026-12-24.")
    return day


def _ranges(field: str, data: object) -> tuple[Range, ...]:
    if not isinstance(data, list | tuple):
        raise HoursError(field, f"{field}: give a list of ranges, such as 09:00 to 17:00; an empty list is closed.")
    if len(data) > MOST_RANGES:
        raise HoursError(field, f"{field}: at most {MOST_RANGES} ranges a day; {len(data)} were given.")
    ranges = sorted(_range(field, pair) for pair in data)
    for earlier, later in pairwise(ranges):
        if later.start < earlier.until:
            raise _overlap(field, earlier, later)
    return tuple(ranges)


def _range(field: str, pair: object) -> Range:
    if not isinstance(pair, list | tuple) or len(pair) != 2:
        raise HoursError(field, f"{field}: a range is two times, such as 09:00 and 17:00.")
    start, end = _minutes(field, pair[0]), _minutes(field, pair[1])
    if start == DAY:
        raise HoursError(field, f"{field}: a range cannot start at 24:00; start the next day at 00:00.")
    return Range(start, end)


def _minutes(field: str, text: object) -> int:
    parts = text.split(":") if isinstance(text, str) else []
    if len(parts) == 2 and all(len(part) == 2 and part.isascii() and part.isdigit() for part in parts):
        minutes = int(parts[0]) * 60 + int(parts[1])
        if int(parts[1]) < 60 and minutes <= DAY:
            return minutes
    raise HoursError(field, f"{field}: {text} is not a time of day; write it like 09:00, up to 24:00.")


def _check_nights(days: Sequence[tuple[Range, ...]]) -> None:
    """A night that runs into the next morning must not overlap what starts there."""
    for place, ranges in enumerate(days):
        tomorrow = days[(place + 1) % len(days)]
        if ranges and tomorrow and ranges[-1].until > tomorrow[0].start + DAY:
            raise _overlap(WEEKDAYS[(place + 1) % len(days)], ranges[-1], tomorrow[0])


def _overlap(field: str, one: Range, other: Range) -> HoursError:
    return HoursError(field, f"{field}: {_said(one)} and {_said(other)} overlap; make one range of them.")


def _said(one: Range) -> str:
    return f"{_clock(one.start)}–{_clock(one.end)}"


def _clock(minutes: int) -> str:
    return f"{minutes // 60:02}:{minutes % 60:02}"


def as_data(hours: WeeklyHours) -> dict[str, Any]:
    """`hours` as `parse_hours` reads them, closed weekdays left out. The zone is kept by whoever they belong to."""
    data: dict[str, Any] = {name: _written(ranges) for name, ranges in zip(WEEKDAYS, hours.days, strict=True) if ranges}
    if hours.exceptions:
        data[EXCEPTIONS] = {day.isoformat(): _written(ranges) for day, ranges in hours.exceptions.items()}
    return data


def _written(ranges: Sequence[Range]) -> list[list[str]]:
    return [[_clock(one.start), _clock(one.end)] for one in ranges]
