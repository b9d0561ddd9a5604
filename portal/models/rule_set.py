"""The versions of how a company hands out leads: what was published, by whom, when."""

from __future__ import annotations

from sqlalchemy import CheckConstraint, UniqueConstraint
from sqlalchemy.orm import Mapped

from portal.extensions import db
from portal.models.columns import CompanyId, Id, Json, Made, Ref, Str, of_company


class RuleSet(db.Model):  # type: ignore[name-defined,misc]
    """One version, as `operations.setup_file` tells it. Never changed."""

    __tablename__ = "rule_sets"

    company_id: Mapped[CompanyId]
    id: Mapped[Id]
    # Counts up from 1 in each company.
    number: Mapped[int]
    data: Mapped[Json]
    made_by: Mapped[Ref]
    # As they were called then.
    made_by_name: Mapped[Str]
    # What it was for: rolling back, publishing a draft; None = a change on a page.
    note: Mapped[Str | None]
    created_at: Mapped[Made]

    __table_args__ = (
        of_company(),
        UniqueConstraint("company_id", "number"),
        CheckConstraint("number >= 1", name="number"),
    )
