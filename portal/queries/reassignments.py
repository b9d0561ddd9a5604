"""Reassignments: which run, and what was told of one."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import ColumnElement, exists, select
from sqlalchemy.orm import aliased

from portal.extensions import db
from portal.models import Pool, Reassignment, ReassignmentState, User
from portal.models.tenancy import working_company

# Made once: an alias copies every column of its table when it is first asked for one.
_STARTER = aliased(User)


class Running(NamedTuple):
    """A reassignment that runs, as operations need it."""

    id: UUID
    lead_id: UUID
    pool_id: UUID
    # Who owns the lead meanwhile.
    owner_id: UUID
    trigger: str
    started_by: UUID | None
    started_at: datetime


@dataclass(frozen=True, slots=True)
class ReassignmentView:
    """A reassignment that runs, as it is shown."""

    id: UUID
    lead_id: UUID
    pool_id: UUID
    pool: str
    trigger: str
    from_user_id: UUID
    # None = the portal itself.
    started_by: UUID | None
    starter: str | None
    started_at: datetime


def running_of(lead_ids: Collection[UUID]) -> dict[UUID, Running]:
    """The reassignments that run of these leads, by lead. Lock the leads before, or one may begin or end meanwhile."""
    one = Reassignment
    columns = (one.id, one.lead_id, one.pool_id, one.from_user_id, one.trigger, one.started_by, one.started_at)
    rows = db.session.execute(select(*columns).where(*_running(lead_ids)))
    return {row.lead_id: Running._make(row) for row in rows}


def reassignments_shown(lead_ids: Collection[UUID]) -> dict[UUID, ReassignmentView]:
    """The same for people."""
    one, starter = Reassignment, _STARTER
    statement = (
        select(
            one.id, one.lead_id, one.pool_id, Pool.name.label("pool"), one.trigger, one.from_user_id, one.started_by,
            starter.name.label("starter"), one.started_at,
        )
        .join(Pool, (Pool.company_id == one.company_id) & (Pool.id == one.pool_id))
        .outerjoin(starter, (starter.company_id == one.company_id) & (starter.id == one.started_by))
        .where(*_running(lead_ids))
    )  # fmt: skip
    rows = db.session.execute(statement)
    return {row.lead_id: ReassignmentView(**row._mapping) for row in rows}


def runs_for(offer: Any) -> ColumnElement[bool]:
    """Whether the reassignment an offer was made in still runs, so that its lead is to be had although it has an owner.

    Args:
        offer: `Offer`, or an alias of it.
    """
    return exists().where(
        Reassignment.company_id == offer.company_id,
        Reassignment.id == offer.reassignment_id,
        Reassignment.state == ReassignmentState.RUNNING,
    )


def _running(lead_ids: Collection[UUID]) -> tuple[ColumnElement[bool], ...]:
    return (
        Reassignment.company_id == working_company(),
        Reassignment.state == ReassignmentState.RUNNING,
        Reassignment.lead_id.in_(lead_ids),
    )
