"""What happens to an offer: accepted, declined, missed, asked for again, recalled. Each is one conditional change.

Who was first is settled by the rows themselves: an offer is accepted only while it is open, before its end by the
database's clock, and while the lead is still free. Locks: the pool, where a turn may be played, then the lead.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import select

from portal.errors import Conflict, NotFound
from portal.extensions import db
from portal.logs import about_lead
from portal.metrics import EXPIRY_LAG, OFFERS_ENDED
from portal.models import (
    Cause,
    Lead,
    LeadState,
    Offer,
    OfferKind,
    OfferState,
    Pool,
    PoolMember,
    TimelineKind,
    User,
    WorkKind,
)
from portal.models.tenancy import working_company
from portal.operations import reassignment_ends
from portal.operations.actors import SYSTEM, Actor
from portal.operations.consequences import change_lead
from portal.operations.distribution import Round, if_second_chance
from portal.operations.ending import take_back, withdraw_offers
from portal.operations.locking import lock_lead, lock_lead_and_pools, peek_lead, state_of
from portal.operations.passing_on import pass_on, round_of_pool
from portal.operations.transaction import after_commit, operation
from portal.operations.writes import Writes
from portal.permissions import Right, require
from portal.queries import routing_facts
from portal.queries.clock import database_time
from portal.queries.reassignments import Running, running_of
from portal.queries.setup import setup_of
from portal.routing.facts import WaitingFor

_TOLD_TOGETHER = (OfferKind.BROADCAST, OfferKind.LAST_CALL)
"""Offers several people hold of one lead at once."""

# Accepting and declining are pressed before the end of the window or not at all, whatever any other clock says.
# The work of ending it goes only with an answer that counted: a late one must leave it, or nobody would end the offer.
_ANSWER = """
    WITH answered AS (
        UPDATE offers SET state = %(state)s, ended_at = clock_timestamp(), reason = %(reason)s
        WHERE company_id = %(company)s AND id = %(offer)s AND state = 'open' AND expires_at > clock_timestamp()
        RETURNING company_id, id, ended_at
    ), done AS (
        DELETE FROM due_work w USING answered a
        WHERE w.company_id = a.company_id AND w.kind = %(kind)s AND w.subject_id = a.id
    )
    SELECT ended_at FROM answered"""

# Leads somebody is deciding about right now are skipped: they are looked at again, or settled, a moment later.
# The pool was locked by a statement before this one, so the statement's own time is late enough; and being one moment
# for all rows, it lets the index on the time be used: `clock_timestamp()` would have every open offer looked at.
_END_DUE = """
    WITH due AS MATERIALIZED (
        SELECT w.id AS work_id, o.id, o.lead_id
        FROM due_work w
        JOIN offers o ON o.company_id = w.company_id AND o.id = w.subject_id
        JOIN leads l ON l.company_id = o.company_id AND l.id = o.lead_id
        WHERE w.company_id = %(company)s AND w.kind = %(kind)s AND w.group_id = %(pool)s
          AND w.due_at <= statement_timestamp() AND (o.state <> 'open' OR o.expires_at <= statement_timestamp())
        ORDER BY w.due_at LIMIT %(limit)s
        FOR NO KEY UPDATE OF l, o SKIP LOCKED
    ), done AS (
        DELETE FROM due_work w USING due WHERE w.company_id = %(company)s AND w.id = due.work_id
    )
    UPDATE offers o SET state = 'missed', ended_at = clock_timestamp()
    FROM due
    WHERE o.company_id = %(company)s AND o.id = due.id AND o.state = 'open' AND o.expires_at <= clock_timestamp()
    RETURNING o.id, o.lead_id, o.user_id, o.expires_at, o.ended_at, o.kind"""


@operation
def accept(offer_id: UUID, *, by: User) -> Offer:
    """Take the lead. Pressing twice is one act; among several, one wins.

    Raises:
        NotFound: it is not this user's offer.
        Conflict: too late, or somebody else has the lead; says which.
    """
    offer = _own_offer(offer_id, by)
    # Pools before leads: the order of locks. Only a lead that all were told of costs its taker a turn now.
    round_ = round_of_pool(offer.pool_id, cause=f"accepted by {by.name}") if offer.kind == OfferKind.BROADCAST else None
    lead = lock_lead(offer.lead_id)
    running = _reassignment(lead, offer)
    is_to_be_had = lead.state == LeadState.OFFERING or running is not None
    ended_at = _answer(offer, OfferState.ACCEPTED) if is_to_be_had else None
    if ended_at is None:
        return _accepted_before(offer, lead, by)
    writes = Writes(by.company_id, ended_at)
    actor = Actor.user(by)
    others = withdraw_offers(writes, lead.id, actor, "Somebody else took the lead.")
    before = {"state": lead.state, "owner_id": lead.owner_id}
    after = {"state": LeadState.OWNED, "owner_id": by.id, "offer_id": offer.id}
    writes.record(lead.id, TimelineKind.ACCEPTED, actor, text=f"{by.name} accepted.", before=before, after=after)
    writes.say(Cause.ACCEPTED_COPY, by.id, about=f"{offer.id}", lead_id=lead.id, offer_id=offer.id)
    owned = {"state": LeadState.OWNED, "owner_id": by.id, "assigned_at": ended_at}
    if running is not None:
        entry = reassignment_ends.moved(writes, running, by.id, actor)
        reassignment_ends.tell_former_owner(writes, running, entry)
        # The pool it came by is its pool from now on, and no rule sent it there.
        kept = lead.rule_id if lead.pool_id == offer.pool_id else None
        owned |= {"pool_id": offer.pool_id, "decision_id": offer.decision_id, "rule_id": kept}
    change_lead(writes, lead.id, state_of(lead) | owned)
    writes.flush()
    if round_ is not None:
        round_.charge(lead.id, by.id, told={by.id, *(other.user_id for other in others if other.was_open)})
        round_.writes.served(by.id, ended_at)
        round_.writes.flush()
    return offer


@operation
def decline(offer_id: UUID, *, by: User, reason: str | None = None) -> Offer:
    """Say no; the next one is offered it at once. Pressing twice is one act.

    Raises:
        NotFound: it is not this user's offer.
        Conflict: it had ended otherwise.
    """
    offer = _own_offer(offer_id, by)
    round_ = round_of_pool(offer.pool_id, cause=f"declined by {by.name}")
    lead = lock_lead(offer.lead_id)
    ended_at = _answer(offer, OfferState.DECLINED, reason)
    if ended_at is None:
        if offer.state == OfferState.DECLINED:
            return offer
        raise Conflict(_why_over(offer, lead, by))
    after = {"offer_id": offer.id, "user_id": by.id, "reason": reason}
    said = f"{by.name} declined: {reason}." if reason else f"{by.name} declined."
    round_.writes.record(lead.id, TimelineKind.DECLINED, Actor.user(by), text=said, after=after)
    pass_on(round_, _held_by_nobody([lead.id]) if offer.kind in _TOLD_TOGETHER else [lead.id])
    round_.writes.flush()
    return offer


@operation
def end_due(company_id: UUID, pool_id: UUID, limit: int = 100) -> int:
    """End the offers of a pool whose windows are over and pass their leads on, longest overdue first.

    May be run twice, late, or by two workers at once: each offer is ended once.

    Args:
        company_id: the company entered in the session.
        limit: most offers in one transaction.

    Returns:
        How many were ended.
    """
    round_ = round_of_pool(pool_id, cause="the offer's time ran out")
    parameters = {"company": company_id, "pool": pool_id, "kind": WorkKind.END_OFFER, "limit": limit}
    rows = db.session.connection().exec_driver_sql(_END_DUE, parameters).all()
    # An UPDATE returns its rows in no order.
    missed = sorted(rows, key=lambda row: (row.expires_at, row.id))
    for offer_id, lead_id, user_id, expires_at, ended_at, _ in missed:
        _record_missed(round_, offer_id, lead_id, user_id)
        _observe_missed(expires_at, ended_at)
    lead_ids = [row.lead_id for row in missed]
    told_to_all = any(row.kind in _TOLD_TOGETHER for row in missed)
    pass_on(round_, _held_by_nobody(lead_ids) if told_to_all else lead_ids)
    round_.writes.flush()
    return len(missed)


@operation
def ask_again(offer_id: UUID, *, by: User) -> Offer:
    """Ask for another chance at a missed lead: next in line, or a fresh offer at once when nobody holds it.

    Returns:
        The new offer, waiting or open; the one from before when it was asked for already.

    Raises:
        NotFound: it is not this user's offer.
        Conflict: the lead is taken, or this chance was used up.
    """
    missed = _own_offer(offer_id, by)
    pool_id = _pool_of_chance(missed)
    round_ = round_of_pool(pool_id, cause=f"{by.name} asked for another chance")
    lead = lock_lead(missed.lead_id)
    newest = newest_offer(lead.id, by.id)
    if newest.kind == OfferKind.SECOND_CHANCE and newest.state in (OfferState.WAITING, OfferState.OPEN):
        return newest
    running = _reassignment(lead, newest)
    if lead.state == LeadState.CLOSED or (lead.state == LeadState.OWNED and running is None):
        raise Conflict(_why_over(newest, lead, by))
    if newest.state != OfferState.MISSED:
        raise Conflict("Another chance is for offers whose time ran out.")
    if _had_second_chance(lead.id, by.id):
        raise Conflict("You have had your second chance for this lead.")
    is_groups = round_.pool is not None and round_.pool.for_reassignment
    if pool_id is None or (is_groups and running is None):
        # Groups are for leads somebody owns.
        raise Conflict("This lead is not being reassigned any more. Ask whoever hands out leads for it.")
    chance = Offer(
        company_id=by.company_id,
        lead_id=lead.id,
        user_id=by.id,
        pool_id=pool_id,
        state=OfferState.WAITING,
        kind=OfferKind.SECOND_CHANCE,
        created_at=round_.at,
        reassignment_id=running and running.id,
    )
    db.session.add(chance)
    db.session.flush()
    after = {"offer_id": chance.id, "user_id": by.id}
    said = f"{by.name} asked for another chance."
    round_.writes.record(lead.id, TimelineKind.STATUS, Actor.user(by), text=said, after=after)
    if lead.state == LeadState.UNASSIGNED:
        pass_on(round_, [lead.id], if_second_chance)
    round_.writes.flush()
    db.session.refresh(chance)
    return chance


@operation
def recall(offer_id: UUID, *, by: User) -> Offer:
    """Take a running offer back: the lead waits for a person, or stays with its owner, the agent gets their turn back
    and is told.

    Raises:
        Forbidden: without the right to assign.
        Conflict: it has ended already.
    """
    require(by, Right.ASSIGN)
    offer = _offer(offer_id)
    lead = lock_lead_and_pools(peek_lead(offer.lead_id), offer.pool_id)
    db.session.refresh(offer)
    if offer.state not in (OfferState.OPEN, OfferState.WAITING):
        raise Conflict("This offer has ended already.")
    writes = Writes(by.company_id, database_time())
    said = f"{by.name} took the offer back."
    left = {"state": LeadState.UNASSIGNED, "waiting_for": WaitingFor.PERSON}
    others_hold_it = offer.kind in _TOLD_TOGETHER and _others_hold(offer)
    running = _reassignment(lead, offer)
    leaves = None if others_hold_it or running else left
    withdrawn = withdraw_offers(writes, lead.id, Actor.user(by), said, only_of=offer.user_id, leaves=leaves)
    take_back(writes, lead.id, withdrawn)
    is_held_by_nobody = any(one.was_open for one in withdrawn) and not others_hold_it
    if is_held_by_nobody and running is not None:
        reassignment_ends.owner_kept(writes, running, state_of(lead), Actor.user(by), said)
    elif is_held_by_nobody:
        change_lead(writes, lead.id, state_of(lead) | left | {"alarmed_at": None})
    writes.flush()
    db.session.refresh(offer)
    return offer


def lock_pools_of(user_id: UUID) -> None:
    """Lock every pool in which a user may be chosen, or has an offer: before the user's own row, which comes last.

    Nobody is making them an offer then, and whoever looks at the pool afterwards sees what became of them.
    """
    pool_ids = set(db.session.scalars(select(PoolMember.pool_id).where(PoolMember.user_id == user_id)))
    pool_ids |= set(
        db.session.scalars(
            select(Offer.pool_id).where(
                Offer.user_id == user_id, Offer.state.in_((OfferState.OPEN, OfferState.WAITING))
            )
        )
    )
    # Whom a pool names for its leads need not take turns in it.
    named = select(Pool.id).where(Pool.single_user_id == user_id, Pool.deleted_at.is_(None))
    pool_ids |= set(db.session.scalars(named))
    # With all their leads may be handed on to: who leaves has their offers passed on.
    setup = setup_of(working_company())
    chains = {each for pool_id in pool_ids for each in setup.chain(pool_id)}
    routing_facts.lock_pools(working_company(), sorted(chains))


@operation
def withdraw_all_of(user_id: UUID, *, by: User, reason: str) -> None:
    """End everything on offer to a user who is leaving, give back the turns, and pass the leads on.

    The caller has locked the user's pools with `lock_pools_of`.
    """
    running = select(Offer.pool_id, Offer.lead_id).where(
        Offer.user_id == user_id, Offer.state.in_((OfferState.OPEN, OfferState.WAITING))
    )
    leads_of_pool: dict[UUID, list[UUID]] = {}
    for pool_id, lead_id in db.session.execute(running.order_by(Offer.pool_id, Offer.lead_id)):
        leads_of_pool.setdefault(pool_id, []).append(lead_id)
    for pool_id, lead_ids in leads_of_pool.items():
        freed = []
        writes = Writes(by.company_id, database_time())
        for lead_id in lead_ids:
            lock_lead(lead_id)
            withdrawn = withdraw_offers(writes, lead_id, Actor.user(by), reason, only_of=user_id)
            take_back(writes, lead_id, withdrawn)
            freed += _held_by_nobody([lead_id for one in withdrawn if one.was_open])
        writes.flush()
        round_ = round_of_pool(pool_id, cause=reason)
        pass_on(round_, freed)
        round_.writes.flush()


@operation
def mark_seen(offer_id: UUID) -> None:
    """Note when the agent first looked. Looking decides nothing."""
    db.session.connection().exec_driver_sql(
        "UPDATE offers SET seen_at = clock_timestamp() WHERE id = %(offer)s AND seen_at IS NULL "
        "AND company_id = nullif(current_setting('portal.company_id', true), '')::uuid",
        {"offer": offer_id},
    )


def _pool_of_chance(missed: Offer) -> UUID | None:
    """The pool another chance is given in: the group's while its reassignment runs, else the lead's own, which may have
    changed since. None = the lead has none."""
    lead = peek_lead(missed.lead_id)
    if _reassignment(lead, missed) is not None:
        return missed.pool_id
    return lead.pool_id or (None if missed.reassignment_id else missed.pool_id)


def _reassignment(lead: Lead, offer: Offer) -> Running | None:
    """The one an offer belongs to, if it runs for the lead still: for certain once this transaction locked it."""
    if lead.state != LeadState.OWNED or offer.reassignment_id is None:
        return None
    running = running_of([lead.id]).get(lead.id)
    return running if running is not None and running.id == offer.reassignment_id else None


def _others_hold(offer: Offer) -> bool:
    """Whether somebody else could still accept the lead, locked by this transaction."""
    held = select(Offer.id).where(
        Offer.lead_id == offer.lead_id, Offer.state == OfferState.OPEN, Offer.user_id != offer.user_id
    )
    return db.session.scalar(held.limit(1)) is not None


def _held_by_nobody(lead_ids: Sequence[UUID]) -> list[UUID]:
    """Those of the leads, locked or just ended by this transaction, that nobody could accept any more; each once.

    Of those all were told of at once, somebody may still have an open offer.
    """
    held = select(Offer.lead_id).where(Offer.lead_id.in_(lead_ids), Offer.state == OfferState.OPEN)
    still = set(db.session.scalars(held))
    return [lead_id for lead_id in dict.fromkeys(lead_ids) if lead_id not in still]


def _had_second_chance(lead_id: UUID, user_id: UUID) -> bool:
    had = select(Offer.id).where(
        Offer.lead_id == lead_id, Offer.user_id == user_id, Offer.kind == OfferKind.SECOND_CHANCE
    )
    return db.session.scalar(had.limit(1)) is not None


def newest_offer(lead_id: UUID, user_id: UUID) -> Offer:
    """This agent's latest offer of a lead: what an old link shows. Raises NotFound."""
    offer = db.session.execute(
        select(Offer)
        .where(Offer.lead_id == lead_id, Offer.user_id == user_id)
        .order_by(Offer.id.desc())
        .limit(1)
        .execution_options(populate_existing=True)
    ).scalar_one_or_none()
    if offer is None:
        raise NotFound("There is no such offer.")
    return offer


