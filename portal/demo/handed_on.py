"""A lead that is being reassigned, and a pool whose owners have a day to log a contact."""

from __future__ import annotations

from uuid import UUID

from sqlalchemy import select

from portal.demo.cast import SECOND_TRY, SOUTH
from portal.extensions import db
from portal.models import Lead, LeadState, Pool, User
from portal.operations import pools, reassigning

_OWNER = "Jonas"
_A_DAY = 86_400


def hand_one_on(by: User) -> None:
    """As of now, so that the time of nobody's old lead is over at once."""
    pools.change_pool(_pool(SOUTH.name), by=by, contact_within=_A_DAY)
    newest = (
        select(Lead.id)
        .join(User, (User.company_id == Lead.company_id) & (User.id == Lead.owner_id))
        .where(Lead.company_id == by.company_id, Lead.state == LeadState.OWNED, User.name.startswith(_OWNER))
        .order_by(Lead.id.desc())
        .limit(1)
    )
    reassigning.reassign(db.session.scalars(newest).one(), _pool(SECOND_TRY.name), by=by)


def _pool(name: str) -> UUID:
    return db.session.scalars(select(Pool.id).where(Pool.name == name)).one()
