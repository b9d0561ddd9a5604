"""The turn ledger: what each member of a pool was entitled to and what they received.

The difference is a member's credit, in whole nano-leads. Every movement here sums to exactly zero over the pool, so
its credits always do. With the same people in line throughout, nobody is ever a whole lead ahead of or behind their
fair share: among those who are owed something, the one whose next whole lead falls due first is next. (That is
earliest-deadline-first for the chairman assignment problem; R. Tijdeman, Discrete Mathematics 32, 1980.)

A pool keeps two such credits: the turn credit for first hand-outs, the second-choice credit for what is passed on.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from datetime import datetime, timedelta
from enum import StrEnum
from operator import attrgetter
from typing import TYPE_CHECKING, Any
from uuid import UUID

from portal.routing.caps import grown
from portal.routing.facts import NANO, Candidate, Credit, Outcome, PoolFacts

if TYPE_CHECKING:
    from portal.routing.decision import Decision

JOINING = 0
"""The credit somebody joins with, on both counts: no flood for the newcomer."""


CREDIT_OF: Mapping[Credit, Callable[[Candidate], int]] = {
    Credit.TURN: attrgetter("credit"),
    Credit.SECOND: attrgetter("second_credit"),
}
"""Which of a candidate's two credits a step is played on."""


class TieBreak(StrEnum):
    """What decided between people who were exactly level."""

    LEAST_RECENT = "least_recent"
    FIXED_ORDER = "fixed_order"


@dataclass(frozen=True, slots=True)
class Step:
    """One turn: everybody in line was entitled to a part of a lead, and one of them got the whole.

    `entitled` are nano-leads, in the order of `members`; `place` is where the chosen stands among them. `paid` is
    exactly what was handed out: a lead less what rounding down left over, so at most a few nano-leads below NANO.

    Before the turn, those in `forfeiting` lost all they were owed; `gained` is what each of the members got of it.
    """

    credit: Credit
    members: Sequence[Candidate]
    entitled: Sequence[int]
    place: int
    paid: int
    tie_break: TieBreak | None = None
    forfeiting: Sequence[Candidate] = ()
    gained: Sequence[int] = ()

    @property
    def chosen(self) -> UUID:
        return self.members[self.place].user_id

    @property
    def owed(self) -> int:
        """What the chosen was owed when the lead was theirs, this step's part included, in nano-leads."""
        gained = self.gained[self.place] if self.gained else 0
        return CREDIT_OF[self.credit](self.members[self.place]) + gained + self.entitled[self.place]

    @property
    def received(self) -> list[int]:
        """What each of `members` got in this step, in nano-leads: all but the chosen nothing."""
        received = [0] * len(self.members)
        received[self.place] = self.paid
        return received

    @property
    def forfeits(self) -> dict[UUID, int]:
        """The net changes before the turn, by user id: what was lost and who gained it. They sum to zero."""
        credit_of = CREDIT_OF[self.credit]
        lost = {one.user_id: -credit_of(one) for one in self.forfeiting}
        return lost | {one.user_id: gain for one, gain in zip(self.members, self.gained, strict=False)}

    def moves(self) -> dict[UUID, int]:
        """All that the turn moves, what was forfeited before it included, by user id. Sums to zero."""
        moves = self.deltas()
        if self.forfeiting:
            for user_id, change in self.forfeits.items():
                moves[user_id] = moves.get(user_id, 0) + change
        return moves

    def moves_of(self, candidates: Sequence[Candidate]) -> list[int]:
        """The same for `candidates`, in their order; those who take part in the turn are the very ones it knows."""
        # By identity: to hash everybody's id would take longer than the turn.
        moves = {id(one): change for one, change in zip(self.members, self.changes(), strict=True)}
        if self.forfeiting:
            for one, gain in zip(self.members, self.gained, strict=True):
                moves[id(one)] += gain
            moves |= {id(one): -CREDIT_OF[self.credit](one) for one in self.forfeiting}
        return [moves.get(id(one), 0) for one in candidates]

    def changes(self) -> list[int]:
        """The net change of each member's credit by the turn itself, in nano-leads and in the order of `members`. Sums
        to zero."""
        changes = list(self.entitled)
        changes[self.place] -= self.paid
        return changes

    def deltas(self) -> dict[UUID, int]:
        """The same net changes, by user id."""
        return {member.user_id: change for member, change in zip(self.members, self.changes(), strict=True)}


@dataclass(frozen=True, slots=True)
class Holding:
    """What a member holds on one of the two credits, in nano-leads, with what decides how others' credit is spread."""

    user_id: UUID
    credit: int
    weight: int
    tie_order: int


