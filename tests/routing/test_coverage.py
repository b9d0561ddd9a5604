"""The hours of a usual week that nobody covers."""

from __future__ import annotations

from datetime import date

from portal.routing.coverage import Gaps, week_gaps
from portal.routing.hours import Range, WeeklyHours, parse_hours

MONDAY = date(2026, 5, 4)
WORKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday")
SATURDAY, SUNDAY = 5, 6


def hours(zone: str = "Europe/Madrid", days: tuple[str, ...] = WORKDAYS, *ranges: list[str]) -> WeeklyHours:
    return parse_hours({day: list(ranges or (["09:00", "17:00"],)) for day in days}, zone)


def gaps(*people: WeeklyHours | None, needed: WeeklyHours | None = None) -> Gaps:
    return week_gaps(people, "Europe/Madrid", MONDAY, needed)


def test_office_hours_leave_the_weekend_and_the_night() -> None:
    assert gaps(hours()) == Gaps((SATURDAY, SUNDAY), (Range(17 * 60, 9 * 60),))


def test_one_who_works_at_all_hours_leaves_nothing() -> None:
    assert gaps(hours(), None) == Gaps((), ())


def test_two_who_take_turns_leave_what_lies_between_them() -> None:
    early, late = (
        hours("Europe/Madrid", WORKDAYS, ["06:00", "12:00"]),
        hours("Europe/Madrid", WORKDAYS, ["13:00", "24:00"]),
    )
    assert gaps(early, late).hours == (Range(0, 6 * 60), Range(12 * 60, 13 * 60))


def test_each_by_the_clock_on_their_own_wall() -> None:
    in_new_york = hours("America/New_York", WORKDAYS, ["09:00", "17:00"])
    assert gaps(in_new_york).hours == (Range(23 * 60, 15 * 60),)


def test_nobody_has_to_be_there_when_the_company_is_closed() -> None:
    shop = hours("Europe/Madrid", (*WORKDAYS, "saturday"), ["09:00", "18:00"])
    assert gaps(hours(), needed=shop) == Gaps((SATURDAY,), (Range(17 * 60, 18 * 60),))
    assert gaps(hours(), needed=hours()) == Gaps((), ())


def test_a_group_of_nobody_covers_nothing() -> None:
    assert gaps().days == tuple(range(7))


def test_a_night_shift_belongs_to_the_hours_it_lasts() -> None:
    nights = hours("Europe/Madrid", (*WORKDAYS, "saturday", "sunday"), ["22:00", "06:00"])
    assert gaps(nights) == Gaps((), (Range(6 * 60, 22 * 60),))
