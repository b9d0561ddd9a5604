"""Hands leads out: one engine for a lead that comes in, an offer nobody took, a waiting lead and a whole batch.

A `Round` holds one pool, and those it leads on to, under their locks. It loads the facts once, plays a turn for each
lead in memory and collects the rows; n leads in one round come out as n single ones would.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from uuid import UUID

from portal.metrics import DECISIONS
from portal.models import Cause, EntryKind, LeadState, OfferKind, ReassignmentState, TimelineKind, WorkKind
from portal.models.lead import LEAD_STATE_COLUMNS
from portal.operations import contact_timer, reassignment_ends
from portal.operations.actors import SYSTEM, Actor
from portal.operations.ending import withdraw_offers
from portal.operations.ledger import keep_step
from portal.operations.transaction import after_commit
from portal.operations.writes import Row, Writes, written
from portal.queries import routing_facts
from portal.queries.clock import database_time
from portal.queries.managers import managers_of_waiting, team_of_waiting
from portal.queries.reassignments import Running
from portal.queries.routing_facts import History, Used
from portal.queries.setup import Setup
from portal.routing import ladder, ledger
from portal.routing.caps import grown, reached
from portal.routing.decision import Decision
from portal.routing.facts import (
    Asking,
    Candidate,
    LeadFacts,
    Outcome,
    PoolFacts,
    RuleMatch,
    Stage,
    TeamFacts,
    WaitingFor,
)
from portal.routing.gates import refusals
from portal.routing.route import hand_out, unrouted, without_pool

LOOK_AGAIN = timedelta(seconds=2)
"""After this a lead that was left waiting is looked at once more."""

ON_OFFER: Row = {"state": LeadState.OFFERING, "owner_id": None, "was_offered": True}

FAILED = "Routing failed, so it waits and is tried again."
FAILED_AGAIN = "Handing it to somebody else failed because of a fault on our side."
LAID_IN_POND = "The lead lies in a pond now, for whoever takes it."


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


@dataclass(slots=True)
class Routable:
    """A lead on its way through routing.

    `state` holds the columns of LEAD_STATE_COLUMNS as they are now, and after the round as they shall be. For a lead
    that is not stored yet (`is_new`) the caller writes the row; otherwise the round writes the change.
    """

    facts: LeadFacts
    match: RuleMatch
    state: Row
    history: History = field(default_factory=History)
    is_new: bool = False
    # The reassignment that hands it out; it has an owner all the while.
    running: Running | None = None

    def goes_on_offer(self) -> None:
        """Somebody may accept it from now on. An owner keeps it until then."""
        if self.running is None:
            self.state |= ON_OFFER

    @property
    def id(self) -> UUID:
        if self.facts.id is None:
            raise ValueError("only leads that exist are handed out; a preview asks routing itself")
        return self.facts.id


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
        self.cause = cause
        self._setup = setup
        self._everyone: tuple[Candidate, ...] | None = None
        self._has_ladder = False
        # The people of the teams whose leads nobody in the line took.
        self._teams: dict[UUID, TeamFacts] = {}
        self._chain: dict[UUID, PoolFacts] = {}
        # Who is told of a lead that waits, by its team.
        self._managers: dict[UUID | None, Sequence[UUID]] = {}
        # Who owns how many leads more than the table shows yet, and by which pool.
        self._given: Counter[tuple[UUID, UUID | None]] = Counter()
        # The pool asked for; one that was deleted is none any more.
        self.named = pool_id
        self.pool, self.at = self._locked(pool_id)
        self.writes = Writes(company_id, self.at)
        self._served_at = self.at
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
        decision_id = self._keep(lead, decision)
        if lead.running is None:
            self._carry_out(lead, decision, decision_id)
        else:
            self._carry_out_for(lead, lead.running, decision, decision_id)
        stage, outcome = decision.stage.value, decision.outcome.value
        after_commit(lambda: DECISIONS.labels(stage, outcome).inc())
        return decision

    def _carry_out(self, lead: Routable, decision: Decision, decision_id: UUID) -> None:
        """What a decision about a lead without an owner comes to."""
        lead.state |= self._handed_out(lead, decision, decision_id) | {"waiting_for": None, "alarmed_at": None}
        carry_out = {
            Outcome.OFFER: self._offer,
            Outcome.BROADCAST: self._broadcast,
            Outcome.LAST_CALL: self._last_call,
            Outcome.POND: self._lay_in_pond,
            Outcome.ASSIGN: self._assign,
            Outcome.TELL: self._tell,
            Outcome.WAIT: self._wait,
        }
        carry_out[decision.outcome](lead, decision, decision_id)
        if not lead.is_new:
            change_lead(self.writes, lead.id, lead.state)
        elif lead.state["state"] == LeadState.OWNED and decision.pool_id in self._setup.contact_watched:
            contact_timer.start(self.writes, lead.id, lead.state)

    def _carry_out_for(self, lead: Routable, running: Running, decision: Decision, decision_id: UUID) -> None:
        """The same while a reassignment runs: until somebody has it, the lead stays as it is, owner and all."""
        match decision.outcome:
            case Outcome.OFFER:
                self._offer(lead, decision, decision_id)
            case Outcome.BROADCAST:
                self._broadcast(lead, decision, decision_id)
            case Outcome.LAST_CALL:
                self._last_call(lead, decision, decision_id)
            case Outcome.ASSIGN:
                self._move(lead, running, decision, decision_id)
            case Outcome.POND:
                self._withdraw_from_line(lead, LAID_IN_POND)
                self._record(lead, decision, decision_id, TimelineKind.DECISION, {})
            case _:
                self._record(lead, decision, decision_id, TimelineKind.DECISION, {})
                reassignment_ends.nobody_took_it(self.writes, running, lead.state, SYSTEM, decision.why)

    def _move(self, lead: Routable, running: Running, decision: Decision, decision_id: UUID) -> None:
        """Somebody else owns it at once, and the reassignment is over."""
        self._assign(lead, decision, decision_id)
        lead.state |= self._handed_out(lead, decision, decision_id)
        is_default = decision.stage is Stage.DEFAULT
        ended = ReassignmentState.DEFAULTED if is_default else ReassignmentState.DONE
        entry = reassignment_ends.moved(self.writes, running, decision.chosen[0], SYSTEM, ended)
        reassignment_ends.tell_former_owner(self.writes, running, entry)
        change_lead(self.writes, lead.id, lead.state)

    def _handed_out(self, lead: Routable, decision: Decision, decision_id: UUID) -> Row:
        return {
            "pool_id": decision.pool_id,
            "rule_id": decision.rule_id or self._rule_kept(lead, decision),
            "decision_id": decision_id,
        }

    def _rule_kept(self, lead: Routable, decision: Decision) -> UUID | None:
        """A rule that was taken out of use goes on being named by leads that stay in its pool."""
        kept: UUID | None = lead.state["rule_id"]
        return kept if decision.pool_id == lead.state["pool_id"] else None

    def leave_waiting(self, lead: Routable) -> None:
        """Routing itself failed for a stored lead: it waits with an alarm, if it does not already, or stays with its
        owner."""
        if lead.running is not None:
            reassignment_ends.nobody_took_it(self.writes, lead.running, lead.state, SYSTEM, FAILED_AGAIN)
            return
        if lead.state["waiting_for"] == WaitingFor.ROUTING:
            return
        before = {"state": lead.state["state"], "owner_id": lead.state["owner_id"]}
        after = {"state": LeadState.UNASSIGNED, "waiting_for": WaitingFor.ROUTING}
        entry = self.writes.record(lead.id, TimelineKind.DECISION, SYSTEM, text=FAILED, before=before, after=after)
        self._tell_managers(lead, {"reason": "routing_failed"}, about=entry)
        self.writes.work(WorkKind.DRAIN, self.company_id, self.at + LOOK_AGAIN)
        lead.state |= after | {"owner_id": None, "alarmed_at": self.at}
        change_lead(self.writes, lead.id, lead.state)

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
        ledger.carry_out(members, last, self._served_at)
        # Later leads of a batch count as later, under one reading of the clock.
        self._served_at += timedelta(microseconds=1)

    def _served(self, person: Candidate, more: int, pool_id: UUID | None) -> Candidate:
        return replace(
            person,
            last_lead_at=self._served_at,
            open_leads=person.open_leads + more,
            caps=grown(person.caps, more, pool_id),
            pool_caps=grown(person.pool_caps, more, pool_id),
        )

    def _keep(self, lead: Routable, decision: Decision) -> UUID:
        """The decision's own row, and the turn it cost."""
        return self.writes.add(
            "decisions",
            lead_id=lead.id,
            pool_id=decision.pool_id,
            rule_id=decision.rule_id,
            stage=decision.stage,
            outcome=decision.outcome,
            chosen=decision.chosen,
            # Written out at once: thousands of rows that wait for the end of a batch would weigh on it.
            data=written(decision.as_data()),
            rule_set=self._setup.number,
            actor=self.cause,
            at=self.at,
            reassignment_id=lead.running and lead.running.id,
        )

    def _offer(self, lead: Routable, decision: Decision, decision_id: UUID) -> None:
        pool = _pool_of(decision)
        user_id = decision.chosen[0]
        ends = pool.end_of(self.at, pool.window_seconds)
        if decision.stage is Stage.SECOND_CHANCE:
            offer_id = lead.history.in_line[user_id]
            # They pressed in the pool the lead was in then; it opens, and ends, in the one it is in now.
            self.writes.add("offers_opened", id=offer_id, pool_id=pool.id, expires_at=ends, decision_id=decision_id)
        else:
            offer_id = self._new_offer(lead, decision, decision_id, user_id, OfferKind.EXCLUSIVE, ends)
        self._charge(lead, decision, decision_id, offer_id)
        self._is_open(lead, decision, decision_id, offer_id, user_id, ends)
        lead.goes_on_offer()

    def _broadcast(self, lead: Routable, decision: Decision, decision_id: UUID) -> None:
        """An offer for each of the chosen at once. Nobody's turn is played: whoever takes the lead is charged then."""
        self._offer_to_all(lead, decision, decision_id, OfferKind.BROADCAST, _pool_of(decision).window_seconds)

    def _last_call(self, lead: Routable, decision: Decision, decision_id: UUID) -> None:
        """Once more an offer for each of those who missed it. It costs nobody a turn."""
        # Who asked for another chance has one now, like everybody.
        self._withdraw_from_line(lead, "It is offered once more to everybody who missed it.")
        self._offer_to_all(lead, decision, decision_id, OfferKind.LAST_CALL, _pool_of(decision).last_call_seconds or 0)

    def _offer_to_all(
        self, lead: Routable, decision: Decision, decision_id: UUID, kind: OfferKind, seconds: int
    ) -> None:
        ends = _pool_of(decision).end_of(self.at, seconds)
        for user_id in decision.chosen:
            offer_id = self._new_offer(lead, decision, decision_id, user_id, kind, ends)
            self._is_open(lead, decision, decision_id, offer_id, user_id, ends)
        lead.goes_on_offer()
        if kind is OfferKind.LAST_CALL:
            self.writes.work(WorkKind.REMIND, lead.id, self.at + (ends - self.at) / 2)

    def _lay_in_pond(self, lead: Routable, decision: Decision, decision_id: UUID) -> None:
        """For the pool's members to take. Nobody is told of it, and until somebody owns it nobody reads who it is."""
        self._withdraw_from_line(lead, LAID_IN_POND)
        self._leave_unassigned(lead, decision, decision_id, WaitingFor.PERSON)
        lead.state |= {"was_offered": True}

    def _withdraw_from_line(self, lead: Routable, why: str) -> None:
        if lead.history.in_line:
            withdraw_offers(self.writes, lead.id, SYSTEM, why)

    def _new_offer(
        self, lead: Routable, decision: Decision, decision_id: UUID, user_id: UUID, kind: OfferKind, ends: datetime
    ) -> UUID:
        return self.writes.add(
            "offers",
            lead_id=lead.id,
            user_id=user_id,
            pool_id=_pool_of(decision).id,
            decision_id=decision_id,
            state="open",
            kind=kind,
            created_at=self.at,
            expires_at=ends,
            reassignment_id=lead.running and lead.running.id,
        )

    def _is_open(
        self, lead: Routable, decision: Decision, decision_id: UUID, offer_id: UUID, user_id: UUID, ends: datetime
    ) -> None:
        """What follows from an offer that stands from now on: its end, word to its agent, the entry."""
        self.writes.work(WorkKind.END_OFFER, offer_id, ends, group_id=_pool_of(decision).id)
        cause = Cause.LAST_CALL if decision.outcome is Outcome.LAST_CALL else Cause.OFFER
        self.writes.say(cause, user_id, about=f"{offer_id}", lead_id=lead.id, offer_id=offer_id)
        after: Row = {"offer_id": offer_id, "user_id": user_id}
        if lead.running is None:
            after["state"] = LeadState.OFFERING
        self._record(lead, decision, decision_id, TimelineKind.OFFERED, after)

    def _assign(self, lead: Routable, decision: Decision, decision_id: UUID) -> None:
        user_id = decision.chosen[0]
        self._withdraw_from_line(lead, "The lead went to somebody without another offer.")
        self._charge(lead, decision, decision_id, None)
        self._given[user_id, decision.pool_id] += 1
        self.writes.say(Cause.ASSIGNED, user_id, about=f"{decision_id}", lead_id=lead.id)
        if decision.stage is Stage.ANY_ACTIVE:
            self._tell_managers(
                lead, {"reason": "fallback", "why": decision.why}, about=decision_id, but=decision.chosen
            )
        after = {"state": LeadState.OWNED, "owner_id": user_id}
        self._record(lead, decision, decision_id, TimelineKind.ASSIGNED, after)
        lead.state |= {"state": LeadState.OWNED, "owner_id": user_id, "assigned_at": self.at}

    def _tell(self, lead: Routable, decision: Decision, decision_id: UUID) -> None:
        for user_id in decision.chosen:
            self.writes.say(Cause.CATCH_ALL, user_id, about=f"{decision_id}", lead_id=lead.id)
        self._tell_managers(lead, {"reason": "catch_all"}, about=decision_id, but=decision.chosen)
        self._leave_unassigned(lead, decision, decision_id, WaitingFor.CATCH_ALL)
        if self._setup.reminded_every is not None:
            self.writes.work(WorkKind.REMIND, lead.id, self.at + self._setup.reminded_every)

    def _wait(self, lead: Routable, decision: Decision, decision_id: UUID) -> None:
        waiting_for = decision.waiting_for or WaitingFor.ROUTING
        if waiting_for is not WaitingFor.PERSON:
            self._tell_managers(lead, {"reason": "nobody", "why": decision.why}, about=decision_id)
            # Somebody may have become free since the facts were loaded, and waiting leads been looked at before this
            # one was there to be seen.
            self.writes.work(WorkKind.DRAIN, self.company_id, self.at + LOOK_AGAIN)
        self._leave_unassigned(lead, decision, decision_id, waiting_for)

    def _leave_unassigned(self, lead: Routable, decision: Decision, decision_id: UUID, waiting_for: WaitingFor) -> None:
        after = {"state": LeadState.UNASSIGNED, "waiting_for": waiting_for}
        self._record(lead, decision, decision_id, TimelineKind.DECISION, after)
        alarmed_at = None if waiting_for is WaitingFor.PERSON else self.at
        lead.state |= {
            "state": LeadState.UNASSIGNED,
            "owner_id": None,
            "waiting_for": waiting_for,
            "alarmed_at": alarmed_at,
        }

    def _charge(self, lead: Routable, decision: Decision, decision_id: UUID, offer_id: UUID | None) -> None:
        """The turn in the ledger, and when the chosen had their last lead."""
        if decision.step is not None:
            pool_id = _pool_of(decision).id
            keep_step(self.writes, decision.step, pool_id, lead_id=lead.id, decision_id=decision_id, offer_id=offer_id)
        self.writes.served(decision.chosen[0], self._served_at)

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

    def _record(self, lead: Routable, decision: Decision, decision_id: UUID, kind: TimelineKind, after: Row) -> None:
        rule = decision.match.rule if decision.match else None
        actor = Actor.rule(rule.id, rule.name) if rule else SYSTEM
        before = {"state": lead.state["state"], "owner_id": lead.state["owner_id"]}
        after = {**after, "decision_id": decision_id}
        self.writes.record(lead.id, kind, actor, text=decision.why, before=before, after=after)

    def _tell_managers(self, lead: Routable, facts: Row, *, about: UUID, but: Sequence[UUID] = ()) -> None:
        team_id = team_of_waiting(self.company_id, lead.id, lead.state["pool_id"], lead.state["rule_id"])
        if team_id not in self._managers:
            self._managers[team_id] = managers_of_waiting(self.company_id, team_id)
        told = [one for one in self._managers[team_id] if one not in but]
        alarm(self.writes, told, lead.id, facts, about=about)


