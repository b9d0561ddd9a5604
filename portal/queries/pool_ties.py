"""What holds a pool in place: while anything leads to it or runs in it, it cannot be taken out of use."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import Select, exists, func, select

from portal.extensions import db
from portal.models import Lead, LeadState, Offer, OfferState, Pool, Reassignment, ReassignmentState, Rule, Team
from portal.models.tenancy import working_company
from portal.permissions import lies_in_pond
from portal.routing.facts import Delivery, WaitingFor


def why_kept(pool_id: UUID) -> str | None:
    """Why a pool cannot be deleted now, and what to do about it; None when nothing stands in the way."""
    if rules := rules_naming(pool_id):
        return f"The rule “{rules[0]}” sends leads to this pool. Point it at another pool first."
    if teams := teams_falling_back_on(pool_id):
        return f"The team “{teams[0]}” sends its leads to this pool by default. Give it another default pool first."
    if pools := pools_leading_to(pool_id):
        return f"The pool “{pools[0]}” hands leads on to this one. Point it at another pool first."
    if lying := leads_in_pond(pool_id):
        return f"{they_lie(lying)} in this pond. Hand them out first."
    if _is_reassigning(pool_id):
        return "A reassignment runs in this pool. Wait until it ends, or cancel it."
    if _has_open_offers(pool_id):
        return "Offers from this pool are still open. Wait until they end, or recall them."
    return None


def why_not_a_group(pool_id: UUID) -> str | None:
    """Why a pool cannot be made one for reassignments now; None when nothing stands in the way."""
    if rules := rules_naming(pool_id):
        return f"The rule “{rules[0]}” sends new leads to this pool. Point it at another pool first."
    if teams := teams_falling_back_on(pool_id):
        return f"The team “{teams[0]}” sends its leads to this pool by default. Give it another default pool first."
    if pools := pools_leading_to(pool_id):
        return f"The pool “{pools[0]}” hands leads on to this one. Point it at another pool first."
    return None


def they_lie(count: int) -> str:
    """`3 leads still lie`."""
    return "A lead still lies" if count == 1 else f"{count} leads still lie"


def teams_falling_back_on(pool_id: UUID) -> Sequence[str]:
    """The names of the teams whose default pool this is: it gets what none of their own rules takes."""
    named = select(Team.name).where(Team.company_id == working_company(), Team.default_pool_id == pool_id)
    return db.session.scalars(named.order_by(func.lower(Team.name))).all()


def teams_sending(pool_id: UUID) -> Sequence[str]:
    """Those of them that rules send leads to now."""
    named = select(Team.name).where(
        Team.company_id == working_company(),
        Team.default_pool_id == pool_id,
        exists().where(
            Rule.company_id == Team.company_id, Rule.to_team_id == Team.id, Rule.deleted_at.is_(None), ~Rule.paused
        ),
    )
    return db.session.scalars(named.order_by(func.lower(Team.name))).all()


def rules_naming(pool_id: UUID) -> Sequence[str]:
    """The names of the rules that name this pool, paused or not: they hold it in place."""
    return db.session.scalars(_rules_naming(pool_id)).all()


def rules_sending(pool_id: UUID) -> Sequence[str]:
    """The names of the rules that send leads to this pool now."""
    return db.session.scalars(_rules_naming(pool_id).where(~Rule.paused)).all()


def pools_leading_to(pool_id: UUID) -> Sequence[str]:
    """The names of the pools that hand their leads on to this one."""
    leading = select(Pool.name).where(
        Pool.company_id == working_company(), Pool.next_pool_id == pool_id, Pool.deleted_at.is_(None)
    )
    return db.session.scalars(leading.order_by(func.lower(Pool.name))).all()


def leads_in_pond(pool_id: UUID) -> int:
    """How many leads lie in this pond; none in a pool that is no pond."""
    lying = (
        select(func.count())
        .select_from(Lead)
        .join(Pool, (Pool.company_id == Lead.company_id) & (Pool.id == Lead.pool_id))
        .where(
            Lead.company_id == working_company(),
            Lead.state == LeadState.UNASSIGNED,
            Lead.waiting_for == WaitingFor.PERSON,
            Lead.pool_id == pool_id,
            Pool.delivery == Delivery.POND,
            lies_in_pond(),
        )
    )
    return (db.session.scalar(lying) or 0) + _lying_again(pool_id)


def _lying_again(pool_id: UUID) -> int:
    """Of those that somebody owns, how many lie in it to be reassigned."""
    lying = (
        select(func.count())
        .select_from(Reassignment)
        .join(Pool, (Pool.company_id == Reassignment.company_id) & (Pool.id == Reassignment.pool_id))
        .where(
            Reassignment.company_id == working_company(),
            Reassignment.pool_id == pool_id,
            Reassignment.state == ReassignmentState.RUNNING,
            Pool.delivery == Delivery.POND,
        )
    )
    return db.session.scalar(lying) or 0


def _is_reassigning(pool_id: UUID) -> bool:
    found = select(Reassignment.id).where(
        Reassignment.company_id == working_company(),
        Reassignment.pool_id == pool_id,
        Reassignment.state == ReassignmentState.RUNNING,
    )
    return db.session.scalar(found.limit(1)) is not None


def _has_open_offers(pool_id: UUID) -> bool:
    """Whether somebody has, or waits for, an offer from this pool."""
    running = (OfferState.OPEN, OfferState.WAITING)
    found = select(Offer.id).where(
        Offer.company_id == working_company(), Offer.pool_id == pool_id, Offer.state.in_(running)
    )
    return db.session.scalar(found.limit(1)) is not None


def _rules_naming(pool_id: UUID) -> Select[str]:
    return (
        select(Rule.name)
        .where(Rule.company_id == working_company(), Rule.pool_id == pool_id, Rule.deleted_at.is_(None))
        .order_by(Rule.position)
    )
