"""A reassignment: an owned lead handed to a pool, with the owner slot locked until it ends."""

from __future__ import annotations

from enum import StrEnum

from sqlalchemy import CheckConstraint, Index, text
from sqlalchemy.orm import Mapped

from portal.extensions import db
from portal.models.columns import CompanyId, Id, Made, Moment, Ref, Str, one_of, same_company


class ReassignmentState(StrEnum):
    """Running, or how it ended: a new owner, the pool's default assignee, or the owner unchanged."""

    RUNNING = "running"
    DONE = "done"
    DEFAULTED = "defaulted"
    CANCELLED = "cancelled"


class Trigger(StrEnum):
    """What started it: somebody by hand, or that nobody logged a contact in time."""

    BY_HAND = "by_hand"
    NO_CONTACT = "no_contact"


class Reassignment(db.Model):  # type: ignore[name-defined,misc]
    """One handing of an owned lead to a pool, from its start to its end."""

    __tablename__ = "reassignments"

    company_id: Mapped[CompanyId]
    id: Mapped[Id]
    lead_id: Mapped[Ref]
    # The group it was handed to, or the lead's own pool.
    pool_id: Mapped[Ref]
    state: Mapped[Str]
    trigger: Mapped[Str]
    # Who owned it when it began, and who owns it by it.
    from_user_id: Mapped[Ref]
    to_user_id: Mapped[Ref | None]
    # None = the portal itself.
    started_by: Mapped[Ref | None]
    started_at: Mapped[Made]
    ended_at: Mapped[Moment | None]
    # Why it ended without a new owner, as a sentence.
    reason: Mapped[Str | None]

    __table_args__ = (
        same_company("lead_id", "leads", ondelete="CASCADE"),
        same_company("pool_id", "pools"),
        same_company("from_user_id", "users"),
        same_company("to_user_id", "users"),
        same_company("started_by", "users"),
        one_of("state", ReassignmentState),
        one_of("trigger", Trigger),
        CheckConstraint("(state = 'running') = (ended_at IS NULL)", name="ended_at_when_ended"),
        CheckConstraint("(state IN ('done', 'defaulted')) = (to_user_id IS NOT NULL)", name="to_when_moved"),
        CheckConstraint("to_user_id <> from_user_id", name="to_somebody_else"),
        # One at a time of a lead, whatever the code above believes.
        Index(
            "uq_reassignments_running",
            "company_id",
            "lead_id",
            unique=True,
            postgresql_where=text("state = 'running'"),
        ),
        Index("ix_reassignments_pool", "company_id", "pool_id", postgresql_where=text("state = 'running'")),
        Index(None, "company_id", "lead_id", "id"),
    )
