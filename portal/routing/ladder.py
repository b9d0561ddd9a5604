"""What happens when nobody in the line takes a lead: one rung after the other, until somebody has it or it waits."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from operator import attrgetter
from typing import NamedTuple
from uuid import UUID

from portal.routing import gates
from portal.routing.decision import Decision
from portal.routing.facts import Candidate, DefaultMode, LeadFacts, Outcome, PoolFacts, Refusal, Stage


@dataclass(frozen=True, slots=True)
class Climb:
    """What rungs look at. `everyone` loads the company's users; None when leads may not leave their pool for them."""

    lead: LeadFacts
    pool: PoolFacts | None
    everyone: Callable[[], Sequence[Candidate]] | None


class Found(NamedTuple):
    """What one rung came to; the fields mean what they mean in a Decision."""

    outcome: Outcome
    chosen: tuple[UUID, ...] = ()
    candidates: Sequence[Candidate] = ()
    refusals: Sequence[Refusal | None] = ()
    note: str | None = None
    set_aside: Sequence[Refusal | None] | None = None


def climb(
    lead: LeadFacts,
    pool: PoolFacts | None,
    everyone: Callable[[], Sequence[Candidate]] | None,
    line: Decision,
    now: datetime,
) -> Decision:
    """What follows `line`, a decision that chose nobody.

    `everyone` gives the company's users in the order that breaks ties, with whom this lead was asked of already; it
    is called only when that rung is reached. Raises ValueError when `line` did choose somebody.
    """
    if line.chosen:
        raise ValueError("the ladder begins where a line has chosen nobody")
    way = Climb(lead, pool, everyone)
    reached = line
    for stage, rung in RUNGS:
        found = rung(way)
        reached = Decision(
            lead,
            pool,
            line.match,
            now,
            stage,
            found.outcome,
            found.chosen,
            found.candidates,
            found.refusals,
            note=found.note,
            before=reached,
            set_aside=found.set_aside,
        )
        if found.chosen:
            break
    return reached


def default_assignees(way: Climb) -> Found:
    """The pool's own answer: the lead is theirs, or they are told of it. Away or not, asked before or not."""
    if way.pool is None or not way.pool.default_assignees:
        return Found(Outcome.WAIT, note="No default assignees are set.")
    assignees = way.pool.default_assignees
    refusals = gates.refusals(assignees, way.lead, (gates.active,))
    active = tuple(one.user_id for one, refused in zip(assignees, refusals, strict=True) if refused is None)
    if not active:
        return Found(Outcome.WAIT, (), assignees, refusals, "All default assignees are inactive.")
    if _default_mode(way.pool) is DefaultMode.OWN:
        return Found(Outcome.ASSIGN, active[:1], assignees, refusals)
    return Found(Outcome.TELL, active, assignees, refusals)


def _default_mode(pool: PoolFacts) -> DefaultMode:
    if pool.default_mode is not None:
        return pool.default_mode
    return DefaultMode.OWN if len(pool.default_assignees) == 1 else DefaultMode.TELL


def any_active(way: Climb) -> Found:
    """So that leads do not get stuck: whoever passes every gate but membership; failing that, whoever receives leads
    at all. The least recent lead first."""
    if way.everyone is None:
        return Found(Outcome.WAIT, note="The company's other users are not asked: that fallback is switched off.")
    people = way.everyone()
    refusals = gates.refusals(people, way.lead, gates.BEYOND_THE_POOL)
    chosen = _least_recent(people, refusals)
    if chosen:
        return Found(Outcome.ASSIGN, chosen, people, refusals)
    still_refused = gates.refusals(people, way.lead, gates.LAST_RESORT)
    chosen = _least_recent(people, still_refused)
    if chosen:
        note = "Nobody passes every gate, so availability and caps are set aside."
        return Found(Outcome.ASSIGN, chosen, people, still_refused, note, refusals)
    return Found(Outcome.WAIT, (), people, refusals, "No other user of the company can take it.")


def _least_recent(people: Sequence[Candidate], refusals: Sequence[Refusal | None]) -> tuple[UUID, ...]:
    """The one whose last lead is longest ago, never being longest; the earlier in `people` when level."""
    free = [one for one, refused in zip(people, refusals, strict=True) if refused is None]
    if not free:
        return ()
    never = [one for one in free if one.last_lead_at is None]
    first = never[0] if never else min(free, key=attrgetter("last_lead_at"))
    return (first.user_id,)


def waiting(way: Climb) -> Found:
    """Nobody could get it: it waits, with an alarm, and is routed again as soon as anybody becomes eligible."""
    return Found(Outcome.WAIT)


RUNGS: tuple[tuple[Stage, Callable[[Climb], Found]], ...] = (
    (Stage.DEFAULT, default_assignees),
    (Stage.ANY_ACTIVE, any_active),
    (Stage.WAITING, waiting),
)
"""The ladder from the line upwards. A new rung is a function and its place here."""
