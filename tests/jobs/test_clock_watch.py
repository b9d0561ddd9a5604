"""A database's clock that jumps pauses timeouts; one that goes a little wrong does not."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from portal.jobs.clock_watch import PAUSE, ClockWatch, Jump

START = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)


class Clocks:
    """The two clocks of a test: time that passes, and the database's, which may be set."""

    def __init__(self) -> None:
        self.watch = ClockWatch()
        self.passed = 1000.0
        self.database = START

    def after(self, seconds: float, *, set_by: float = 0.0) -> Jump | None:
        """Look again after so many seconds, in which the database's clock was set by so many."""
        self.passed += seconds
        self.database += timedelta(seconds=seconds + set_by)
        return self.watch.look(self.database, self.passed)


@pytest.fixture
def clocks() -> Clocks:
    clocks = Clocks()
    clocks.after(0.0)
    return clocks


def test_time_that_passes_is_no_jump(clocks: Clocks) -> None:
    for seconds in (0.2, 0.2, 60, 3600, 86400):
        assert clocks.after(seconds) is None
    assert not clocks.watch.is_paused


@pytest.mark.parametrize("set_by", [7200.0, -300.0, 31.0, -31.0])
def test_a_jump_is_told_once_and_pauses(clocks: Clocks, set_by: float) -> None:
    jump = clocks.after(0.2, set_by=set_by)
    assert jump is not None
    assert jump.seconds == pytest.approx(set_by, abs=0.01)
    assert clocks.watch.is_paused
    assert clocks.after(0.2) is None
    assert clocks.watch.is_paused


@pytest.mark.parametrize("set_by", [29.0, -29.0])
def test_a_small_step_is_followed(clocks: Clocks, set_by: float) -> None:
    for _ in range(10):
        assert clocks.after(60, set_by=set_by) is None
    assert not clocks.watch.is_paused


def test_a_clock_that_is_set_back_to_right_ends_the_pause(clocks: Clocks) -> None:
    clocks.after(0.2, set_by=7200)
    assert clocks.after(30, set_by=-7200) is None
    assert not clocks.watch.is_paused


def test_a_clock_that_stays_is_believed_in_the_end(clocks: Clocks) -> None:
    clocks.after(0.2, set_by=7200)
    clocks.after(PAUSE - 1)
    assert clocks.watch.is_paused
    clocks.after(2)
    assert not clocks.watch.is_paused
    assert clocks.after(1, set_by=-7200) is not None
