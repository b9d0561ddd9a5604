"""What follows from a decision: the lead's new state, offers, words to people, the turn in the books, the record.

Rows are collected here and written by whoever holds the locks.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import UUID

from portal.models import Cause, LeadState, OfferKind, ReassignmentState, TimelineKind, WorkKind
from portal.models.lead import LEAD_STATE_COLUMNS
from portal.operations import contact_timer, reassignment_ends
from portal.operations.actors import SYSTEM, Actor
from portal.operations.ending import withdraw_offers
from portal.operations.ledger import keep_step
from portal.operations.routable import Routable
from portal.operations.writes import Row, Writes, written
from portal.queries.managers import managers_of_waiting, team_of_waiting
from portal.queries.reassignments import Running
from portal.queries.setup import Setup
from portal.routing.decision import Decision
from portal.routing.facts import Outcome, PoolFacts, Stage, WaitingFor

LOOK_AGAIN = timedelta(seconds=2)
"""After this a lead that was left waiting is looked at once more."""

FAILED = "Routing failed, so it waits and is tried again."
FAILED_AGAIN = "Handing it to somebody else failed because of a fault on our side."
LAID_IN_POND = "The lead lies in a pond now, for whoever takes it."


class Consequences:
    """What follows from the decisions of one round, collected in its `writes`.

    Args:
        writes: the rows, and the moment they are of.
        setup: how the company is set up.
        cause: who or what set the round off, kept with the decisions.
    """

    def __init__(self, writes: Writes, setup: Setup, cause: str) -> None:
        self.writes = writes
        self.at = writes.at
        # When the next to get a lead has it. Later leads of a batch count as later, under one reading of the clock.
        self.served_at = writes.at
        self._setup = setup
        self._cause = cause
        # Who is told of a lead that waits, by its team.
        self._managers: dict[UUID | None, Sequence[UUID]] = {}

    def of(self, lead: Routable, decision: Decision) -> None:
        """Carry a decision out.

        Args:
            lead: its state is changed in place.
        """
        decision_id = self._keep(lead, decision)
        if lead.running is None:
            self._carry_out(lead, decision, decision_id)
        else:
            self._carry_out_for(lead, lead.running, decision, decision_id)

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
        self.writes.work(WorkKind.DRAIN, self.writes.company_id, self.at + LOOK_AGAIN)
        lead.state |= after | {"owner_id": None, "alarmed_at": self.at}
        change_lead(self.writes, lead.id, lead.state)

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
            actor=self._cause,
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
            self.writes.work(WorkKind.DRAIN, self.writes.company_id, self.at + LOOK_AGAIN)
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
        self.writes.served(decision.chosen[0], self.served_at)

    def _record(self, lead: Routable, decision: Decision, decision_id: UUID, kind: TimelineKind, after: Row) -> None:
        rule = decision.match.rule if decision.match else None
        actor = Actor.rule(rule.id, rule.name) if rule else SYSTEM
        before = {"state": lead.state["state"], "owner_id": lead.state["owner_id"]}
        after = {**after, "decision_id": decision_id}
        self.writes.record(lead.id, kind, actor, text=decision.why, before=before, after=after)

    def _tell_managers(self, lead: Routable, facts: Row, *, about: UUID, but: Sequence[UUID] = ()) -> None:
        team_id = team_of_waiting(self.writes.company_id, lead.id, lead.state["pool_id"], lead.state["rule_id"])
        if team_id not in self._managers:
            self._managers[team_id] = managers_of_waiting(self.writes.company_id, team_id)
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


def _pool_of(decision: Decision) -> PoolFacts:
    """The pool an offer is made in: the one the lead came to, or one that led on to."""
    assert decision.pool is not None
    return decision.pool