def _offer(offer_id: UUID) -> Offer:
    offer = db.session.execute(select(Offer).where(Offer.id == offer_id)).scalar_one_or_none()
    if offer is None:
        raise NotFound("There is no such offer.")
    return offer


def _own_offer(offer_id: UUID, by: User) -> Offer:
    offer = _offer(offer_id)
    # Nothing is on offer any more to somebody who was let go, whatever links they keep.
    if offer.user_id != by.id or not by.active:
        raise NotFound("There is no such offer.")
    about_lead(offer.lead_id)
    return offer


def _answer(offer: Offer, state: OfferState, reason: str | None = None) -> datetime | None:
    """Change an open offer whose window still stands; None when it was not so any more. The row is fresh after."""
    parameters: dict[str, Any] = {
        "company": offer.company_id,
        "offer": offer.id,
        "state": state,
        "reason": reason,
        "kind": WorkKind.END_OFFER,
    }
    row = db.session.connection().exec_driver_sql(_ANSWER, parameters).one_or_none()
    db.session.refresh(offer)
    if row is None:
        return None
    after_commit(lambda: OFFERS_ENDED.labels(state).inc())
    return row.ended_at  # type: ignore[no-any-return]


def _accepted_before(offer: Offer, lead: Lead, by: User) -> Offer:
    db.session.refresh(offer)
    if offer.state == OfferState.ACCEPTED and lead.owner_id == by.id:
        return offer
    raise Conflict(_why_over(offer, lead, by))


