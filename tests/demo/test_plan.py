"""The demo's plan is the same whatever the hour it is made at: what shall have been handed out by now, has been."""

from __future__ import annotations

from datetime import UTC, datetime
from random import Random

import pytest

from portal.demo.plan import Becomes, looked_at_by, plans

MOMENTS = (
    datetime(2026, 11, 26, 7, 27, tzinfo=UTC),
    datetime(2026, 11, 29, 3, 0, tzinfo=UTC),
    datetime(2026, 11, 30, 5, 0, tzinfo=UTC),
    datetime(2026, 11, 28, 23, 50, tzinfo=UTC),
    # The night in which the clocks of Chicago go back, and the one in which they go on.
    datetime(2026, 11, 1, 7, 30, tzinfo=UTC),
    datetime(2027, 3, 14, 8, 30, tzinfo=UTC),
)


@pytest.mark.parametrize("now", MOMENTS, ids=str)
def test_nothing_that_was_handed_out_lies_there_still(now: datetime) -> None:
    for seed in range(20):
        handed_out = [plan for plan in plans(now, Random(seed)) if plan.becomes is Becomes.HANDED_OUT]
        assert len(handed_out) == 38
        assert [plan for plan in handed_out if looked_at_by(plan.at) > now] == []
