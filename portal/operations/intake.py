"""Taking a lead in: recognise, store, route (or keep back), answer, in one transaction. "Accepted" means it is on disk.

Every way in ends here. Should routing itself fail, the lead is stored all the same, waiting for routing, with an alarm.
"""

from __future__ import annotations

import hashlib
import logging
from dataclasses import replace
from uuid import UUID

from psycopg.errors import DeadlockDetected, SerializationFailure
from sqlalchemy.exc import DBAPIError

from portal.errors import Invalid
from portal.logs import about_lead
from portal.metrics import INTAKE
from portal.models import LeadState, TimelineKind, WorkKind, new_id
from portal.models.statements import run
from portal.operations import attaching, giving, keeping_back
from portal.operations.actors import CONTACT, SYSTEM, Actor
from portal.operations.arrival import Arrival, Arriving, Keep, KeptTaken, Taken, Warned
from portal.operations.consequences import FAILED, alarm
from portal.operations.contact_points import ContactPoint
from portal.operations.distribution import Round
from portal.operations.new_leads import lead_rows
from portal.operations.placing import placed
from portal.operations.routable import Routable, fresh_state
from portal.operations.transaction import after_commit, operation
from portal.operations.writes import Row, Writes
from portal.queries import intake_facts
from portal.queries.across import KeyHolder
from portal.queries.clock import database_time
from portal.queries.managers import managers_of_waiting
from portal.routing.explain import why_to
from portal.routing.facts import LeadFacts, Outcome, WaitingFor
from portal.routing.recognise import Recognised, Recognition, ReturningContacts, resolve

__all__ = ["Arriving", "Keep", "KeptTaken", "Taken", "take_in"]

log = logging.getLogger(__name__)


@operation
def take_in(
    arriving: Arriving, *, holder: KeyHolder, by: Actor = CONTACT, kept: Keep | None = None
) -> Taken | KeptTaken:
    """Store a message as a new lead or on the lead it belongs to, and route what is new.

    Args:
        arriving: the message.
        holder: the company's settings that intake goes by, and whose key it came with.
        by: who typed it in, for leads made by hand.
        kept: the sender's idempotency key; the answer is stored in the same transaction.

    Raises:
        Invalid: there is nothing in it to keep, or the idempotency key belongs to another request.
    """
    _refuse_empty(arriving)
    arriving = placed(arriving, holder.country)
    points = arriving.points(holder.country)
    claim = new_id()
    before = _claim(arriving, points, holder, kept, claim)
    if before is not None:
        return before
    known, recognition = _recognise(arriving, points, holder)

    def finish(taken: Taken, writes: Writes) -> Taken:
        if kept is not None:
            status, answer = kept.answer_of(taken)
            writes.add("answers", id=claim, status=status, answer=answer)
        writes.flush()
        return taken

    taken = _place(Arrival(arriving, holder, points, known, recognition, by, finish))
    after_commit(lambda: INTAKE.labels(taken.outcome).inc())
    after_commit(lambda: about_lead(taken.lead_id))
    return taken


def _recognise(
    arriving: Arriving, points: tuple[ContactPoint, ...], holder: KeyHolder
) -> tuple[intake_facts.Known, Recognition]:
    known = intake_facts.known(
        holder.company_id,
        sorted({point.key for point in points if point.key}),
        source=arriving.source or "",
        external_id=arriving.external_id,
        assignee=arriving.assignee,
    )
    return known, resolve(known.matches, ReturningContacts(holder.returning_contacts))


def _place(arrival: Arrival) -> Taken:
    """An update of a lead the sender knows, a touch on an open lead, or a new lead."""
    if arrival.facts.updates is not None:
        return attaching.update(arrival, arrival.facts.updates)
    if arrival.recognition.outcome is not Recognised.ATTACH:
        return _make(arrival)
    attached = attaching.attach(arrival)
    if attached is not None:
        return attached
    # It was closed in this very moment: now the contact has another open lead, or comes back.
    known, recognition = _recognise(arrival.message, arrival.points, arrival.holder)
    return _place(replace(arrival, facts=known, recognition=recognition))


def _make(arrival: Arrival) -> Taken:
    """A new lead: routed inside a savepoint, so that a fault there cannot lose it."""
    run("SAVEPOINT routing")
    try:
        return _store_routed(arrival)
    except Exception as error:
        if isinstance(error, DBAPIError) and _ends_transaction(error):
            raise
        log.exception("Routing failed; the lead is stored and waits")
    run("ROLLBACK TO SAVEPOINT routing")
    return _store_unrouted(arrival)


def _ends_transaction(error: DBAPIError) -> bool:
    """Whether there is no transaction left to go on with, or it is to be run again as a whole."""
    return error.connection_invalidated or isinstance(error.orig, DeadlockDetected | SerializationFailure)


