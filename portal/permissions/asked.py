"""Leads somebody is asked to take, or to deal with, whatever else they see: called as a default assignee, in a pond of
theirs, or at a last call."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from sqlalchemy import and_, exists, or_, select
from sqlalchemy.orm import aliased

from portal.extensions import db
from portal.models import (
    Decision,
    Lead,
    LeadState,
    Offer,
    OfferKind,
    OfferState,
    Pool,
    PoolDefault,
    PoolMember,
    Reassignment,
    ReassignmentState,
    User,
)
from portal.permissions.covering import owners_covered
from portal.permissions.held import Filter, may, require
from portal.rights import Right
from portal.routing.facts import Delivery, Outcome, WaitingFor

# By names of their own: a query around those below may look at the same tables.
_RUNNING, _POND, _MEMBER = aliased(Reassignment), aliased(Pool), aliased(PoolMember)


def calls(user_id: Any) -> Filter:
    """The leads nobody took that call for this default assignee of their pool: they were told, and may deal with it,
    so they see it and its customer whatever team, box or isolation says.

    Args:
        user_id: a value or a column.
    """
    is_default = exists().where(
        PoolDefault.company_id == Lead.company_id, PoolDefault.pool_id == Lead.pool_id, PoolDefault.user_id == user_id
    )
    return and_(Lead.waiting_for == WaitingFor.CATCH_ALL, is_default)


def is_called(user: User, lead_id: UUID) -> bool:
    """The same rule for one lead and user."""
    found = select(Lead.id).where(Lead.company_id == user.company_id, Lead.id == lead_id, calls(user.id))
    return user.active and db.session.scalar(found) is not None


def ponds(user_id: Any) -> Filter:
    """The leads that lie in a pond of which this user is a member: they see them, to take one, and not yet whose.

    Args:
        user_id: a value or a column.
    """
    return and_(Lead.waiting_for == WaitingFor.PERSON, lies_in_pond(), _is_in_pond(Lead, user_id))


def ponds_again(user_id: UUID) -> Filter:
    """The leads that lie in a pond of this user while somebody else owns them still: they are being reassigned."""
    running = exists().where(
        _RUNNING.company_id == Lead.company_id,
        _RUNNING.lead_id == Lead.id,
        _RUNNING.state == ReassignmentState.RUNNING,
        _is_in_pond(_RUNNING, user_id),
    )
    return and_(Lead.state == LeadState.OWNED, Lead.owner_id != user_id, running)


def _is_in_pond(of: Any, user_id: Any) -> Filter:
    """Whether the pool that a lead or a reassignment is in is a pond of this user."""
    return exists().where(
        _MEMBER.company_id == of.company_id,
        _MEMBER.pool_id == of.pool_id,
        _MEMBER.user_id == user_id,
        _MEMBER.weight > 0,
        _POND.company_id == _MEMBER.company_id,
        _POND.id == _MEMBER.pool_id,
        _POND.delivery == Delivery.POND,
    )


def lies_in_pond() -> Filter:
    """Of the leads that wait for a person, those that were laid in their pool's pond: a manager may have put others
    aside."""
    return exists().where(
        Decision.company_id == Lead.company_id, Decision.id == Lead.decision_id, Decision.outcome == Outcome.POND
    )


def is_asked_to_take(user: User, lead_id: UUID) -> bool:
    """Whether a lead lies in a pond of the user's, or its last call is made to them."""
    last_call = exists().where(
        Offer.company_id == Lead.company_id,
        Offer.lead_id == Lead.id,
        Offer.user_id == user.id,
        Offer.kind == OfferKind.LAST_CALL,
        Offer.state == OfferState.OPEN,
    )
    theirs = select(Lead.id).where(
        Lead.company_id == user.company_id, Lead.id == lead_id, or_(ponds(user.id), ponds_again(user.id), last_call)
    )
    return may(user, Right.RECEIVE) and db.session.scalar(theirs) is not None


def may_take(user: User, lead_id: UUID) -> bool:
    """Whether a lead is the user's to take: they may say who gets it, or they are asked to."""
    return may(user, Right.RECEIVE) and (may_hand_out(user, lead_id) or is_asked_to_take(user, lead_id))


def may_hand_out(user: User, lead_id: UUID) -> bool:
    """Whether the user may say who gets a lead they see: by right, or because it calls for them."""
    return may(user, Right.ASSIGN) or is_called(user, lead_id)


def may_reassign(user: User, lead_owner_id: UUID | None) -> bool:
    """Whether the user may hand a lead to a group: as its owner, or because they hand out leads.

    Args:
        lead_owner_id: the lead's owner.
    """
    return may(user, Right.ASSIGN) or (user.active and lead_owner_id == user.id)


def require_to_hand_out(user: User, lead_id: UUID) -> None:
    """Raise Forbidden unless the user may say who gets the lead."""
    if not may_hand_out(user, lead_id):
        require(user, Right.ASSIGN)


def has_leads_to_take(user: User) -> bool:
    """Whether leads nobody has may come to call for this user, or lie in a pond of theirs."""
    called = exists().where(PoolDefault.company_id == user.company_id, PoolDefault.user_id == user.id)
    in_pond = exists().where(_ponds_of(user))
    return user.active and bool(db.session.scalar(select(or_(called, in_pond))))


def has_leads_of_others(user: User) -> bool:
    """Whether somebody who is away has this user stand in, or leads of others may lie in a pond of theirs, to be
    reassigned."""
    covers = owners_covered(user.company_id, user.id).exists()
    in_pond = exists().where(_ponds_of(user), Pool.for_reassignment)
    return user.active and bool(db.session.scalar(select(or_(covers, in_pond))))


def _ponds_of(user: User) -> Filter:
    return and_(
        PoolMember.company_id == user.company_id,
        PoolMember.user_id == user.id,
        Pool.company_id == PoolMember.company_id,
        Pool.id == PoolMember.pool_id,
        Pool.delivery == Delivery.POND,
        Pool.deleted_at.is_(None),
    )
