"""Notices when the database's clock jumps, so that no offer ends because somebody set a clock."""

from __future__ import annotations

import time
from dataclasses import dataclass
from datetime import datetime

LARGEST_STEP = 30.0
"""Seconds the database's clock may differ from the time that has passed here between two looks."""
PAUSE = 600.0
"""Seconds timeouts stand still after a jump, for somebody to look; then the new time is believed."""


@dataclass(frozen=True, slots=True)
class Jump:
    """The clock moved by this many seconds more (or less) than time did."""

    seconds: float


class ClockWatch:
    """Compares the database's clock with the time that passes on this machine."""

    def __init__(self) -> None:
        # What the database's clock would say at the machine's second 0, if neither ever jumped.
        self._offset: float | None = None
        self._paused_until: float | None = None

    @property
    def is_paused(self) -> bool:
        """Whether timeouts stand still."""
        return self._paused_until is not None

    def look(self, database_time: datetime, passed: float) -> Jump | None:
        """Take one reading.

        Args:
            database_time: the database's clock.
            passed: seconds on a clock nobody can set, read at the same moment (see `seconds_passed`).

        Returns:
            The jump, at the first look after it.
        """
        offset = database_time.timestamp() - passed
        if self._offset is None:
            self._offset = offset
        if abs(offset - self._offset) <= LARGEST_STEP:
            # As before, or back to what it was; small steps (a corrected drift) are followed.
            self._offset, self._paused_until = offset, None
            return None
        if self._paused_until is None:
            self._paused_until = passed + PAUSE
            return Jump(offset - self._offset)
        if passed >= self._paused_until:
            self._offset, self._paused_until = offset, None
        return None


def seconds_passed() -> float:
    """A clock that only ever goes forward, also while the machine sleeps where the system has such a one."""
    if hasattr(time, "CLOCK_BOOTTIME"):
        return time.clock_gettime(time.CLOCK_BOOTTIME)
    return time.monotonic()
