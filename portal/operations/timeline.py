"""Timeline entries outside the engine."""

from __future__ import annotations

from uuid import UUID

from portal.extensions import db
from portal.models import TimelineKind
from portal.models.tenancy import working_company
from portal.operations.actors import Actor
from portal.operations.writes import Row, Writes
from portal.queries.clock import database_time


def record(
    lead_id: UUID,
    kind: TimelineKind,
    actor: Actor,
    *,
    text: str | None = None,
    before: Row | None = None,
    after: Row | None = None,
) -> None:
    """Add an entry to a lead's stream, in the running operation."""
    db.session.flush()
    writes = Writes(working_company(), database_time())
    writes.record(lead_id, kind, actor, text=text, before=before, after=after)
    writes.flush()
