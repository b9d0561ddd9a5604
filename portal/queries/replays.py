"""Replays of past leads, and the company's draft."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import select

from portal.errors import NotFound
from portal.extensions import db
from portal.models import Draft, Replay, ReplayState
from portal.models.tenancy import working_company


def replay_named(replay_id: UUID) -> Replay:
    """One replay of the company entered. Raises NotFound."""
    found = db.session.get(Replay, (working_company(), replay_id), populate_existing=True)
    if found is None:
        raise NotFound("There is no such replay.")
    return found


def last_replays(most: int) -> Sequence[Replay]:
    """The last replays, the newest first."""
    found = select(Replay).where(Replay.company_id == working_company())
    return db.session.scalars(found.order_by(Replay.id.desc()).limit(most)).all()


def draft_now() -> Draft | None:
    """The company's draft, if there is one, as it is after any wait for whoever changed it."""
    found = select(Draft).where(Draft.company_id == working_company())
    return db.session.scalar(found.execution_options(populate_existing=True))


def is_one_running() -> bool:
    """Whether a replay of the company waits for a worker or is being played."""
    under_way = select(Replay.id).where(
        Replay.company_id == working_company(), Replay.state.in_((ReplayState.WAITING, ReplayState.RUNNING))
    )
    return db.session.scalar(under_way.limit(1)) is not None
