"""How long a refusal lasts."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest

from portal.routing import gates
from portal.routing.facts import Candidate, Cap, Policy, Presence, PresenceMode
from portal.routing.hours import Leave, parse_hours
from portal.routing.until import ends_at

from .crew import LEAD, NOW, agent

MADRID = "Europe/Madrid"
THREE_DAYS = (Leave(date(2026, 3, 1), date(2026, 3, 3)),)
EVENINGS = parse_hours({"monday": [["18:00", "22:00"]]}, MADRID)


def end_for(ben: Candidate, policy: Policy, now: datetime = NOW) -> datetime | None:
    refusal = gates.refusal(ben, LEAD, policy=policy, now=now)
    assert refusal is not None
    return ends_at(ben, refusal, policy, now)


@pytest.mark.parametrize(
    ("facts", "end"),
    [
        ({"hours": EVENINGS}, datetime(2026, 3, 2, 17, 0, tzinfo=UTC)),
        (
            {"leaves": THREE_DAYS, "zone": MADRID},
            datetime(2026, 3, 3, 23, tzinfo=UTC),
        ),
        ({"caps": (Cap("today", 3, 3),)}, datetime(2026, 3, 2, 23, tzinfo=UTC)),
        ({"caps": (Cap("today", 1, 3), Cap("this week", 9, 9))}, datetime(2026, 3, 8, 23, tzinfo=UTC)),
        ({"pool_caps": (Cap("this week", 3, 3, "Solar"),)}, datetime(2026, 3, 8, 23, tzinfo=UTC)),
        # Summer time has begun by then.
        ({"caps": (Cap("this month", 9, 9),)}, datetime(2026, 3, 31, 22, tzinfo=UTC)),
    ],
)
def test_what_ends_by_itself_says_when(facts, end):
    ben = agent("Ben", **facts)
    assert end_for(ben, Policy(zone=MADRID)) == end
    refusal = gates.refusal(ben, LEAD, policy=Policy(zone=MADRID), now=NOW)
    later = gates.refusal(ben, LEAD, policy=Policy(zone=MADRID), now=end - timedelta(seconds=1))
    assert refusal is not None
    assert later is not None


@pytest.mark.parametrize("facts", [{"hours": EVENINGS}, {"leaves": THREE_DAYS}])
def test_at_that_moment_the_gate_lets_them_through(facts):
    ben = agent("Ben", **facts)
    end = end_for(ben, Policy())
    assert end is not None
    assert gates.refusal(ben, LEAD, now=end) is None
    assert gates.refusal(ben, LEAD, now=end - timedelta(seconds=1)) is not None


def test_leaves_that_follow_one_another_are_one():
    leaves = (Leave(date(2026, 3, 1), date(2026, 3, 3)), Leave(date(2026, 3, 4), date(2026, 3, 9)))
    assert end_for(agent("Ben", leaves=leaves), Policy()) == datetime(2026, 3, 10, tzinfo=UTC)


def test_holidays_in_a_row_end_after_the_last():
    policy = Policy(holidays=frozenset({date(2026, 3, 2), date(2026, 3, 3)}))
    assert end_for(agent("Ben"), policy) == datetime(2026, 3, 4, tzinfo=UTC)


@pytest.mark.parametrize(
    "facts",
    [
        {"active": False},
        {"available": False},
        {"available": False, "leaves": THREE_DAYS},
        {"open_leads": 5, "open_cap": 5},
        {"presence": Presence.OFFLINE},
        {"weight": 0},
        {"hours": parse_hours({"exceptions": {"2020-01-01": [["09:00", "10:00"]]}}, "UTC")},
    ],
)
def test_what_only_an_act_ends_has_no_moment(facts):
    assert end_for(agent("Ben", **facts), Policy(presence_mode=PresenceMode.ONLY_AVAILABLE)) is None
