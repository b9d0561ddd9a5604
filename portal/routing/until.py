"""How long a refusal lasts, where that is known: the moment from which this gate lets the candidate through again.

Another gate may refuse them then; only the one that refused is looked at. What ends when somebody does something, such
as a pause or a cap on open leads, has no moment.
"""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

from portal.routing import gates
from portal.routing.caps import reached
from portal.routing.facts import OPEN_LEADS, Candidate, Cap, Policy, Refusal
from portal.routing.hours import HORIZON, day_of, next_opening, on_leave


def ends_at(candidate: Candidate, refusal: Refusal, policy: Policy, now: datetime) -> datetime | None:
    """The moment, in UTC, at which `refusal` ends by itself; None where nothing but an act ends it.

    Args:
        candidate: whom it refused.
        policy: of the company, for its calendar.
        now: when it refused them.
    """
    if refusal.gate == gates.hours.__name__:
        return next_opening(candidate.hours, now) if candidate.hours else None
    if refusal.gate == gates.caps.__name__:
        return _cap_ends(reached(candidate.caps), policy, now)
    if refusal.gate == gates.pool_caps.__name__:
        return _cap_ends(reached(cap for cap in candidate.pool_caps if cap.what != OPEN_LEADS), policy, now)
    if refusal.gate != gates.available.__name__ or not candidate.available:
        return None
    if on_leave(candidate.leaves, candidate.zone, now):
        return _leave_ends(candidate, now)
    return _holidays_end(policy, now)


def _cap_ends(cap: Cap | None, policy: Policy, now: datetime) -> datetime | None:
    today = day_of(policy.zone, now)
    match cap and cap.what:
        case "today":
            return _start_of(today + timedelta(days=1), policy.zone)
        case "this week":
            return _start_of(today + timedelta(days=7 - today.weekday()), policy.zone)
        case "this month":
            return _start_of((today.replace(day=1) + timedelta(days=31)).replace(day=1), policy.zone)
        case _:
            return None


def _leave_ends(candidate: Candidate, now: datetime) -> datetime | None:
    """After the last of the leaves that follow one another."""
    day = day_of(candidate.zone, now)
    while holding := [one for one in candidate.leaves if one.first <= day <= one.last]:
        last = max(one.last for one in holding)
        if last == date.max:
            return None
        day = last + timedelta(days=1)
    return _start_of(day, candidate.zone)


def _holidays_end(policy: Policy, now: datetime) -> datetime | None:
    today = day_of(policy.zone, now)
    days = (today + timedelta(days=ahead) for ahead in range(1, HORIZON.days + 1))
    first = next((day for day in days if day not in policy.holidays), None)
    return None if first is None else _start_of(first, policy.zone)


def _start_of(day: date, zone: str) -> datetime:
    return datetime(day.year, day.month, day.day, tzinfo=ZoneInfo(zone)).astimezone(UTC)
