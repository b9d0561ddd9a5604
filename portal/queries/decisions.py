"""Why a lead went where it went: the stored decisions."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Select, select

from portal.extensions import db
from portal.models import Company, Decision, Lead, User
from portal.permissions import sees_names_in_why, unmasked_leads
from portal.queries.buckets import visible
from portal.queries.leads import lead_for
from portal.routing.explain import about, masked, masks, sentences_from, why_from

LOOKED_THROUGH = 500
"""The last decisions of a company among which those about one person or pool are looked for."""


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
    # The version of the set-up it was made under.
    rule_set: int | None
    # Whom to name: this user, and nobody else. None = everybody.
    for_eyes_of: UUID | None = None

    @property
    def why(self) -> str:
        """One or two plain sentences."""
        return why_from(self.data, self._names)

    @property
    def sentences(self) -> list[str]:
        """The whole story, one sentence an item."""
        return sentences_from(self.data, self._names)

    @property
    def told(self) -> dict[str, Any]:
        """The data, without the names and ids that are not for these eyes."""
        return masked(self.data, self._names) if self._names else self.data

    def about(self, user_id: UUID) -> str | None:
        """One sentence on what it said of somebody; None = they were not looked at."""
        return about(self.data, str(user_id), self._names)

    @property
    def _names(self) -> dict[str, str]:
        return {} if self.for_eyes_of is None else masks(self.data, str(self.for_eyes_of))


def eyes_of(user: User) -> UUID | None:
    """For `DecisionView.for_eyes_of`: None for whoever is shown the names of others."""
    company = db.session.get_one(Company, user.company_id)
    return None if sees_names_in_why(user, company) else user.id


def decisions_of(user: User, lead_id: UUID, at_most: int = 50) -> list[DecisionView]:
    """The decisions on a lead, newest first; none while it is masked for the user.

    Raises:
        NotFound: the user does not see the lead.
    """
    if lead_for(user, lead_id).masked:
        return []
    return decisions(user.company_id, lead_id, at_most, for_eyes_of=eyes_of(user))


def decisions(company_id: UUID, lead_id: UUID, at_most: int, *, for_eyes_of: UUID | None = None) -> list[DecisionView]:
    """The same for a caller who has looked at the lead already and found it shown."""
    statement = _newest_first().where(Decision.company_id == company_id, Decision.lead_id == lead_id).limit(at_most)
    return _views(statement, for_eyes_of)


def why_of(user: User, decision_ids: Iterable[UUID]) -> dict[UUID, str]:
    """What the user may read of why these decisions went as they did."""
    statement = _newest_first().where(Decision.company_id == user.company_id, Decision.id.in_(list(decision_ids)))
    return {view.id: view.why for view in _views(statement, eyes_of(user))}


def last_about(viewer: User, user_id: UUID, at_most: int) -> list[DecisionView]:
    """The last decisions in which somebody was looked at, newest first, on leads shown to the viewer.

    Looked for among the company's last LOOKED_THROUGH decisions: which are about one person no index knows.
    """
    wanted = Decision.data["candidates"].contains([{"user_id": str(user_id)}])
    return _last(viewer, wanted, at_most)


def last_of_pool(viewer: User, pool_id: UUID, at_most: int) -> list[DecisionView]:
    """The last decisions of a pool, newest first, on leads shown to the viewer; looked for likewise."""
    return _last(viewer, Decision.pool_id == pool_id, at_most)


def _last(viewer: User, wanted: ColumnElement[bool], at_most: int) -> list[DecisionView]:
    recent = select(Decision.id).where(Decision.company_id == viewer.company_id).order_by(Decision.id.desc())
    shown = (Lead.company_id == Decision.company_id) & (Lead.id == Decision.lead_id)
    statement = (
        _newest_first()
        .join(Lead, shown)
        .where(
            Decision.company_id == viewer.company_id,
            Decision.id.in_(recent.limit(LOOKED_THROUGH)),
            wanted,
            visible(viewer),
            unmasked_leads(viewer),
        )
        .limit(at_most)
    )
    return _views(statement, eyes_of(viewer))


def _newest_first() -> Select[Any]:
    kept = Decision
    columns = (
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
        kept.rule_set,
    )
    statement: Any = select(*columns).order_by(kept.id.desc())
    return statement  # type: ignore[no-any-return]


def _views(statement: Select[Any], for_eyes_of: UUID | None) -> list[DecisionView]:
    return [DecisionView(**row._mapping, for_eyes_of=for_eyes_of) for row in db.session.execute(statement)]