def step(eligible: Sequence[Candidate], credit: Credit, full: Sequence[Candidate] = ()) -> Step:
    """Play one turn among `eligible`, who all have a weight above zero. Everybody else is frozen.

    Args:
        full: members of the pool who have as many leads as they may have, where they lose what they are owed: it goes
            to `eligible` by weight before the turn. What they owe stays theirs.

    Raises ValueError when nobody is eligible or somebody has no weight.
    """
    weights = [member.weight or 0 for member in eligible]
    if min(weights, default=0) < 1:
        raise ValueError("a step is played among members with a weight above zero")
    entitled = _entitlements(weights)
    owed = [before + share for before, share in zip(map(CREDIT_OF[credit], eligible), entitled, strict=True)]
    forfeiting = [one for one in full if CREDIT_OF[credit](one) > 0]
    gained = _gained(eligible, credit, forfeiting) if forfeiting else ()
    owed = [credit + gain for credit, gain in zip(owed, gained, strict=True)] if gained else owed
    place, tie_break = _choose(eligible, _level(owed, weights))
    return Step(credit, eligible, entitled, place, sum(entitled), tie_break, forfeiting, gained)


def _gained(members: Sequence[Candidate], credit: Credit, forfeiting: Sequence[Candidate]) -> list[int]:
    lost = sum(map(CREDIT_OF[credit], forfeiting))
    shares = _spread(lost, [Holding(one.user_id, 0, one.weight or 0, one.tie_order) for one in members])
    return [shares[one.user_id] for one in members]


