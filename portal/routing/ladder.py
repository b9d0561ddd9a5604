"""What happens when nobody in the line takes a lead: one rung after the other, until somebody has it or it waits.

Rungs that are not set up are passed over in silence, but for the two everybody asks after: default assignees and the
company's other users. None of them touches a ledger.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from operator import attrgetter
from typing import NamedTuple
from uuid import UUID

from portal.routing import gates, pickers, route
from portal.routing.decision import Decision
from portal.routing.facts import (
    Asked,
    Asking,
    Candidate,
    DefaultMode,
    LeadFacts,
    Outcome,
    Policy,
    PoolFacts,
    Refusal,
    Stage,
    TeamFacts,
    WhenNobody,
)
from portal.routing.scene import AS_USUAL, Scene


@dataclass(frozen=True, slots=True)
class Climb:
    """What rungs look at. `pool` is the one the lead has come to along the chain of next pools, `team` whose lead it is
    by its rule or pool. `everyone` loads the company's users; None when leads may not leave their pool for them."""

    scene: Scene
    pool: PoolFacts | None
    asking: Asking
    line: Decision
    everyone: Callable[[], Sequence[Candidate]] | None
    team: TeamFacts | None = None


class Found(NamedTuple):
    """What one rung came to; the fields mean what they mean in a Decision."""

    outcome: Outcome
    chosen: tuple[UUID, ...] = ()
    candidates: Sequence[Candidate] = ()
    refusals: Sequence[Refusal | None] = ()
    note: str | None = None
    set_aside: Sequence[Refusal | None] | None = None


Rung = Callable[[Climb], Found | None]
"""One step of the ladder; None where it is not set up."""


def climb(
    lead: LeadFacts,
    pool: PoolFacts | None,
    everyone: Callable[[], Sequence[Candidate]] | None,
    line: Decision,
    now: datetime,
    policy: Policy = AS_USUAL,
    asking: Asking = Asking(),  # noqa: B008 - frozen
    team: TeamFacts | None = None,
) -> Decision:
    """What follows `line`, a decision that chose nobody. One that left the lead in a pond is the end already.

    `pool` is None for a lead that came to a team which names no pool: the rungs above all pools are left. `everyone`
    gives the company's users in the order that breaks ties, with whom this lead was asked of already; it is called only
    when that rung is reached. `team` is whose lead it is. A decision on the stage NEXT_POOL, or on a rung above it of a
    pool further down the chain, names that pool. Raises ValueError when `line` did choose somebody.
    """
    if line.chosen:
        raise ValueError("the ladder begins where a line has chosen nobody")
    if line.outcome is Outcome.POND:
        return line
    if lead.taken_from is not None:
        return _climbed(Climb(Scene(lead, policy, now), pool, asking, line, None), OF_A_REASSIGNMENT, line)
    asked = everyone if policy.fallback_any_active else None
    way = Climb(Scene(lead, policy, now), pool, asking, line, asked, team)
    if line.is_for_people_of_team:
        return _beyond_the_pools(way, line)
    if pool is not None and _is_to_wait(pool, line):
        return _reached(way, Stage.WAITING, Found(Outcome.WAIT, note=HELD), line)
    reached = _along_the_chain(way, line)
    return reached if _is_settled(reached) else _beyond_the_pools(way, reached)


HELD = "Its people are away, off hours or full, and the pool waits for them."


def _is_to_wait(pool: PoolFacts, line: Decision) -> bool:
    """Whether the pool waits for its own: somebody would be there but for the time, and nobody has had it before."""
    refused = {refusal.gate for refusal in line.refusals if refusal is not None}
    everybody_refused = None not in line.refusals
    return (
        pool.when_nobody_available == WhenNobody.WAIT
        and everybody_refused
        and not refused.isdisjoint(gates.AWAY)
        and refused.isdisjoint(gates.ANSWERED)
    )


