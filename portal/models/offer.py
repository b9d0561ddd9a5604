"""An offer: a timed proposal of one lead to one agent."""

from __future__ import annotations

from enum import StrEnum

from sqlalchemy import CheckConstraint, Index, text
from sqlalchemy.orm import Mapped

from portal.extensions import db
from portal.models.columns import CompanyId, Id, Made, Moment, Ref, Str, one_of, same_company


class OfferState(StrEnum):
    """Waiting (second chance in line), open, or ended. Ended states never change."""

    WAITING = "waiting"
    OPEN = "open"
    ACCEPTED = "accepted"
    DECLINED = "declined"
    MISSED = "missed"
    WITHDRAWN = "withdrawn"


class OfferKind(StrEnum):
    """How the offer came about."""

    EXCLUSIVE = "exclusive"
    BROADCAST = "broadcast"
    SECOND_CHANCE = "second_chance"
    LAST_CALL = "last_call"


class Offer(db.Model):  # type: ignore[name-defined,misc]
    """One lead proposed to one agent for a window."""

    __tablename__ = "offers"

    company_id: Mapped[CompanyId]
    id: Mapped[Id]
    lead_id: Mapped[Ref]
    user_id: Mapped[Ref]
    pool_id: Mapped[Ref]
    decision_id: Mapped[Ref | None]
    state: Mapped[Str]
    kind: Mapped[Str]
    created_at: Mapped[Made]
    # The end of the window by the database's clock; None while waiting in line.
    expires_at: Mapped[Moment | None]
    ended_at: Mapped[Moment | None]
    # The reassignment it belongs to; None = the lead had no owner.
    reassignment_id: Mapped[Ref | None]
    # Why it was declined or withdrawn.
    reason: Mapped[Str | None]
    # When the agent first looked; looking never decides.
    seen_at: Mapped[Moment | None]

    __table_args__ = (
        same_company("lead_id", "leads"),
        same_company("user_id", "users"),
        same_company("pool_id", "pools"),
        same_company("reassignment_id", "reassignments"),
        one_of("state", OfferState),
        one_of("kind", OfferKind),
        CheckConstraint("state <> 'open' OR expires_at IS NOT NULL", name="open_ends"),
        CheckConstraint("(state IN ('waiting', 'open')) = (ended_at IS NULL)", name="ended_at_when_ended"),
        CheckConstraint("state <> 'waiting' OR kind = 'second_chance'", name="only_second_chances_wait"),
        # One exclusive offer of a lead at a time, whatever the code above believes.
        Index(
            "uq_offers_one_open_exclusive",
            "company_id",
            "lead_id",
            unique=True,
            postgresql_where=text("state = 'open' AND kind IN ('exclusive', 'second_chance')"),
        ),
        Index(
            "uq_offers_one_open_per_agent",
            "company_id",
            "lead_id",
            "user_id",
            unique=True,
            postgresql_where=text("state = 'open'"),
        ),
        # A second chance is asked for once per agent and lead.
        Index(
            "uq_offers_second_chance",
            "company_id",
            "lead_id",
            "user_id",
            unique=True,
            postgresql_where=text("kind = 'second_chance'"),
        ),
        Index("ix_offers_lead", "company_id", "lead_id", "id"),
        Index("ix_offers_user", "company_id", "user_id", "id"),
        Index("ix_offers_open_end", "expires_at", postgresql_where=text("state = 'open'")),
    )