def _entitlements(weights: Sequence[int]) -> list[int]:
    total = sum(weights)
    return [NANO * weight // total for weight in weights]


def _level(owed: Sequence[int], weights: Sequence[int]) -> list[int]:
    """The places of those who come first: one, or several who are exactly level."""
    first: list[int] = []
    least_gap, its_weight = 0, 1
    for place, credit in enumerate(owed):
        if credit <= 0:
            continue
        gap, weight = NANO - credit, weights[place]
        # gap / weight is how long until the next whole lead falls due. Cross-multiplied: a float would invent ties.
        later = gap * its_weight - least_gap * weight
        if later < 0 or not first:
            first = [place]
            least_gap, its_weight = gap, weight
        elif later == 0:
            first.append(place)
    return first or _highest(owed)


def _highest(owed: Sequence[int]) -> list[int]:
    """Nobody in line is owed anything when those who are frozen hold the credit: the one least ahead is next."""
    highest = max(owed)
    return [place for place, credit in enumerate(owed) if credit == highest]


def _choose(members: Sequence[Candidate], level: Sequence[int]) -> tuple[int, TieBreak | None]:
    """Among the level: the least recent lead over all pools (never is longest ago), then the pool's fixed order."""
    if len(level) == 1:
        return level[0], None
    never = [place for place in level if members[place].last_lead_at is None]
    oldest = never or _oldest(members, level)
    if len(oldest) == 1:
        return oldest[0], TieBreak.LEAST_RECENT
    return min(oldest, key=lambda place: members[place].tie_order), TieBreak.FIXED_ORDER


def least_recent(members: Sequence[Candidate]) -> Candidate:
    """Where no turns are kept: whose last lead is the longest ago, never being longest; then the pool's fixed order."""
    place, _ = _choose(members, range(len(members)))
    return members[place]


def _oldest(members: Sequence[Candidate], level: Sequence[int]) -> list[int]:
    times = {place: at for place in level if (at := members[place].last_lead_at) is not None}
    oldest = min(times.values())
    return [place for place, at in times.items() if at == oldest]


def charge(told: Sequence[Candidate], taker: UUID, credit: Credit = Credit.TURN) -> Step:
    """A turn whose taker is settled already: the others in `told` become entitled, the taker pays.

    Raises ValueError when the taker is not among those told.
    """
    place = next((place for place, member in enumerate(told) if member.user_id == taker), None)
    if place is None:
        raise ValueError("the taker is not among those the lead was told to")
    weights = [member.weight or 0 for member in told]
    entitled = _entitlements(weights) if any(weights) else weights
    return Step(credit, told, entitled, place, sum(entitled))


def leave(members: Sequence[Holding], leaver: UUID) -> dict[UUID, int]:
    """Net changes when `leaver` goes: their credit passes to the rest. The last one out takes it along, to zero.

    `members` are the pool's holdings on one credit, the leaver among them; call it once for each credit. Raises
    ValueError when the leaver is no member.
    """
    going = next((member for member in members if member.user_id == leaver), None)
    if going is None:
        raise ValueError("somebody who is not a member cannot leave")
    staying = [member for member in members if member.user_id != leaver]
    return {leaver: -going.credit, **_spread(going.credit, staying)}


def reverse(deltas: Mapping[UUID, int], present: Sequence[Holding]) -> dict[UUID, int]:
    """Net changes that undo an entry. What falls to somebody who left since is spread over those present."""
    here = {member.user_id for member in present}
    changes = {user_id: -delta for user_id, delta in deltas.items() if user_id in here}
    of_those_gone = -sum(delta for user_id, delta in deltas.items() if user_id not in here)
    for user_id, share in _spread(of_those_gone, present).items():
        changes[user_id] = changes.get(user_id, 0) + share
    return changes


def zero(members: Iterable[Holding]) -> dict[UUID, int]:
    """Net changes that set every credit back to zero."""
    return {member.user_id: -member.credit for member in members}


def _spread(amount: int, over: Sequence[Holding]) -> dict[UUID, int]:
    """`amount` (nano-leads, of either sign) over members by weight, evenly when all stand at weight 0. What cannot be
    divided goes to the first in tie order, so the parts sum to the whole."""
    if not over:
        return {}
    weights = [member.weight for member in over]
    if not any(weights):
        weights = [1] * len(over)
    total = sum(weights)
    shares = {member.user_id: amount * weight // total for member, weight in zip(over, weights, strict=True)}
    first = min(over, key=lambda member: member.tie_order)
    shares[first.user_id] += amount - sum(shares.values())
    return shares


def apply(pool: PoolFacts, decision: Decision, now: datetime) -> PoolFacts:
    """The pool as the next lead finds it, once `decision` is carried out at `now`.

    So a batch is played in memory, with the result of as many single hand-outs. Who was offered or assigned the lead
    had their last lead now; who was assigned it has one open lead more.
    """
    if decision.outcome not in HANDED_OUT:
        return pool
    members = tuple([changed(one) for one in pool.members])
    carry_out(members, decision, now)
    return replace(pool, members=members)


def carry_out(members: Sequence[Candidate], decision: Decision, now: datetime) -> None:
    """The same in place, for a batch whose members nobody else holds: it would spend its time on copying them."""
    if decision.outcome not in HANDED_OUT:
        return
    step = decision.step
    if step is not None:
        deltas, credit_of, put = step.moves(), CREDIT_OF[step.credit], _PUT[_NAMES[step.credit]]
        for one in members:
            if change := deltas.get(one.user_id):
                put(one, credit_of(one) + change)
    moment = after_all(members, now)
    for one in members:
        if one.user_id in decision.chosen:
            receive(one, decision.outcome, moment, decision.pool_id)


HANDED_OUT = frozenset({Outcome.OFFER, Outcome.ASSIGN})
"""Outcomes that put somebody's turn behind them."""


def play(step: Step) -> None:
    """A turn in place, on its own members, who must be candidates nobody else holds: a long run of leads would spend
    its time on copying a pool."""
    credit_of, put = CREDIT_OF[step.credit], _PUT[_NAMES[step.credit]]
    for one, change in zip(step.members, step.changes(), strict=True):
        put(one, credit_of(one) + change)
    for one, gain in zip(step.members, step.gained, strict=False):
        put(one, credit_of(one) + gain)
    for one in step.forfeiting:
        put(one, 0)


_NAMES: Mapping[Credit, str] = {Credit.TURN: "credit", Credit.SECOND: "second_credit"}


def receive(member: Candidate, outcome: Outcome, moment: datetime, pool_id: UUID | None) -> None:
    """Note in place, on a candidate nobody else holds, that they were offered or assigned a lead of a pool at
    `moment`."""
    update(member, last_lead_at=moment)
    if outcome is Outcome.ASSIGN:
        update(member, open_leads=member.open_leads + 1)
        if member.caps:
            update(member, caps=grown(member.caps, 1, pool_id))
        if member.pool_caps:
            update(member, pool_caps=grown(member.pool_caps, 1, pool_id))


_FACTS = tuple(one.name for one in fields(Candidate))

_PUT: Mapping[str, Callable[[Candidate, Any], None]] = {name: getattr(Candidate, name).__set__ for name in _FACTS}
"""Puts a fact where the frozen class lets nobody put it: what `object.__setattr__` comes to, without looking it up."""


def changed(member: Candidate, **changes: Any) -> Candidate:
    """`member` with some facts changed: `dataclasses.replace`, several times faster. A batch changes a whole pool at
    every lead."""
    twin = object.__new__(Candidate)
    for name, put in _PUT.items():
        put(twin, getattr(member, name))
    update(twin, **changes)
    return twin


def update(member: Candidate, **changes: Any) -> None:
    """Change facts in place. Only of a candidate made here that nobody else holds: everywhere else facts are frozen."""
    for name, value in changes.items():
        _PUT[name](member, value)


def after_all(members: Sequence[Candidate], now: datetime) -> datetime:
    """`now`, or just after the newest lead: in a batch under one clock reading, order is still by who had theirs."""
    newest = max((member.last_lead_at for member in members if member.last_lead_at), default=None)
    return now if newest is None or newest < now else newest + timedelta(microseconds=1)
