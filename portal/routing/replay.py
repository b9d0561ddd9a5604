"""Leads of days gone by, routed once more in memory: what a draft of rules and pools would have made of them.

Whoever was really asked for a lead answers as they did then; everybody else accepts. Whether somebody was there is what
was noted then, so their hours, leave and caps of today do not count. Only what a pool lets its members have in a day, a
week or a month is part of the set-up, and counted from the first lead on. Nothing is stored, and nobody is told.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from uuid import UUID

from portal.routing import ledger
from portal.routing.decision import Decision
from portal.routing.facts import (
    Asked,
    Asking,
    Candidate,
    Cap,
    LeadFacts,
    Outcome,
    Policy,
    PoolFacts,
    PresenceMode,
    Rule,
    RuleMatch,
    Stage,
    TeamFacts,
    TeamRules,
)
from portal.routing.hours import day_of
from portal.routing.ladder import climb
from portal.routing.route import hand_out, match_rules, unrouted, without_pool
from portal.routing.scene import AS_USUAL


@dataclass(frozen=True, slots=True)
class PastLead:
    """A lead as it came at `at`. `answers` are of those who were asked then and did not take it; `away` are those who
    were paused, on leave or off hours at that moment, `full` those who had as many leads as they might have."""

    lead: LeadFacts
    at: datetime
    answers: Mapping[UUID, Asked] = field(default_factory=dict)
    away: frozenset[UUID] = frozenset()
    full: frozenset[UUID] = frozenset()


FULL = (Cap("as was noted", 1, 1),)
"""Of somebody who was full when a lead came."""

STARTS: Mapping[str, Callable[[date], date]] = {
    "today": lambda day: day,
    "this week": lambda day: day - timedelta(days=day.weekday()),
    "this month": lambda day: day.replace(day=1),
}
"""The first day of what a cap counts."""


@dataclass(frozen=True, slots=True)
class Setup:
    """The company's rules from the top, pools by id, and its users as the last rung of the ladder asks them; by team,
    its own rules and its people."""

    rules: Sequence[Rule]
    pools: Mapping[UUID, PoolFacts]
    everyone: Sequence[Candidate] = ()
    policy: Policy = AS_USUAL
    teams: Mapping[UUID, TeamRules] = field(default_factory=dict)
    people: Mapping[UUID, TeamFacts] = field(default_factory=dict)


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
    run = Replay(setup)
    for past in leads:
        run.route(past)
    return run.tally


class Replay:
    """A setup as each lead leaves it to the next, for leads that come one by one, in the order of their arrival.

    It has copies of the people of its own, one for each pool they are in, and changes those in place: copying a pool
    for each of 100,000 leads would take minutes.
    """

    def __init__(self, setup: Setup) -> None:
        self.tally = Tally()
        self._rules, self._team_rules = setup.rules, setup.teams
        self._policy = replace(setup.policy, holidays=frozenset(), presence_mode=PresenceMode.IGNORE, as_noted=True)
        self._people: defaultdict[UUID, list[Candidate]] = defaultdict(list)
        self._pools: dict[UUID, PoolFacts] = {}
        # Members whom their pool lets have so many leads in a time, and the day these were counted to.
        self._limited: list[Candidate] = []
        self._day: date | None = None
        for pool in setup.pools.values():
            self._own(pool, setup.pools)
        self._everyone = self._copies(setup.everyone)
        self._teams = {team_id: self._own_team(team) for team_id, team in setup.people.items()}

    def _own_team(self, team: TeamFacts) -> TeamFacts:
        default = None if team.default is None else self._copies([team.default])[0]
        return replace(team, default=default, members=self._copies(team.members))

    def _own(self, pool: PoolFacts, pools: Mapping[UUID, PoolFacts], way: frozenset[UUID] = frozenset()) -> PoolFacts:
        """`pool` with people of its own; a pool that others hand on to is one and the same for all of them."""
        if pool.id in self._pools:
            return self._pools[pool.id]
        further = pool.next_pool if pool.next_pool is None or pool.next_pool.id not in way else None
        owned = replace(
            pool,
            members=self._copies(pool.members),
            next_pool=further and self._own(pools.get(further.id, further), pools, way | {pool.id}),
        )
        self._pools[pool.id] = owned
        self._limited += [one for one in owned.members if one.pool_caps]
        return owned

    def _copies(self, people: Sequence[Candidate]) -> tuple[Candidate, ...]:
        """Copies that are always there, but for what was noted of a lead."""
        copies = [
            ledger.changed(one, available=True, caps=(), pool_caps=_unused(one.pool_caps), leaves=(), asked=None)
            for one in people
        ]
        for one in copies:
            self._people[one.user_id].append(one)
        return tuple(copies)

    def route(self, past: PastLead) -> None:
        """One lead more."""
        match = match_rules(past.lead, self._rules, past.at, self._team_rules)
        self.tally.by_rule[match.rule.id if match.rule else None] += 1
        pool = self._pools.get(match.pool_id) if match.pool_id else None
        if pool is None and not match.is_for_people_of_team:
            self._count(unrouted(past.lead, match, past.at))
            return
        self._count_anew(past.at)
        self._note(past.away, available=False)
        self._note(past.full, caps=FULL)
        asked = dict[UUID, Asked]()
        self._count(self._asked_in_turn(past, match, pool, asked))
        self._note(past.away, available=True)
        self._note(past.full, caps=())
        self._note(asked, asked=None)

    def _count_anew(self, now: datetime) -> None:
        """Another day, week or month has begun for those whom their pool lets have so many leads in it."""
        if not self._limited or self._day == (day := day_of(self._policy.zone, now)):
            return
        before, self._day = self._day or day, day
        begun = {what for what, start in STARTS.items() if start(day) != start(before)}
        for one in self._limited:
            ledger.update(
                one, pool_caps=tuple(cap._replace(used=0) if cap.what in begun else cap for cap in one.pool_caps)
            )

    def _note(self, user_ids: Iterable[UUID], **facts: object) -> None:
        for user_id in user_ids:
            for one in self._people.get(user_id, ()):
                ledger.update(one, **facts)

    def _asked_in_turn(
        self, past: PastLead, match: RuleMatch, pool: PoolFacts | None, asked: dict[UUID, Asked]
    ) -> Decision:
        """Each offer that ended then without a taker ends so again, and the next is asked."""
        asking = Asking()
        # Every round asks somebody new, or makes the one last call, so it ends.
        while True:
            decision = self._decide(past, match, pool, asking)
            if decision.outcome is Outcome.LAST_CALL:
                # Whoever missed it did not take it then, and does not now.
                asking = replace(asking, last_call_made=True)
                continue
            if decision.outcome not in ledger.HANDED_OUT:
                return decision
            chosen = decision.chosen[0]
            answer = past.answers.get(chosen) if decision.outcome is Outcome.OFFER else None
            self._hand_out(pool, decision, past.at, is_taken=answer is None)
            if answer is None:
                return decision
            asked[chosen] = answer
            self._note([chosen], asked=answer)
            (self.tally.missed if answer is Asked.MISSED else self.tally.declined)[chosen] += 1
            if decision.stage is Stage.LINE:
                asking = replace(asking, offers_made=asking.offers_made + 1)

    def _decide(self, past: PastLead, match: RuleMatch, pool: PoolFacts | None, asking: Asking) -> Decision:
        if pool is None:
            decision = without_pool(past.lead, match, past.at)
        else:
            decision = hand_out(past.lead, pool, match, asking, past.at, self._policy)
        if decision.chosen:
            return decision
        team = self._team_of(match, pool)
        return climb(past.lead, pool, lambda: self._everyone, decision, past.at, self._policy, asking, team)

    def _team_of(self, match: RuleMatch, pool: PoolFacts | None) -> TeamFacts | None:
        """Whose lead it is: the rule's team, else the pool's."""
        team_id = match.team.id if match.team else pool.team_id if pool else None
        return self._teams.get(team_id) if team_id else None

    def _hand_out(self, pool: PoolFacts | None, decision: Decision, now: datetime, *, is_taken: bool) -> None:
        """The turn is played, and the chosen had their last lead now, in whichever pool they are looked at next. A lead
        counts as open once it is taken."""
        if decision.step is not None:
            ledger.play(decision.step)
        moment = ledger.after_all(pool.members if pool else (), now)
        for one in self._people[decision.chosen[0]]:
            ledger.receive(one, Outcome.ASSIGN if is_taken else Outcome.OFFER, moment, decision.pool_id)

    def _count(self, decision: Decision) -> None:
        self.tally.stages[decision.stage] += 1
        self.tally.outcomes[decision.outcome] += 1
        if decision.outcome in ledger.HANDED_OUT:
            self.tally.received.update(decision.chosen)


def _unused(caps: Sequence[Cap]) -> tuple[Cap, ...]:
    """Those a replay can count, from nothing. When leads were closed is not replayed."""
    return tuple(cap._replace(used=0) for cap in caps if cap.what in STARTS)
