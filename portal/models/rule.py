"""Rules: ordered conditions on a lead that name a pool or a team, in the company's list or a team's own. The default
rule is the company's last and always there."""

from __future__ import annotations

from typing import Any

from sqlalchemy import CheckConstraint, Index, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from portal.extensions import db
from portal.models.columns import CompanyId, Id, Json, Made, Moment, Ref, Str, of_company, same_company


class Rule(db.Model):  # type: ignore[name-defined,misc]
    """A condition that names a pool or a team; the first of a list that is met wins."""

    __tablename__ = "rules"

    company_id: Mapped[CompanyId]
    id: Mapped[Id]
    name: Mapped[Str]
    # Lower is looked at first; the default rule stands behind all of them.
    position: Mapped[int] = mapped_column(server_default=text("0"))
    is_default: Mapped[bool] = mapped_column(server_default=text("false"))
    paused: Mapped[bool] = mapped_column(server_default=text("false"))
    # Field → accepted values; empty restricts nothing.
    conditions: Mapped[Json]
    strictness: Mapped[Json]
    # When the rule counts, in the company's zone; None = always. Outside them a lead falls to the next rule.
    hours: Mapped[dict[str, Any] | None] = mapped_column(JSONB(none_as_null=True))
    # Where its leads go; none of the two = they wait for a person.
    pool_id: Mapped[Ref | None]
    to_team_id: Mapped[Ref | None]
    # Whose list it stands in; None = the company's.
    team_id: Mapped[Ref | None]
    created_at: Mapped[Made]
    # Rules out of use stay for the leads that name them.
    deleted_at: Mapped[Moment | None]

    __table_args__ = (
        of_company(),
        same_company("pool_id", "pools"),
        same_company("team_id", "teams"),
        same_company("to_team_id", "teams", ondelete="SET NULL (to_team_id)"),
        CheckConstraint("pool_id IS NULL OR to_team_id IS NULL", name="one_way"),
        CheckConstraint("NOT (is_default AND team_id IS NOT NULL)", name="default_of_company"),
        CheckConstraint("NOT (is_default AND (paused OR conditions <> '{}'))", name="default_restricts_nothing"),
        CheckConstraint("NOT (is_default AND deleted_at IS NOT NULL)", name="default_stays"),
        Index("uq_rules_default", "company_id", unique=True, postgresql_where=text("is_default")),
        Index(None, "company_id", "position"),
    )
