"""Leads that lie in a pond, for its members to take; and last calls, which are taken the same way."""

from __future__ import annotations

from typing import NamedTuple
from uuid import UUID

from sqlalchemy import select

from portal.extensions import db
from portal.models import Lead, Offer, OfferKind, OfferState, Reassignment, ReassignmentState, statements
from portal.models.tenancy import working_company
from portal.permissions import ponds, ponds_again

# Whoever took a lead and gave it away since has taken it all the same, but only in the eyes of its timeline: what
# counts is what they hold, or closed.
_TAKEN = """
    SELECT p.pond_limit, (
        SELECT count(*) FROM leads l
        WHERE l.company_id = p.company_id AND l.owner_id = %(user)s AND l.pool_id = p.id
          AND l.assigned_at >= date_trunc('day', clock_timestamp() AT TIME ZONE %(zone)s) AT TIME ZONE %(zone)s)
    FROM pools p WHERE p.company_id = %(company)s AND p.id = %(pool)s"""


class Taken(NamedTuple):
    """How many leads of a pond somebody got today, and how many they may get; None = no limit."""

    limit: int | None
    today: int


def pond_of(lead_id: UUID, user_id: UUID) -> UUID | None:
    """The pond a lead lies in now, if this user is a member of it: also one it lies in to be reassigned."""
    found = select(Lead.pool_id).where(Lead.company_id == working_company(), Lead.id == lead_id, ponds(user_id))
    return db.session.scalar(found) or _pond_again(lead_id, user_id)


def _pond_again(lead_id: UUID, user_id: UUID) -> UUID | None:
    found = (
        select(Reassignment.pool_id)
        .join(Lead, (Lead.company_id == Reassignment.company_id) & (Lead.id == Reassignment.lead_id))
        .where(
            Lead.company_id == working_company(),
            Lead.id == lead_id,
            Reassignment.state == ReassignmentState.RUNNING,
            ponds_again(user_id),
        )
    )
    return db.session.scalar(found)


def taken_today(company_id: UUID, pool_id: UUID, user_id: UUID, zone: str) -> Taken:
    """How far a user has used the day's limit of a pond. Its lock makes it hold.

    Args:
        zone: of the company's calendar.
    """
    rows = statements.rows(_TAKEN, {"company": company_id, "pool": pool_id, "user": user_id, "zone": zone})
    return Taken(*rows[0])


def open_last_call(lead_id: UUID, user_id: UUID) -> UUID | None:
    """This user's part in the last call that runs for a lead."""
    return db.session.scalar(
        select(Offer.id).where(
            Offer.company_id == working_company(),
            Offer.lead_id == lead_id,
            Offer.user_id == user_id,
            Offer.kind == OfferKind.LAST_CALL,
            Offer.state == OfferState.OPEN,
        )
    )
