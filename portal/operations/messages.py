"""Saying something outside the engine: an account link, a notice. Sending is the work of the outside workers."""

from __future__ import annotations

from uuid import UUID

from portal.extensions import db
from portal.models import Cause, User
from portal.operations.writes import Row, Writes
from portal.queries.clock import database_time


def say(
    cause: Cause,
    user: User,
    *,
    about: str,
    lead_id: UUID | None = None,
    offer_id: UUID | None = None,
    facts: Row | None = None,
) -> None:
    """Add a message and the work of sending it to the running operation; once per user, cause and `about`.

    Rows of the session are written before, so that the message may refer to them.
    """
    db.session.flush()
    writes = Writes(user.company_id, database_time())
    writes.say(cause, user.id, about=about, lead_id=lead_id, offer_id=offer_id, facts=facts)
    writes.flush()