def _along_the_chain(way: Climb, line: Decision) -> Decision:
    """The rungs of the pool itself, then those of each pool it leads on to. Saving refuses loops; one met all the same
    ends the chain where it closes."""
    reached, pool, seen = line, way.pool, set[UUID]()
    while True:
        here = Climb(way.scene, pool, way.asking, line, way.everyone)
        rungs = OF_A_POOL if pool is way.pool else FURTHER_ALONG
        reached = _climbed(here, rungs, reached)
        if _is_settled(reached) or pool is None or pool.next_pool is None or pool.id in seen:
            return reached
        seen.add(pool.id)
        pool = pool.next_pool


def _beyond_the_pools(way: Climb, reached: Decision) -> Decision:
    return _climbed(way, BEYOND, reached)


def _climbed(way: Climb, rungs: Sequence[tuple[Stage, Rung]], reached: Decision) -> Decision:
    for stage, rung in rungs:
        found = rung(way)
        if found is not None:
            reached = _reached(way, stage, found, reached)
            if _is_settled(reached):
                break
    return reached


def _is_settled(decision: Decision) -> bool:
    return bool(decision.chosen) or decision.outcome is Outcome.POND


def _reached(way: Climb, stage: Stage, found: Found, before: Decision) -> Decision:
    return Decision(
        way.scene.lead,
        way.pool,
        way.line.match,
        way.line.at,
        stage,
        found.outcome,
        found.chosen,
        found.candidates,
        found.refusals,
        note=found.note,
        before=before,
        set_aside=found.set_aside,
    )


def last_call(way: Climb) -> Found | None:
    """Once more to all who missed it, though not to those who said no; the first to take it has it."""
    if way.pool is None or not way.pool.last_call_seconds or way.asking.last_call_made:
        return None
    missed = [one for one in way.pool.members if one.asked == Asked.MISSED]
    if not missed:
        return None
    refusals = gates.refusals(missed, way.scene, pickers.way_back(way.pool))
    called = [one for one, refused in zip(missed, refusals, strict=True) if refused is None]
    if not called:
        return Found(Outcome.WAIT, (), missed, refusals, "Nobody who missed it can take it now.")
    called.sort(key=attrgetter("tie_order", "user_id"))
    return Found(Outcome.LAST_CALL, tuple(one.user_id for one in called), missed, refusals)


def default_assignees(way: Climb) -> Found | None:
    """The pool's own answer: the lead is theirs, or they are told of it. Away or not, asked before or not."""
    if way.pool is None or not way.pool.default_assignees:
        return Found(Outcome.WAIT, note="No default assignees are set.")
    assignees = way.pool.default_assignees
    refusals = gates.refusals(assignees, way.scene, (gates.active, gates.taken_from))
    active = tuple(one.user_id for one, refused in zip(assignees, refusals, strict=True) if refused is None)
    if not active:
        why = "All default assignees are inactive." if way.scene.lead.taken_from is None else NONE_TO_DEFAULT_TO
        return Found(Outcome.WAIT, (), assignees, refusals, why)
    if _default_mode(way.pool) is DefaultMode.OWN:
        return Found(Outcome.ASSIGN, active[:1], assignees, refusals)
    if way.scene.lead.taken_from is not None:
        return Found(Outcome.WAIT, (), assignees, refusals, "Its default assignees are told of leads nobody owns only.")
    return Found(Outcome.TELL, active, assignees, refusals)


NONE_TO_DEFAULT_TO = "No default assignee is active, but for the owner it is taken from."


def further_default_assignees(way: Climb) -> Found | None:
    """Those of a pool further along; it is no news that it has none."""
    return default_assignees(way) if way.pool is not None and way.pool.default_assignees else None


def _default_mode(pool: PoolFacts) -> DefaultMode:
    if pool.for_reassignment:
        return DefaultMode.OWN
    if pool.default_mode is not None:
        return pool.default_mode
    return DefaultMode.OWN if len(pool.default_assignees) == 1 else DefaultMode.TELL


def next_pool(way: Climb) -> Found | None:
    """The pool's own way of handing out, but without turns: whoever is level there goes by their least recent lead."""
    if way.pool is None:
        return None
    found = route.look(way.scene, way.pool, None, 0)
    note = f"Handed on to pool “{way.pool.name}”."
    if found.note:
        note = f"{note} {found.note}"
    return Found(found.outcome, found.chosen, found.candidates, found.refusals, note)


