"""The log of changes to who may do what and to how the company is set up."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Index
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from portal.extensions import db
from portal.models.columns import CompanyId, Id, Made, Ref, Str, of_company


class AuditEntry(db.Model):  # type: ignore[name-defined,misc]
    """One change: what was so before, what is after, who made it, when, and from where. Never changed or removed."""

    __tablename__ = "audit_entries"

    company_id: Mapped[CompanyId]
    id: Mapped[Id]
    at: Mapped[Made]
    # None = nobody's act but the portal's own.
    actor_id: Mapped[Ref | None]
    # As it was then.
    actor_name: Mapped[Str]
    # Page, API key or command line, and the address it came from.
    origin: Mapped[Str]
    # What kind of thing was changed, which one, and what it was called then.
    subject: Mapped[Str]
    subject_id: Mapped[Ref | None]
    subject_name: Mapped[Str]
    action: Mapped[Str]
    # The fields that changed, and those only.
    before: Mapped[dict[str, Any] | None] = mapped_column(JSONB)
    after: Mapped[dict[str, Any] | None] = mapped_column(JSONB)

    __table_args__ = (
        of_company(),
        Index("ix_audit_entries_subject", "company_id", "subject", "subject_id", "id"),
        Index("ix_audit_entries_actor", "company_id", "actor_id", "id"),
    )