def change_lead(writes: Writes, lead_id: UUID, state: Row) -> None:
    """Put a lead, locked by this transaction, into a state."""
    columns = {column: state[column] for column in LEAD_STATE_COLUMNS}
    if state["state"] == LeadState.OWNED:
        contact_timer.start(writes, lead_id, state)
    if state["state"] != LeadState.HELD:
        columns |= {"held_until": None, "held_reason": None}
    writes.add("lead_changes", id=lead_id, last_activity_at=writes.at, **columns)


def alarm(writes: Writes, user_ids: Sequence[UUID], lead_id: UUID, facts: Row, *, about: UUID) -> None:
    """Tell people that a lead needs somebody."""
    for user_id in user_ids:
        writes.say(Cause.ALARM, user_id, about=f"{about}", lead_id=lead_id, facts=facts)


def used_of_locked(company_id: UUID, user_id: UUID, pool_id: UUID | None, setup: Setup) -> Used:
    """What a user has used of their caps, those on leads of the pool included, with their row locked until the end."""
    routing_facts.lock_users(company_id, [user_id])
    # A statement of its own: one that waited for the lock would count what the table held before.
    return routing_facts.used_of_caps(company_id, user_id, pool_id, setup)


def _pool_of(decision: Decision) -> PoolFacts:
    """The pool an offer is made in: the one the lead came to, or one that led on to."""
    assert decision.pool is not None
    return decision.pool


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


def fresh_state() -> Row:
    """The state columns of a lead that was never handed out."""
    return dict.fromkeys(LEAD_STATE_COLUMNS) | {"state": None, "was_offered": False}