def _why_over(offer: Offer, lead: Lead, by: User) -> str:
    if lead.state == LeadState.CLOSED:
        return "This lead is closed."
    if lead.owner_id is not None and lead.owner_id != by.id:
        return "This lead is already taken."
    reasons = {
        OfferState.DECLINED: "You declined this offer.",
        OfferState.WITHDRAWN: "This offer was withdrawn.",
        OfferState.ACCEPTED: "You accepted this offer.",
        OfferState.WAITING: "You are in line for this lead; it is not your turn yet.",
    }
    return reasons.get(OfferState(offer.state), "The time for this offer is over.")


def _record_missed(round_: Round, offer_id: UUID, lead_id: UUID, user_id: UUID) -> None:
    name = round_.name_of(user_id)
    after = {"offer_id": offer_id, "user_id": user_id}
    round_.writes.record(lead_id, TimelineKind.MISSED, SYSTEM, text=f"{name} did not answer in time.", after=after)
    round_.writes.say(Cause.MISSED, user_id, about=f"{offer_id}", lead_id=lead_id, offer_id=offer_id)


def _observe_missed(expires_at: datetime, ended_at: datetime) -> None:
    lag = (ended_at - expires_at).total_seconds()
    after_commit(lambda: OFFERS_ENDED.labels(OfferState.MISSED).inc())
    after_commit(lambda: EXPIRY_LAG.observe(lag))
