"""Hands leads out: one engine for a lead that comes in, an offer nobody took, a waiting lead and a whole batch.

A `Round` holds one pool, and those it leads on to, under their locks. It loads the facts once, plays a turn for each
lead in memory and collects the rows; n leads in one round come out as n single ones would.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from uuid import UUID

from portal.metrics import DECISIONS
from portal.models import EntryKind
from portal.operations.consequences import Consequences
from portal.operations.ledger import keep_step
from portal.operations.routable import Routable
from portal.operations.transaction import after_commit
from portal.operations.writes import Writes
from portal.queries import routing_facts
from portal.queries.clock import database_time
from portal.queries.routing_facts import History, Used
from portal.queries.setup import Setup
from portal.routing import ladder, ledger
from portal.routing.caps import grown, reached
from portal.routing.decision import Decision
from portal.routing.facts import Asking, Candidate, LeadFacts, Outcome, PoolFacts, Stage, TeamFacts
from portal.routing.gates import refusals
from portal.routing.route import hand_out, unrouted, without_pool


def in_any_case(decision: Decision) -> bool:
    """Carry out whatever was decided."""
    return True


def if_somebody(decision: Decision) -> bool:
    """Only when somebody can get it, or take it out of a pond: a waiting lead goes on waiting otherwise."""
    return bool(decision.chosen) or decision.outcome is Outcome.POND


def if_it_goes_on(settled: Collection[UUID]) -> Callable[[Decision], bool]:
    """The same, but leads that lie in a pond are not laid there once more, and nobody who knows of one is told again.

    Args:
        settled: those leads.
    """

    def goes_on(decision: Decision) -> bool:
        if decision.outcome in (Outcome.TELL, Outcome.POND) and decision.lead_id in settled:
            return False
        return if_somebody(decision)

    return goes_on


def if_second_chance(decision: Decision) -> bool:
    """Only for one who stands in line again: for nobody else does asking again change anything."""
    return decision.stage is Stage.SECOND_CHANCE


class Round:
    """One pool, locked with those it leads on to, and the leads that are handed out in it in this transaction; or no
    pool, and leads that do not come to one.

    Args:
        company_id: the company entered in the session.
        pool_id: the pool whose turns are played; None when the rules name none: nobody gets the lead by them, or the
            people of a team do.
        setup: how the company is set up.
        cause: who or what set this off, kept with the decisions.
    """

    def __init__(self, company_id: UUID, pool_id: UUID | None, *, setup: Setup, cause: str) -> None:
        self.company_id = company_id
        self._setup = setup
        self._everyone: tuple[Candidate, ...] | None = None
        self._has_ladder = False
        # The people of the teams whose leads nobody in the line took.
        self._teams: dict[UUID, TeamFacts] = {}
        self._chain: dict[UUID, PoolFacts] = {}
        # Who owns how many leads more than the table shows yet, and by which pool.
        self._given: Counter[tuple[UUID, UUID | None]] = Counter()
        # The pool asked for; one that was deleted is none any more.
        self.named = pool_id
        self.pool, self.at = self._locked(pool_id)
        self.writes = Writes(company_id, self.at)
        self._consequences = Consequences(self.writes, setup, cause)
        self._last: Decision | None = None

    def _locked(self, pool_id: UUID | None) -> tuple[PoolFacts | None, datetime]:
        if pool_id:
            self._chain = routing_facts.lock_chain(self.company_id, pool_id, self._setup)
        pool = self._chain.get(pool_id) if pool_id else None
        if pool is None:
            return None, database_time()
        return routing_facts.with_members(self.company_id, pool, self._setup)

    def hand_out(self, lead: Routable, only: Callable[[Decision], bool] = in_any_case) -> Decision:
        """Decide about one lead and collect what follows from it.

        Args:
            lead: its state is changed in place.
            only: which decisions to carry out; any other leaves everything as it was.
        """
        self._catch_up()
        decision = self._decide(lead)
        if not only(decision):
            return decision
        self._last = decision
        self._consequences.of(lead, decision)
        if decision.outcome is Outcome.ASSIGN:
            self._given[decision.chosen[0], decision.pool_id] += 1
        stage, outcome = decision.stage.value, decision.outcome.value
        after_commit(lambda: DECISIONS.labels(stage, outcome).inc())
        return decision

    def leave_waiting(self, lead: Routable) -> None:
        """Routing itself failed for a stored lead: it waits with an alarm, or stays with its owner."""
        self._consequences.leave_waiting(lead)

    def _decide(self, lead: Routable) -> Decision:
        if self.pool is None and not lead.match.is_for_people_of_team:
            return unrouted(lead.facts, lead.match, self.at)
        # Each turn finds one more person full, so it ends.
        while True:
            decision = self._line(lead)
            if decision.outcome is Outcome.WAIT:
                decision = self._climb(lead, decision)
            if not self._is_full_by_now(decision):
                return decision

    def _line(self, lead: Routable) -> Decision:
        pool = self._as_asked(lead.history)
        if pool is None:
            return without_pool(lead.facts, lead.match, self.at)
        asking = lead.history.asking(pool.id)
        return hand_out(lead.facts, pool, lead.match, asking, self.at, self._setup.policy)

    def _as_asked(self, history: History) -> PoolFacts | None:
        """The pool as it looks for one lead: with how each member answered about it."""
        if self.pool is None or not history.asked:
            return self.pool
        return _with_people(self.pool, lambda one: _with_answer(one, history))

    def _climb(self, lead: Routable, line: Decision) -> Decision:
        if self.pool is not None and not self._has_ladder:
            self.pool = routing_facts.with_ladder(self.company_id, self.pool, self._chain, self._setup)
            self._has_ladder = True
        pool = self._as_asked(lead.history)

        def everyone() -> Sequence[Candidate]:
            if self._everyone is None:
                self._everyone = routing_facts.everyone(self.company_id, self._setup)
            return [_with_answer(one, lead.history) for one in self._everyone]

        asking = lead.history.asking(pool.id) if pool else Asking()
        team = self._team_of(lead, asking)
        return ladder.climb(lead.facts, pool, everyone, line, self.at, self._setup.policy, asking, team)

    def _team_of(self, lead: Routable, asking: Asking) -> TeamFacts | None:
        """The people of the team whose lead it is: the rule's, else the pool's; for a lead that was handed on, that of
        the pool it came from, else of the one it came to."""
        if lead.match.team is not None:
            team_id: UUID | None = lead.match.team.id
        else:
            came_from = lead.match.pool_id if asking.handed_on else None
            first = routing_facts.team_of_pool(self.company_id, came_from) if came_from else None
            team_id = first or (self.pool.team_id if self.pool else None)
        if team_id is None:
            return None
        if team_id not in self._teams:
            found = routing_facts.team_facts(self.company_id, team_id, self._setup)
            self._teams[team_id] = _with_people_of_team(found, self._with_given)
        return _with_people_of_team(self._teams[team_id], lambda one: _with_answer(one, lead.history))

    def _with_given(self, one: Candidate) -> Candidate:
        """Somebody who was just loaded, with what this round gave them already: the table does not show it yet."""
        used = self._with_this_round(one.user_id, Used(one.open_leads, one.caps, one.pool_caps))
        return replace(one, open_leads=used.open_leads, caps=used.caps, pool_caps=used.pool_caps)

    def _with_this_round(self, user_id: UUID, used: Used) -> Used:
        open_leads, caps, pool_caps = used
        for (receiver, pool_id), given in self._given.items():
            if receiver == user_id:
                open_leads += given
                caps, pool_caps = grown(caps, given, pool_id), grown(pool_caps, given, pool_id)
        return Used(open_leads, caps, pool_caps)

    def _is_full_by_now(self, decision: Decision) -> bool:
        """Whether the chosen reached their cap through another pool since the facts were loaded.

        Caps span pools, so the pool's lock does not guard them: the member's row does.
        """
        if decision.outcome is not Outcome.ASSIGN or decision.stage is Stage.DEFAULT or decision.set_aside is not None:
            # Nobody is chosen, nobody owns it yet, or caps do not count on this rung.
            return False
        chosen = next(one for one in decision.candidates if one.user_id == decision.chosen[0])
        if chosen.open_cap is None and not chosen.caps and not chosen.pool_caps:
            return False
        # What this round itself gave them is not in the table yet.
        stored = used_of_locked(self.company_id, chosen.user_id, decision.pool_id, self._setup)
        used = self._with_this_round(chosen.user_id, stored)
        has_room = chosen.open_cap is None or used.open_leads < chosen.open_cap
        if has_room and reached((*used.caps, *used.pool_caps)) is None:
            return False
        self._note_full(chosen.user_id, decision.pool_id, used)
        return True

    def _note_full(self, user_id: UUID, pool_id: UUID | None, used: Used) -> None:
        def as_used(one: Candidate) -> Candidate:
            if one.user_id != user_id:
                return one
            is_of_pool = any(cap.pool_id == pool_id for cap in one.pool_caps)
            pool_caps = used.pool_caps if is_of_pool else one.pool_caps
            return replace(one, open_leads=used.open_leads, caps=used.caps, pool_caps=pool_caps)

        self._change(as_used)

    def _change(self, change: Callable[[Candidate], Candidate]) -> None:
        """Change what is known of people, wherever on the way they are looked at."""
        if self.pool is not None:
            self.pool = _with_people(self.pool, change)
        self._teams = {team_id: _with_people_of_team(team, change) for team_id, team in self._teams.items()}
        if self._everyone is not None:
            self._everyone = tuple(map(change, self._everyone))

    def _catch_up(self) -> None:
        """The pool and the people as the lead before left them. Done only when another lead comes: most rounds are
        for one."""
        last, self._last = self._last, None
        if last is None or last.outcome not in ledger.HANDED_OUT:
            return
        members = self.pool.members if self.pool else ()
        if self._has_ladder or self._teams:
            more, pool_id = int(last.outcome is Outcome.ASSIGN), last.pool_id
            self._change(lambda one: self._served(one, more, pool_id) if one.user_id in last.chosen else one)
            self.pool = self.pool and replace(self.pool, members=members)
        # What was decided is told by now, so nothing that still counts looks at these candidates.
        ledger.carry_out(members, last, self._consequences.served_at)
        self._consequences.served_at += timedelta(microseconds=1)

    def _served(self, person: Candidate, more: int, pool_id: UUID | None) -> Candidate:
        return replace(
            person,
            last_lead_at=self._consequences.served_at,
            open_leads=person.open_leads + more,
            caps=grown(person.caps, more, pool_id),
            pool_caps=grown(person.pool_caps, more, pool_id),
        )

    def charge(self, lead_id: UUID, user_id: UUID, told: Collection[UUID] | None = None) -> None:
        """Charge a member a turn for a lead that reached them another way; nothing for somebody who is no member.

        Args:
            told: among whom it was shared out; None = the members who could take a lead now.
        """
        if self.pool is None or all(one.user_id != user_id or one.weight is None for one in self.pool.members):
            return
        refused = refusals(self.pool.members, LeadFacts(), policy=self._setup.policy, now=self.at)
        sharers = [
            one
            for one, refusal in zip(self.pool.members, refused, strict=True)
            if one.user_id == user_id or (refusal is None if told is None else one.user_id in told)
        ]
        step = ledger.charge([one for one in sharers if one.weight is not None], user_id)
        keep_step(self.writes, step, self.pool.id, lead_id=lead_id, kind=EntryKind.CHARGE)

    def name_of(self, user_id: UUID) -> str:
        """Somebody's name, for a timeline entry; they may have left the pool."""
        members = self.pool.members if self.pool else ()
        name = next((one.name for one in members if one.user_id == user_id), None)
        return name or routing_facts.name_of(self.company_id, user_id)

    def lock_members(self) -> None:
        """Lock the members all at once, in the order of their ids, before several leads are handed out: two rounds
        in pools that share members would else take them in the order of their turns, and wait for each other."""
        if self.pool is not None:
            routing_facts.lock_users(self.company_id, [one.user_id for one in self.pool.members])


def used_of_locked(company_id: UUID, user_id: UUID, pool_id: UUID | None, setup: Setup) -> Used:
    """What a user has used of their caps, those on leads of the pool included, with their row locked until the end."""
    routing_facts.lock_users(company_id, [user_id])
    # A statement of its own: one that waited for the lock would count what the table held before.
    return routing_facts.used_of_caps(company_id, user_id, pool_id, setup)


def _with_people(pool: PoolFacts, change: Callable[[Candidate], Candidate]) -> PoolFacts:
    """A pool and those it leads on to, with what is known of their people changed."""
    return replace(
        pool,
        members=tuple(map(change, pool.members)),
        next_pool=pool.next_pool and _with_people(pool.next_pool, change),
    )


def _with_people_of_team(team: TeamFacts, change: Callable[[Candidate], Candidate]) -> TeamFacts:
    return replace(team, default=team.default and change(team.default), members=tuple(map(change, team.members)))


def _with_answer(one: Candidate, history: History) -> Candidate:
    answer = history.asked.get(one.user_id)
    return one if answer is None else replace(one, asked=answer)
