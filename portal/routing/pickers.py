"""How the next person is chosen among the eligible: one function per picker, the eligible never empty.

A picker puts first those who are level at the top of its order; between them the turn ledger decides, so credit does
not run away from those who are seldom there. Where no ledger is kept, the least recent lead does.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple
from uuid import UUID

from portal.routing import gates, ledger, matching
from portal.routing.facts import Candidate, Credit, Picker, PoolFacts
from portal.routing.gates import Gate
from portal.routing.scene import Scene


class Pick(NamedTuple):
    """Who was chosen, and the turn that was played for it; None where no ledger is kept."""

    user_id: UUID
    step: ledger.Step | None


Order = Callable[[Sequence[Candidate], Scene, PoolFacts], Sequence[Candidate]]
"""Those who come first among the eligible: one, or several who are level."""


def rotation(eligible: Sequence[Candidate], scene: Scene, pool: PoolFacts) -> Sequence[Candidate]:
    """By the turn ledger alone: equal weights are a plain round robin, weights 10 and 5 are twice as many."""
    return eligible


def best_match(eligible: Sequence[Candidate], scene: Scene, pool: PoolFacts) -> Sequence[Candidate]:
    """Who fits the lead best, and performs best as far as that counts."""
    use = matching.performance_use(scene, pool.delivery)
    reached = [matching.standing(one, scene, use) for one in eligible]
    best = max(reached)
    return [one for one, standing in zip(eligible, reached, strict=True) if standing == best]


def least_loaded(eligible: Sequence[Candidate], scene: Scene, pool: PoolFacts) -> Sequence[Candidate]:
    """The fewest open leads relative to weight; where weights are all the same, to open caps if all have one."""
    room = _room(eligible)
    first: list[Candidate] = []
    least_load, its_room = 0, 1
    for one, size in zip(eligible, room, strict=True):
        # open leads / room, cross-multiplied: a float would invent ties.
        more = one.open_leads * its_room - least_load * size
        if more < 0 or not first:
            first, least_load, its_room = [one], one.open_leads, size
        elif more == 0:
            first.append(one)
    return first


def _room(eligible: Sequence[Candidate]) -> list[int]:
    weights = [one.weight or 1 for one in eligible]
    caps = [one.open_cap for one in eligible if one.open_cap]
    return caps if len(set(weights)) == 1 and len(caps) == len(eligible) else weights


ORDERS: Mapping[Picker, Order] = {
    Picker.ROTATION: rotation,
    Picker.SINGLE: rotation,
    Picker.BEST_MATCH: best_match,
    Picker.LEAST_LOADED: least_loaded,
}

WAYS_IN: Mapping[Picker, tuple[Gate, ...]] = {
    Picker.ROTATION: gates.GATES,
    # Named by the pool, whether or not they take turns in it.
    Picker.SINGLE: gates.BEYOND_THE_POOL,
    Picker.BEST_MATCH: (*gates.GATES, matching.untagged, matching.score),
    Picker.LEAST_LOADED: gates.GATES,
}
"""The gates into the line of a pool, by its picker."""


def way_back(pool: PoolFacts) -> tuple[Gate, ...]:
    """The gates back into the line for those who missed a lead: only a no is final."""
    return tuple(gates.declined if gate is gates.asked else gate for gate in WAYS_IN[pool.picker])


def considered(pool: PoolFacts) -> Sequence[Candidate]:
    """Whom a pool looks at: its members, or the one it names."""
    if pool.picker is not Picker.SINGLE:
        return pool.members
    return [member for member in pool.members if member.user_id == pool.single_user]


def pick(
    eligible: Sequence[Candidate], scene: Scene, pool: PoolFacts, credit: Credit | None, full: Sequence[Candidate] = ()
) -> Pick:
    """Who gets the lead, among the eligible of `pool`. The turn is played on `credit`; None: no ledger is kept.

    Args:
        full: who loses what they are owed at it, as `ledger.step` has it.
    """
    first = ORDERS[pool.picker](eligible, scene, pool)
    if credit is None:
        return Pick(ledger.least_recent(first).user_id, None)
    step = ledger.step(first, credit, full)
    return Pick(step.chosen, step)


def credit_of(pool: PoolFacts, *, is_first: bool) -> Credit | None:
    """The credit a hand-out of `pool` is played on; None for a named user, who takes no turns.

    `is_first`: nobody was asked about the lead here before."""
    if pool.picker is Picker.SINGLE:
        return None
    return Credit.TURN if is_first else Credit.SECOND