def of_the_team(way: Climb) -> Found | None:
    """The team's default user, then its other users, the least recent lead first. They pass every gate but
    membership."""
    if way.team is None or (way.team.default is None and not way.team.members):
        return None
    default = way.team.default
    others = [one for one in way.team.members if default is None or one.user_id != default.user_id]
    people = _as_members([default, *others] if default else others, way.pool)
    refusals = gates.refusals(people, way.scene, gates.BEYOND_THE_POOL)
    if default and refusals[0] is None:
        return Found(Outcome.ASSIGN, (default.user_id,), people, refusals)
    chosen = _least_recent(people, refusals)
    if chosen:
        return Found(Outcome.ASSIGN, chosen, people, refusals)
    return Found(Outcome.WAIT, (), people, refusals, "Nobody of the team can take it.")


def any_active(way: Climb) -> Found | None:
    """So that leads do not get stuck: whoever passes every gate but membership; failing that, whoever receives leads
    at all. The least recent lead first."""
    if way.everyone is None:
        return Found(Outcome.WAIT, note="The company's other users are not asked: that fallback is switched off.")
    people = _as_members(way.everyone(), way.pool)
    refusals = gates.refusals(people, way.scene, gates.BEYOND_THE_POOL)
    chosen = _least_recent(people, refusals)
    if chosen:
        return Found(Outcome.ASSIGN, chosen, people, refusals)
    still_refused = gates.refusals(people, way.scene, gates.LAST_RESORT)
    chosen = _least_recent(people, still_refused)
    if chosen:
        note = "Nobody passes every gate, so availability and caps are set aside."
        return Found(Outcome.ASSIGN, chosen, people, still_refused, note, refusals)
    return Found(Outcome.WAIT, (), people, refusals, "No other user of the company can take it.")


def _as_members(people: Sequence[Candidate], pool: PoolFacts | None) -> Sequence[Candidate]:
    """People beyond the pool, with what the pool itself lets those of them have who are in it: it stays its lead."""
    limited = {one.user_id: one.pool_caps for one in pool.members if one.pool_caps} if pool else {}
    if not limited:
        return people
    return [replace(one, pool_caps=limited[one.user_id]) if one.user_id in limited else one for one in people]


def _least_recent(people: Sequence[Candidate], refusals: Sequence[Refusal | None]) -> tuple[UUID, ...]:
    """The one whose last lead is longest ago, never being longest; the earlier in `people` when level."""
    free = [one for one, refused in zip(people, refusals, strict=True) if refused is None]
    if not free:
        return ()
    never = [one for one in free if one.last_lead_at is None]
    first = never[0] if never else min(free, key=attrgetter("last_lead_at"))
    return (first.user_id,)


def waiting(way: Climb) -> Found | None:
    """Nobody could get it: it waits, with an alarm, and is routed again as soon as anybody becomes eligible."""
    return Found(Outcome.WAIT)


def stays(way: Climb) -> Found | None:
    """Nobody took an owned lead, so it stays where it is: there is no need of anybody further away."""
    return Found(Outcome.WAIT, note="Nobody takes it, so it stays with its owner.")


OF_A_POOL: tuple[tuple[Stage, Rung], ...] = ((Stage.LAST_CALL, last_call), (Stage.DEFAULT, default_assignees))
"""The rungs of the pool whose line has chosen nobody."""

FURTHER_ALONG: tuple[tuple[Stage, Rung], ...] = (
    (Stage.NEXT_POOL, next_pool),
    (Stage.DEFAULT, further_default_assignees),
)
"""The rungs of every pool its leads are handed on to."""

BEYOND: tuple[tuple[Stage, Rung], ...] = (
    (Stage.TEAM, of_the_team),
    (Stage.ANY_ACTIVE, any_active),
    (Stage.WAITING, waiting),
)
"""The rungs above all pools."""

OF_A_REASSIGNMENT: tuple[tuple[Stage, Rung], ...] = (*OF_A_POOL, (Stage.WAITING, stays))
"""The rungs for a lead that has an owner: those of the pool alone."""
