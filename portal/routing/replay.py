"""Leads of days gone by, routed once more in memory: what a draft of rules and pools would have made of them.

Whoever was really asked for a lead answers as they did then; everybody else accepts. Whether somebody was there is what
was noted then, so their hours, leave and caps of today do not count. Nothing is stored, and nobody is told.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from uuid import UUID

from portal.routing import ledger
from portal.routing.decision import Decision
from portal.routing.facts import (
    Asked,
    Asking,
    Candidate,
    LeadFacts,
    Outcome,
    Policy,
    PoolFacts,
    PresenceMode,
    Rule,
    RuleMatch,
    Stage,
)
from portal.routing.ladder import climb
from portal.routing.route import hand_out, match_rules, unrouted
from portal.routing.scene import AS_USUAL


@dataclass(frozen=True, slots=True)
class PastLead:
    """A lead as it came at `at`. `answers` are of those who were asked then and did not take it; `away` are those who
    were paused, on leave, off hours or full at that moment."""

    lead: LeadFacts
    at: datetime
    answers: Mapping[UUID, Asked] = field(default_factory=dict)
    away: frozenset[UUID] = frozenset()


@dataclass(frozen=True, slots=True)
class Setup:
    """Rules from the top, pools by id, and the company's users as the last rung of the ladder asks them."""

    rules: Sequence[Rule]
    pools: Mapping[UUID, PoolFacts]
    everyone: Sequence[Candidate] = ()
    policy: Policy = AS_USUAL


@dataclass(slots=True)
class Tally:
    """What became of the leads: how many each got, how many offers each missed or declined, and where leads ended.

    A lead that all were told of at once, or that lies in a pond, is nobody's: who would have been the first to take it
    cannot be known.
    """

    received: Counter[UUID] = field(default_factory=Counter)
    missed: Counter[UUID] = field(default_factory=Counter)
    declined: Counter[UUID] = field(default_factory=Counter)
    stages: Counter[Stage] = field(default_factory=Counter)
    outcomes: Counter[Outcome] = field(default_factory=Counter)
    by_rule: Counter[UUID | None] = field(default_factory=Counter)


def replay(leads: Iterable[PastLead], setup: Setup) -> Tally:
    """What `setup` makes of `leads`, which come in the order of their arrival. Credits begin as the pools have them."""
    run = _Run(setup)
    for past in leads:
        run.route(past)
    return run.tally


class _Run:
    """The pools as each lead leaves them to the next."""

    def __init__(self, setup: Setup) -> None:
        self.setup = setup
        self.policy = replace(setup.policy, holidays=frozenset(), presence_mode=PresenceMode.IGNORE)
        self.pools = {pool_id: _at_all_hours(pool) for pool_id, pool in setup.pools.items()}
        self.everyone = tuple(map(_always_there, setup.everyone))
        self.tally = Tally()

    def route(self, past: PastLead) -> None:
        match = match_rules(past.lead, self.setup.rules, past.at)
        self.tally.by_rule[match.rule.id if match.rule else None] += 1
        pool_id = match.rule.pool_id if match.rule else None
        if pool_id is None or pool_id not in self.pools:
            self._count(unrouted(past.lead, match, past.at))
            return
        self._count(self._asked_in_turn(past, match, pool_id))

    def _asked_in_turn(self, past: PastLead, match: RuleMatch, pool_id: UUID) -> Decision:
        """Each offer that ended then without a taker ends so again, and the next is asked."""
        asked: dict[UUID, Asked] = {}
        # Every round asks somebody new, so it ends.
        while True:
            pool = _as_then(self.pools[pool_id], past, asked)
            asking = Asking(len(asked))
            decision = hand_out(past.lead, pool, match, asking, past.at, self.policy)
            if decision.outcome is Outcome.WAIT:
                return self._up_the_ladder(past, pool, decision, asking, asked)
            self.pools[pool_id] = _without_moment(ledger.apply(pool, decision, past.at), self.pools[pool_id])
            answer = past.answers.get(decision.chosen[0]) if decision.outcome is Outcome.OFFER else None
            if answer is None:
                if decision.outcome is Outcome.OFFER:
                    self.pools[pool_id] = _accepted(self.pools[pool_id], decision.chosen[0])
                return decision
            asked[decision.chosen[0]] = answer
            (self.tally.missed if answer is Asked.MISSED else self.tally.declined)[decision.chosen[0]] += 1

    def _up_the_ladder(
        self, past: PastLead, pool: PoolFacts, line: Decision, asking: Asking, asked: Mapping[UUID, Asked]
    ) -> Decision:
        def everyone() -> Sequence[Candidate]:
            return _people_then(self.everyone, past, asked)

        return climb(past.lead, pool, everyone, line, past.at, self.policy, asking)

    def _count(self, decision: Decision) -> None:
        self.tally.stages[decision.stage] += 1
        self.tally.outcomes[decision.outcome] += 1
        if decision.outcome in (Outcome.ASSIGN, Outcome.OFFER):
            self.tally.received.update(decision.chosen)


def _at_all_hours(pool: PoolFacts) -> PoolFacts:
    further = pool.next_pool and _at_all_hours(pool.next_pool)
    return replace(pool, members=tuple(map(_always_there, pool.members)), next_pool=further)


def _always_there(one: Candidate) -> Candidate:
    return replace(one, available=True, open_cap=None, caps=(), hours=None, leaves=())


def _accepted(pool: PoolFacts, user_id: UUID) -> PoolFacts:
    """An assigned lead counts as open already; an offered one does once it is taken."""
    members = [
        ledger.changed(one, open_leads=one.open_leads + 1) if one.user_id == user_id else one for one in pool.members
    ]
    return replace(pool, members=tuple(members))


def _as_then(pool: PoolFacts, past: PastLead, asked: Mapping[UUID, Asked]) -> PoolFacts:
    if not asked and not past.away:
        return pool
    further = pool.next_pool and _as_then(pool.next_pool, past, asked)
    return replace(pool, members=_people_then(pool.members, past, asked), next_pool=further)


def _people_then(people: Sequence[Candidate], past: PastLead, asked: Mapping[UUID, Asked]) -> Sequence[Candidate]:
    if not asked and past.away.isdisjoint(one.user_id for one in people):
        return people
    return tuple([_as_they_were(one, past, asked) for one in people])


def _as_they_were(one: Candidate, past: PastLead, asked: Mapping[UUID, Asked]) -> Candidate:
    is_away, answer = one.user_id in past.away, asked.get(one.user_id)
    if not is_away and answer is None:
        return one
    return ledger.changed(one, available=one.available and not is_away, asked=answer or one.asked)


def _without_moment(after: PoolFacts, before: PoolFacts) -> PoolFacts:
    """The pool with its turns played, and its people as available and unasked as they are by themselves."""
    if after is before:
        return before
    members = tuple(
        [
            one if one.available == was.available and one.asked is was.asked
            else ledger.changed(one, available=was.available, asked=was.asked)
            for one, was in zip(after.members, before.members, strict=True)
        ]
    )  # fmt: skip
    return replace(before, members=members)
