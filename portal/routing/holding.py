"""Whether new leads are held: while managers want to see each first, and outside the company's opening hours.

At opening they are let go one by one, the oldest first, with a pause after each.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import NamedTuple

from portal.routing.hours import WeeklyHours, is_open, next_opening

LEAST_SPACING, MOST_SPACING, USUAL_SPACING = 5, 60, 10
"""Seconds from one held lead to the next."""


class HeldFor(StrEnum):
    """Why a lead is held: managers let each go, or the company is closed."""

    INTERCEPT = "manual_intercept"
    HOURS = "opening_hours"


class Hold(NamedTuple):
    """Why leads are held now, and until when; None = until a manager lets each go."""

    reason: HeldFor
    until: datetime | None


@dataclass(frozen=True, slots=True)
class Holding:
    """A company's settings.

    Args:
        hours: when the company is open; None = at all hours.
        spacing: seconds between two held leads that are let go.
    """

    intercept: bool = False
    hours: WeeklyHours | None = None
    spacing: int = USUAL_SPACING

    @property
    def depends_on_time(self) -> bool:
        """Whether the answer of `hold` changes by itself."""
        return self.hours is not None and not self.intercept

    def hold(self, now: datetime) -> Hold | None:
        """Why a lead that comes in at `now` is held; None = it is not.

        Hours that do not open within a year (only dates that are over were open) hold nothing: a lead must not wait
        for what never comes.
        """
        if self.intercept:
            return Hold(HeldFor.INTERCEPT, None)
        if self.hours is None or is_open(self.hours, now):
            return None
        opens = next_opening(self.hours, now)
        return None if opens is None else Hold(HeldFor.HOURS, opens)

    def next_release(self, due: datetime, now: datetime) -> datetime:
        """When the next held lead is let go after one that was due at `due` went at `now`.

        Never sooner than the pause after now, should work have lain: leads must not come down on people all at once.
        """
        pause = timedelta(seconds=self.spacing)
        return due + pause if due + pause > now else now + pause
