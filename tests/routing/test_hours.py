"""Working hours, on the clock on the wall, whatever the clocks do."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from portal.routing.hours import (
    WEEKDAYS,
    HoursError,
    Leave,
    Range,
    WeeklyHours,
    add_open_time,
    as_data,
    is_open,
    next_opening,
    on_leave,
    parse_hours,
)

MADRID = "Europe/Madrid"
OFFICE = parse_hours({day: [["09:00", "13:00"], ["15:00", "18:00"]] for day in WEEKDAYS[:5]}, MADRID)
NIGHTS = parse_hours({"friday": [["22:00", "06:00"]]}, MADRID)


def madrid(text, fold=0):
    return datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(MADRID), fold=fold)


def every_day(start, end, zone=MADRID):
    return parse_hours({day: [[start, end]] for day in WEEKDAYS}, zone)


class TestOpen:
    @pytest.mark.parametrize(
        ("moment", "expected"),
        [
            ("2026-03-02T08:59:59", False),
            ("2026-03-02T09:00", True),
            ("2026-03-02T12:59:59", True),
            ("2026-03-02T13:00", False),
            ("2026-03-02T15:00", True),
            ("2026-03-01T10:00", False),
        ],
    )
    def test_from_the_start_until_just_before_the_end(self, moment, expected):
        assert is_open(OFFICE, madrid(moment)) is expected

    def test_is_by_the_clock_of_its_own_zone(self):
        assert is_open(OFFICE, datetime(2026, 3, 2, 8, 0, tzinfo=UTC))
        assert not is_open(OFFICE, datetime(2026, 3, 2, 17, 0, tzinfo=UTC))

    @pytest.mark.parametrize(
        ("moment", "expected"),
        [
            ("2026-03-06T21:59", False),
            ("2026-03-06T22:00", True),
            ("2026-03-07T05:59", True),
            ("2026-03-07T06:00", False),
            ("2026-03-06T01:00", False),
        ],
    )
    def test_a_night_runs_into_the_next_morning(self, moment, expected):
        assert is_open(NIGHTS, madrid(moment)) is expected

    def test_the_whole_day(self):
        whole = parse_hours({"monday": [["00:00", "24:00"]]}, MADRID)
        assert whole.days[0] == (Range(0, 1440),)
        assert [is_open(whole, madrid(moment)) for moment in ("2026-03-02T00:00", "2026-03-02T23:59:59")] == [True] * 2
        assert not is_open(whole, madrid("2026-03-03T00:00"))

    def test_an_exception_stands_instead_of_its_weekday(self):
        hours = parse_hours({"thursday": [["09:00", "17:00"]], "exceptions": {"2026-12-24": []}}, MADRID)
        assert is_open(hours, madrid("2026-12-17T10:00"))
        assert not is_open(hours, madrid("2026-12-24T10:00"))
        fair = parse_hours({"monday": [["09:00", "17:00"]], "exceptions": {"2026-05-02": [["10:00", "12:00"]]}}, MADRID)
        assert is_open(fair, madrid("2026-05-02T11:00"))

    def test_closing_a_day_does_not_cut_off_the_night_before(self):
        hours = parse_hours({"friday": [["22:00", "06:00"]], "exceptions": {"2026-03-07": []}}, MADRID)
        assert is_open(hours, madrid("2026-03-07T03:00"))


class TestWhenClocksChange:
    """Madrid puts its clocks forward at 02:00 on 29 March 2026 and back at 03:00 on 25 October 2026."""

    def test_a_day_of_23_hours_is_open_from_wall_to_wall(self):
        assert next_opening(every_day("09:00", "17:00"), madrid("2026-03-28T18:00")) == madrid("2026-03-29T09:00")

    def test_a_start_the_clocks_jump_over_opens_at_the_jump(self):
        hours = every_day("02:30", "05:00")
        jump = datetime(2026, 3, 29, 1, 0, tzinfo=UTC)
        assert next_opening(hours, madrid("2026-03-28T12:00")) == jump
        assert [is_open(hours, jump + timedelta(minutes=late)) for late in (-1, 0, 10)] == [False, True, True]

    def test_a_range_the_clocks_jump_over_does_not_open(self):
        hours = every_day("02:10", "02:50")
        assert next_opening(hours, madrid("2026-03-29T01:00")) == madrid("2026-03-30T02:10")

    def test_an_hour_that_comes_twice_counts_on(self):
        assert is_open(every_day("02:30", "06:00"), madrid("2026-10-25T02:10", fold=1))
        assert add_open_time(every_day("00:00", "04:00"), madrid("2026-10-25T00:00"), 5 * 3600) == madrid(
            "2026-10-25T04:00"
        )

    def test_a_range_that_would_come_twice_opens_once(self):
        hours = every_day("02:10", "02:50")
        assert is_open(hours, madrid("2026-10-25T02:20"))
        assert not is_open(hours, madrid("2026-10-25T02:20", fold=1))

    def test_a_day_that_does_not_exist_is_passed_over(self):
        hours = every_day("09:00", "17:00", "Pacific/Apia")
        evening = datetime(2011, 12, 29, 18, 0, tzinfo=ZoneInfo("Pacific/Apia"))
        assert next_opening(hours, evening) == datetime(2011, 12, 31, 9, 0, tzinfo=ZoneInfo("Pacific/Apia"))


class TestNextOpening:
    def test_is_now_while_open(self):
        assert next_opening(OFFICE, madrid("2026-03-02T10:00")) == madrid("2026-03-02T10:00")

    def test_is_over_lunch_or_over_the_weekend(self):
        assert next_opening(OFFICE, madrid("2026-03-02T13:30")) == madrid("2026-03-02T15:00")
        assert next_opening(OFFICE, madrid("2026-03-06T18:00")) == madrid("2026-03-09T09:00")

    def test_is_never_once_the_only_opening_is_over(self):
        once = parse_hours({"exceptions": {"2026-05-02": [["10:00", "12:00"]]}}, MADRID)
        assert next_opening(once, madrid("2026-03-02T10:00")) == madrid("2026-05-02T10:00")
        assert next_opening(once, madrid("2026-05-02T12:00")) is None
        assert next_opening(once, madrid("2025-01-01T12:00")) is None


class TestWorkingTime:
    def test_runs_only_while_open(self):
        assert add_open_time(OFFICE, madrid("2026-03-02T12:50"), 20 * 60) == madrid("2026-03-02T15:10")
        assert add_open_time(OFFICE, madrid("2026-03-06T20:00"), 60) == madrid("2026-03-09T09:01")

    def test_ends_with_the_range_it_fills(self):
        assert add_open_time(OFFICE, madrid("2026-03-02T12:00"), 3600) == madrid("2026-03-02T13:00")

    def test_no_time_is_no_wait(self):
        assert add_open_time(OFFICE, madrid("2026-03-06T20:00"), 0) == madrid("2026-03-06T20:00")

    def test_that_never_comes_is_an_error(self):
        once = parse_hours({"exceptions": {"2026-05-02": [["10:00", "12:00"]]}}, MADRID)
        with pytest.raises(HoursError, match="do not open within a year"):
            add_open_time(once, madrid("2026-05-02T11:00"), 2 * 3600)


class TestLeave:
    leaves = (Leave(date(2026, 4, 27), date(2026, 5, 3)),)

    @pytest.mark.parametrize(
        ("moment", "away"),
        [
            ("2026-04-26T23:59", False),
            ("2026-04-27T00:00", True),
            ("2026-05-03T23:59", True),
            ("2026-05-04T00:00", False),
        ],
    )
    def test_is_whole_days_by_the_calendar_of_their_zone(self, moment, away):
        assert (on_leave(self.leaves, MADRID, madrid(moment)) is not None) is away

    def test_that_ends_last_is_the_one_told(self):
        longer = Leave(date(2026, 5, 1), date(2026, 5, 9))
        assert on_leave((*self.leaves, longer), MADRID, madrid("2026-05-02T10:00")) == longer

    def test_of_nobody_is_none(self):
        assert on_leave((), MADRID, madrid("2026-05-02T10:00")) is None


REFUSED = [
    ({"funday": []}, "funday", "not a weekday"),
    ({"monday": "09:00"}, "monday", "list of ranges"),
    ({"monday": [["09:00"]]}, "monday", "two times"),
    ({"monday": [["9:00", "17:00"]]}, "monday", "9:00 is not a time of day"),
    ({"monday": [["09:60", "17:00"]]}, "monday", "09:60 is not"),
    ({"monday": [["09:00", "24:01"]]}, "monday", "24:01 is not"),
    ({"monday": [[900, 1700]]}, "monday", "900 is not"),
    ({"monday": [["²1:00", "17:00"]]}, "monday", "is not a time"),
    ({"monday": [["24:00", "17:00"]]}, "monday", "cannot start at 24:00"),
    ({"monday": [["09:00", "13:00"], ["12:00", "17:00"]]}, "monday", "09:00–13:00 and 12:00–17:00 overlap"),
    ({"monday": [["22:00", "06:00"]], "tuesday": [["05:00", "09:00"]]}, "tuesday", "overlap"),
    ({"sunday": [["22:00", "06:00"]], "monday": [["05:00", "09:00"]]}, "monday", "overlap"),
    ({"monday": [["09:00", "10:00"]] * 13}, "monday", "at most 12"),
    ({"monday": [["09:00", "17:00"]], "exceptions": []}, "exceptions", "by date"),
    ({"monday": [["09:00", "17:00"]], "exceptions": {"24.12.2026": []}}, "exceptions.24.12.2026", "not a date"),
    ({"monday": [["09:00", "17:00"]], "exceptions": {"20261224": []}}, "exceptions.20261224", "not a date"),
    ({"exceptions": {"2026-12-24": [["9", "10"]]}}, "exceptions.2026-12-24", "not a time"),
    ({}, "hours", "never open"),
    ({"monday": [], "exceptions": {"2026-12-24": []}}, "hours", "never open"),
    ([], "hours", "by weekday"),
]


class TestWritten:
    @pytest.mark.parametrize(("data", "field", "message"), REFUSED)
    def test_what_is_wrong_is_named_with_its_field(self, data, field, message):
        with pytest.raises(HoursError, match=message) as refused:
            parse_hours(data, MADRID)
        assert refused.value.field == field

    @pytest.mark.parametrize("zone", ["Mars/Olympus", "", "../etc/passwd", "/etc/passwd", "Europe"])
    def test_an_unknown_zone_is_refused(self, zone):
        with pytest.raises(HoursError, match="not a time zone") as refused:
            parse_hours({"monday": [["09:00", "17:00"]]}, zone)
        assert refused.value.field == "zone"

    def test_ranges_are_put_in_order_and_may_touch(self):
        hours = parse_hours({"monday": [["13:00", "17:00"], ["09:00", "13:00"]]}, MADRID)
        assert hours.days[0] == (Range(540, 780), Range(780, 1020))

    def test_reads_what_it_writes(self):
        data = {
            "monday": [["09:00", "13:00"], ["15:00", "24:00"]],
            "friday": [["22:00", "06:00"]],
            "exceptions": {"2026-12-24": [], "2026-12-31": [["09:00", "12:00"]]},
        }
        assert as_data(parse_hours(data, MADRID)) == data


zones = st.sampled_from(
    [
        "UTC",
        MADRID,
        "America/New_York",
        "America/St_Johns",
        "Australia/Lord_Howe",
        "Asia/Kathmandu",
        "Africa/Casablanca",
    ]
)
minutes = st.integers(0, 1439)
NIGHTS_CLOCKS_CHANGE = [datetime(2026, month, day, tzinfo=UTC) for month, day in [(3, 8), (3, 29), (10, 25), (11, 1)]]
moments = st.one_of(
    st.integers(0, 3 * 365 * 1440).map(lambda late: datetime(2025, 1, 1, tzinfo=UTC) + timedelta(minutes=late)),
    st.builds(
        lambda night, late: night + timedelta(minutes=late),
        st.sampled_from(NIGHTS_CLOCKS_CHANGE),
        st.integers(-1500, 2900),
    ),
)


@st.composite
def weeks(draw):
    """Hours with at most two ranges a day and now and then an exception, overlapping or not: the reading bears it."""
    day = st.lists(st.builds(Range, minutes, st.integers(0, 1440)), max_size=2).map(lambda day: tuple(sorted(day)))
    days = draw(st.tuples(*[day] * 7))
    exceptions = draw(st.dictionaries(st.dates(date(2026, 3, 1), date(2026, 4, 1)), day, max_size=2))
    assume(any(days))
    return WeeklyHours(draw(zones), days, exceptions)


class TestForAnyHours:
    @given(weeks(), moments)
    def test_the_next_opening_is_open_and_nothing_before_it_is(self, hours, now):
        opening = next_opening(hours, now)
        assert opening is not None
        assert is_open(hours, opening)
        if opening > now:
            between = now + (opening - now) / 2
            assert not any(is_open(hours, moment) for moment in (now, between, opening - timedelta(microseconds=1)))

    @given(weeks(), moments)
    def test_away_from_clock_changes_open_is_what_the_wall_clock_says(self, hours, now):
        around = [(now + timedelta(days=days)).astimezone(ZoneInfo(hours.zone)) for days in (-2, 0, 2)]
        assume(len({moment.utcoffset() for moment in around}) == 1)
        wall = around[1]
        minute = wall.hour * 60 + wall.minute
        ours = [one.start <= minute < one.until for one in hours.on(wall.date())]
        last_night = [minute + 1440 < one.until for one in hours.on(wall.date() - timedelta(days=1))]
        assert is_open(hours, now) is any(ours + last_night)

    @given(weeks(), moments, st.integers(0, 200_000), st.integers(0, 200_000))
    def test_working_time_adds_up(self, hours, start, some, more):
        assert add_open_time(hours, add_open_time(hours, start, some), more) == add_open_time(hours, start, some + more)

    @settings(deadline=None)
    @given(weeks(), moments, st.integers(1, 40))
    def test_working_time_is_time_inside_the_hours(self, hours, start, count):
        end = add_open_time(hours, start, count * 60)
        minutes = range(int((end - start) / timedelta(minutes=1)))
        # Hours and `start` are whole minutes, so every minute is open or not.
        assert sum(is_open(hours, start + timedelta(minutes=late)) for late in minutes) == count
