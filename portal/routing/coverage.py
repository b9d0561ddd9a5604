"""When nobody works: the days and hours of a usual week that no one of a group of people covers."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date, datetime, timedelta
from functools import lru_cache
from typing import NamedTuple
from zoneinfo import ZoneInfo

from portal.routing.hours import DAY, Range, WeeklyHours, is_open

STEP = 30
"""Minutes: how finely a week is looked at."""

_A_DAY = DAY // STEP
_ALL_WEEK = frozenset(range(7 * _A_DAY))


class Gaps(NamedTuple):
    """`days`: weekdays (Monday = 0) on which nobody works at all. `hours`: when nobody works on any of the others."""

    days: tuple[int, ...]
    hours: tuple[Range, ...]


def week_gaps(people: Sequence[WeeklyHours | None], zone: str, monday: date, needed: WeeklyHours | None = None) -> Gaps:
    """What `people` leave open in the week from `monday` on, by the clock of `zone` (an IANA name).

    Args:
        people: each one's hours; None = at all hours. Dated exceptions do not count: the week is a usual one.
        needed: when somebody has to be there; None = always.
    """
    if None in people:
        return Gaps((), ())
    covered = frozenset[int]().union(*(_open(each.zone, each.days, zone, monday) for each in people if each))
    asked = _ALL_WEEK if needed is None else _open(needed.zone, needed.days, zone, monday)
    wanted, bare = _by_day(asked), _by_day(asked - covered)
    empty = tuple(day for day in range(7) if wanted[day] and bare[day] == wanted[day])
    others = [bare[day] for day in range(7) if wanted[day] and day not in empty]
    return Gaps(empty, tuple(_ranges(frozenset.intersection(*others)) if others else ()))


@lru_cache(maxsize=512)
def _open(own_zone: str, days: tuple[tuple[Range, ...], ...], zone: str, monday: date) -> frozenset[int]:
    """The steps of the week, counted from its first midnight in `zone`, at which these hours are open."""
    hours, first = WeeklyHours(own_zone, days), datetime(monday.year, monday.month, monday.day, tzinfo=ZoneInfo(zone))
    return frozenset(step for step in _ALL_WEEK if is_open(hours, first + timedelta(minutes=STEP * step)))


def _by_day(steps: frozenset[int]) -> list[frozenset[int]]:
    return [frozenset(step % _A_DAY for step in steps if step // _A_DAY == day) for day in range(7)]


def _ranges(steps: frozenset[int]) -> Iterator[Range]:
    """Steps of a day as ranges; one that ends at midnight goes on in the one that begins there."""
    for start in sorted(step for step in steps if (step - 1) % _A_DAY not in steps):
        end = start
        while end % _A_DAY in steps:
            end += 1
        yield Range(start * STEP, (end - 1) % _A_DAY * STEP + STEP)
