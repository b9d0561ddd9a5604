"""Agents, pools and leads for routing tests: valid unless said otherwise, with the same ids for the same names."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid5

from portal.routing.decision import Decision
from portal.routing.facts import NANO, Candidate, LeadFacts, PoolFacts, Rule

SPACE = UUID(int=0)
NOW = datetime(2026, 3, 2, 9, 30, tzinfo=UTC)
LEAD = LeadFacts(id=uuid5(SPACE, "lead"), source="form", has_phone=True)


def id_of(name: str) -> UUID:
    return uuid5(SPACE, name)


def agent(name: str, *, weight: int | None = 1, owed: float = 0, second: float = 0, **facts: Any) -> Candidate:
    """A member who may get anything; `owed` and `second` are credits in leads."""
    return Candidate(
        id_of(name), name, weight=weight, credit=round(owed * NANO), second_credit=round(second * NANO), **facts
    )


def pool(*members: Candidate, **facts: Any) -> PoolFacts:
    return PoolFacts(id_of("Buyers"), "Buyers", members=members, **facts)


def default_rule(**facts: Any) -> Rule:
    return Rule(id_of("Default"), "Default", id_of("Buyers"), is_default=True, **facts)


def minutes_ago(count: float) -> datetime:
    return NOW - timedelta(minutes=count)


def rows(decision: Decision) -> list[dict[str, Any]]:
    """What is kept of everybody who was looked at, from the first stage to this one."""
    told: list[dict[str, Any]] = decision.as_data()["candidates"]
    return told
