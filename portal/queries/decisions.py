"""Why a lead went where it went: the stored decisions."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import select

from portal.extensions import db
from portal.models import Decision, User
from portal.queries.leads import lead_for
from portal.routing.explain import sentences_from, why_from


@dataclass(frozen=True, slots=True)
class DecisionView:
    """One routing step. `data` is the decision as `routing.explain.as_data` stored it."""

    id: UUID
    lead_id: UUID
    pool_id: UUID | None
    rule_id: UUID | None
    stage: str
    outcome: str
    chosen: list[UUID]
    actor: str
    at: datetime
    data: dict[str, Any]

    @property
    def why(self) -> str:
        """One or two plain sentences."""
        return why_from(self.data)

    @property
    def sentences(self) -> list[str]:
        """The whole story, one sentence an item."""
        return sentences_from(self.data)


def decisions_of(user: User, lead_id: UUID, at_most: int = 50) -> list[DecisionView]:
    """The decisions on a lead, newest first; none while it is masked for the user.

    Raises:
        NotFound: the user does not see the lead.
    """
    if lead_for(user, lead_id).masked:
        return []
    return decisions(user.company_id, lead_id, at_most)


def decisions(company_id: UUID, lead_id: UUID, at_most: int) -> list[DecisionView]:
    """The same for a caller who has looked at the lead already and found it shown."""
    kept = Decision
    statement = (
        select(
            kept.id,
            kept.lead_id,
            kept.pool_id,
            kept.rule_id,
            kept.stage,
            kept.outcome,
            kept.chosen,
            kept.actor,
            kept.at,
            kept.data,
        )
        .where(kept.company_id == company_id, kept.lead_id == lead_id)
        .order_by(kept.id.desc())
        .limit(at_most)
    )
    return [DecisionView(**row._mapping) for row in db.session.execute(statement)]
