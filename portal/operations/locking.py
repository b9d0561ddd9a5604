"""Locks on leads, taken after the pool's and before the members': one order everywhere, so nobody waits in a ring."""

from __future__ import annotations

from uuid import UUID

from sqlalchemy import Select, select

from portal.errors import NotFound
from portal.extensions import db
from portal.models import Lead
from portal.models.lead import LEAD_STATE_COLUMNS
from portal.models.tenancy import working_company
from portal.operations.writes import Row


def lock_lead(lead_id: UUID) -> Lead:
    """The lead as it is now, its row locked until the transaction ends. Raises NotFound.

    NO KEY: rows that refer to the lead may be written meanwhile.
    """
    return _found(_by_id(lead_id).with_for_update(key_share=True))


def peek_lead(lead_id: UUID) -> Lead:
    """The lead as it is now, unlocked: to learn which pool's lock has to come first. Raises NotFound."""
    return _found(_by_id(lead_id))


def _by_id(lead_id: UUID) -> Select[Lead]:
    return select(Lead).where(Lead.id == lead_id, Lead.company_id == working_company())


def _found(statement: Select[Lead]) -> Lead:
    # Whatever the session still holds of the row is older than what the lock gives.
    lead = db.session.execute(statement.execution_options(populate_existing=True)).scalar_one_or_none()
    if lead is None:
        raise NotFound("There is no such lead.")
    return lead


def state_of(lead: Lead) -> Row:
    """The lead's state columns as a round takes and changes them."""
    return {column: getattr(lead, column) for column in LEAD_STATE_COLUMNS}
