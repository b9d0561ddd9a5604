"""A decision: the stored record of one routing step and why it went as it did."""

from __future__ import annotations

from uuid import UUID

from sqlalchemy import ARRAY, Index, Uuid
from sqlalchemy.orm import Mapped, mapped_column

from portal.extensions import db
from portal.models.columns import CompanyId, Id, Json, Made, Ref, Str, one_of, same_company
from portal.routing.facts import Outcome, Stage


class Decision(db.Model):  # type: ignore[name-defined,misc]
    """Rules met and not met, every candidate with gate and reason, the choice. Never changed."""

    __tablename__ = "decisions"

    company_id: Mapped[CompanyId]
    id: Mapped[Id]
    lead_id: Mapped[Ref]
    pool_id: Mapped[Ref | None]
    rule_id: Mapped[Ref | None]
    stage: Mapped[Str]
    outcome: Mapped[Str]
    chosen: Mapped[list[UUID]] = mapped_column(ARRAY(Uuid))
    # The decision as `routing.explain.as_data` tells it.
    data: Mapped[Json]
    # The number of the version of the set-up it was made under; None before there was one.
    rule_set: Mapped[int | None]
    # The reassignment it was made in; None = the lead had no owner.
    reassignment_id: Mapped[Ref | None]
    # Who caused the step: the sender, a user, the clock.
    actor: Mapped[Str]
    at: Mapped[Made]

    __table_args__ = (
        same_company("lead_id", "leads"),
        same_company("pool_id", "pools"),
        same_company("reassignment_id", "reassignments"),
        one_of("stage", Stage),
        one_of("outcome", Outcome),
        Index(None, "company_id", "lead_id", "id"),
    )