def _store_routed(arrival: Arrival) -> Taken:
    message, holder = arrival.message, arrival.holder
    setup = arrival.facts.setup
    facts = message.facts(arrival.points, new_id(), setup.tagger)
    match = setup.match(facts)
    given = giving.named_or_returning(arrival)
    is_routed = given is None and not message.keep
    stopped = keeping_back.stop_for(setup, arrival.points, facts) if is_routed else None
    is_routed = is_routed and stopped is None
    # Only a lead that plays or is charged a turn needs the pool's lock.
    pool_id = match.pool_id if is_routed or (given and holder.named_counts_as_turn) else None
    round_ = Round(
        holder.company_id,
        pool_id,
        setup=setup,
        cause=f"came in through {arrival.by.name}" if arrival.by is not CONTACT else "came in",
    )
    lead = Routable(facts, match, fresh_state(), is_new=True)
    row = lead_rows(arrival, round_.writes, facts)
    masked = None
    if given is not None:
        giving.give(round_, lead, given, arrival.by)
        if holder.named_counts_as_turn:
            round_.charge(lead.id, given.user_id)
        outcome, reason = "assigned", given.why
        masked = given.why_to(holder.user_id) if setup.masks_names else None
    elif stopped is not None:
        keeping_back.keep_back(round_, lead, stopped)
        outcome, reason = stopped.outcome, stopped.why
    elif message.keep:
        lead.state |= {"state": LeadState.UNASSIGNED, "waiting_for": WaitingFor.PERSON}
        outcome, reason = "unassigned", "Kept for a person to hand out."
    else:
        decision = round_.hand_out(lead)
        outcome, reason = _OUTCOMES.get(decision.outcome, "unassigned"), decision.why
        masked = why_to(decision, holder.user_id) if setup.masks_names else None
    row.update(lead.state)
    offers = round_.writes.ids_of("offers")
    return arrival.finish(
        _taken(arrival, row, outcome, reason, offers, giving.assignee_warnings(arrival), masked), round_.writes
    )


_OUTCOMES = {Outcome.ASSIGN: "assigned", Outcome.OFFER: "offered", Outcome.BROADCAST: "offered"}


def _store_unrouted(arrival: Arrival) -> Taken:
    """The lead without its routing: it waits with an alarm, and the next drain routes it."""
    company_id = arrival.holder.company_id
    writes = Writes(company_id, database_time())
    # Nothing is looked for in it: that may be what failed.
    row = lead_rows(arrival, writes, LeadFacts(id=new_id(), tags=arrival.message.distinct_tags))
    row.update(fresh_state())
    row.update(state=LeadState.UNASSIGNED, waiting_for=WaitingFor.ROUTING, alarmed_at=writes.at)
    after = {"state": LeadState.UNASSIGNED, "waiting_for": WaitingFor.ROUTING}
    writes.record(row["id"], TimelineKind.DECISION, SYSTEM, text=FAILED, after=after)
    alarm(
        writes,
        managers_of_waiting(company_id, None),
        row["id"],
        {"reason": "routing_failed"},
        about=row["id"],
    )
    writes.work(WorkKind.DRAIN, company_id, writes.at)
    return arrival.finish(_taken(arrival, row, "unassigned", FAILED), writes)


def _taken(
    arrival: Arrival,
    row: Row,
    outcome: str,
    reason: str,
    offers: tuple[UUID, ...] = (),
    warnings: tuple[Warned, ...] = (),
    masked_reason: str | None = None,
) -> Taken:
    return Taken(
        lead_id=row["id"],
        contact_id=row["contact_id"],
        state=row["state"],
        waiting_for=row["waiting_for"],
        owner_id=row["owner_id"],
        outcome=outcome,
        reason=reason,
        created=True,
        tags_found=tuple(row["tags_found"]),
        offers=offers,
        decision_id=row["decision_id"],
        pool_id=row["pool_id"],
        rule_id=row["rule_id"],
        warnings=arrival.warnings + warnings,
        masked_reason=masked_reason,
    )


def _refuse_empty(message: Arriving) -> None:
    if not any((value or "").strip() for value in (message.name, message.phone, message.email, message.text)):
        raise Invalid.field("name", "At least one of name, phone, email and text is needed.")


def _claim(
    message: Arriving, points: tuple[ContactPoint, ...], holder: KeyHolder, kept: Keep | None, claim: UUID
) -> KeptTaken | None:
    """Wait for whoever writes about the same person; answer again what was answered before."""
    names = [f"{point.key.kind}:{point.key.value}" for point in points if point.key]
    if message.external_id:
        names.append(f"external:{message.source or ''}:{message.external_id}")
    is_ours = intake_facts.claim_and_lock(
        holder.company_id,
        [_lock_number(holder.company_id, name) for name in names],
        claim=claim,
        key_id=kept.key_id if kept else None,
        name=kept.name if kept else None,
        fingerprint=kept.fingerprint if kept else b"",
    )
    if kept is None or is_ours:
        return None
    fingerprint, status, answer = intake_facts.kept_answer(holder.company_id, kept.key_id, kept.name)
    if fingerprint != kept.fingerprint:
        raise Invalid.field("Idempotency-Key", "This key was used for another request; use a new one for each request.")
    return KeptTaken(status, answer)


def _lock_number(company_id: UUID, name: str) -> int:
    """The number of the advisory lock that stands for a contact key: 64 bits, as good as unique in a company."""
    digest = hashlib.blake2b(name.encode(), key=company_id.bytes, digest_size=8).digest()
    return int.from_bytes(digest, signed=True)
