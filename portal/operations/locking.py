"""Locks on leads, taken after the pool's and before the members': one order everywhere, so nobody waits in a ring."""

from __future__ import annotations

from uuid import UUID

from sqlalchemy import Select, select

from portal.errors import Conflict, NotFound
from portal.extensions import db
from portal.models import Lead, LeadState, Pool
from portal.models.lead import LEAD_STATE_COLUMNS
from portal.models.tenancy import working_company
from portal.operations.writes import Row
from portal.queries import routing_facts
from portal.queries.reassignments import running_of
from portal.queries.setup import setup_of


def lock_lead(lead_id: UUID) -> Lead:
    """The lead as it is now, its row locked until the transaction ends. Raises NotFound.

    NO KEY: rows that refer to the lead may be written meanwhile.
    """
    return _found(_by_id(lead_id).with_for_update(key_share=True))


def lock_lead_and_pools(seen: Lead, *also: UUID | None) -> Lead:
    """The lead as it is now, locked, and before it the pool it was handed out in: giving back a turn needs that lock.

    The pools that one leads on to are locked with it, as everywhere, and so is that of a reassignment.

    Args:
        seen: the lead as `peek_lead` gave it.
        also: more pools to lock; all of them in the order of their ids.

    Raises:
        Conflict: the lead went to another pool in the same moment.
    """
    seen_in = seen.pool_id
    running = running_of([seen.id]).get(seen.id) if seen.state == LeadState.OWNED else None
    moves_in = running.pool_id if running else None
    setup = setup_of(seen.company_id)
    chains = {each for pool_id in (seen_in, moves_in, *also) if pool_id is not None for each in setup.chain(pool_id)}
    if chains:
        routing_facts.lock_pools(seen.company_id, sorted(chains))
    lead = lock_lead(seen.id)
    if lead.state == LeadState.OFFERING and lead.pool_id != seen_in:
        raise Conflict("This lead was just offered in another pool; please look again.")
    if lead.state == LeadState.OWNED:
        running = running_of([lead.id]).get(lead.id)
        if running is not None and running.pool_id not in chains:
            raise Conflict("This lead was just handed to another pool; please look again.")
    return lead


def lock_all_pools() -> None:
    """Lock every pool of the company entered: before leads are handed out in whichever, and before people."""
    ours = select(Pool.id).where(Pool.company_id == working_company(), Pool.deleted_at.is_(None))
    routing_facts.lock_pools(working_company(), db.session.scalars(ours).all())


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
