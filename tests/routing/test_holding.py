"""Who holds new leads: managers who want to see each, or a closed door."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from portal.routing.holding import HeldFor, Hold, Holding
from portal.routing.hours import parse_hours

# A Monday in winter, 08:00 in Berlin.
MORNING = datetime(2026, 1, 12, 7, 0, tzinfo=UTC)
OFFICE = parse_hours({"monday": [["09:00", "17:00"]], "tuesday": [["22:00", "06:00"]]}, "Europe/Berlin")


def test_nothing_is_held_by_itself() -> None:
    assert Holding().hold(MORNING) is None
    assert not Holding().depends_on_time


def test_outside_the_hours_leads_are_held_until_they_open() -> None:
    assert Holding(hours=OFFICE).hold(MORNING) == Hold(HeldFor.HOURS, MORNING + timedelta(hours=1))
    assert Holding(hours=OFFICE).hold(MORNING + timedelta(hours=1)) is None
    assert Holding(hours=OFFICE).hold(MORNING + timedelta(hours=9)) == Hold(
        HeldFor.HOURS, datetime(2026, 1, 13, 21, 0, tzinfo=UTC)
    )
    # Past midnight, the night's range still runs.
    assert Holding(hours=OFFICE).hold(datetime(2026, 1, 14, 2, 0, tzinfo=UTC)) is None


def test_opening_is_by_the_wall_clock_on_the_nights_the_clocks_change() -> None:
    sundays = parse_hours({"sunday": [["02:30", "04:00"]]}, "Europe/Berlin")
    # 02:30 is jumped over on 29 March 2026: the first moment after it is 03:00 summer time.
    saturday = datetime(2026, 3, 28, 12, 0, tzinfo=UTC)
    assert Holding(hours=sundays).hold(saturday) == Hold(HeldFor.HOURS, datetime(2026, 3, 29, 1, 0, tzinfo=UTC))


def test_managers_who_want_to_see_each_come_before_the_hours() -> None:
    holding = Holding(intercept=True, hours=OFFICE)
    assert holding.hold(MORNING) == Hold(HeldFor.INTERCEPT, None)
    assert holding.hold(MORNING + timedelta(hours=2)) == Hold(HeldFor.INTERCEPT, None)
    assert not holding.depends_on_time


def test_hours_whose_dates_are_over_hold_nothing() -> None:
    past = parse_hours({"exceptions": {"2025-12-24": [["09:00", "12:00"]]}}, "Europe/Berlin")
    assert Holding(hours=past).hold(MORNING) is None


def test_the_next_goes_a_pause_after_the_one_before() -> None:
    holding, second = Holding(spacing=10), timedelta(seconds=1)
    assert holding.next_release(MORNING, MORNING + second) == MORNING + 10 * second
    # A worker that was away does not let all of them go at once.
    assert holding.next_release(MORNING, MORNING + 3600 * second) == MORNING + 3610 * second
