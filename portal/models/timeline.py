"""What happened to a lead, in order: every change has one entry that says who, when, before and after."""

from __future__ import annotations

from enum import StrEnum
from typing import Any

from sqlalchemy import Index
from sqlalchemy import text as sql
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from portal.extensions import db
from portal.models.columns import CompanyId, Id, Made, Ref, Str, one_of, same_company


class TimelineKind(StrEnum):
    """The kinds of entries, as the API names them."""

    CREATED = "created"
    TOUCH = "touch"
    HELD = "held"
    RELEASED = "released"
    QUARANTINED = "quarantined"
    DECISION = "decision"
    OFFERED = "offered"
    ACCEPTED = "accepted"
    DECLINED = "declined"
    MISSED = "missed"
    WITHDRAWN = "withdrawn"
    ASSIGNED = "assigned"
    UNASSIGNED = "unassigned"
    REASSIGNMENT_STARTED = "reassignment_started"
    REASSIGNMENT_ENDED = "reassignment_ended"
    TRANSFERRED = "transferred"
    COMMENT = "comment"
    MEMO = "memo"
    STATUS = "status"
    CONVERSION = "conversion"
    CONTACT_ATTEMPT = "contact_attempt"
    CLOSED = "closed"
    REOPENED = "reopened"
    SHARED = "shared"
    MERGED = "merged"
    MESSAGE = "message"


class ActorType(StrEnum):
    """Who did it."""

    USER = "user"
    RULE = "rule"
    SYSTEM = "system"
    CONTACT = "contact"


class Visibility(StrEnum):
    """Who reads a memo: everybody who sees the lead, or managers only."""

    EVERYONE = "everyone"
    MANAGERS = "managers"


class TimelineItem(db.Model):  # type: ignore[name-defined,misc]
    """One entry in a lead's stream. Append-only."""

    __tablename__ = "timeline"

    company_id: Mapped[CompanyId]
    id: Mapped[Id]
    lead_id: Mapped[Ref]
    at: Mapped[Made]
    kind: Mapped[Str]
    actor_type: Mapped[Str]
    # A user's or rule's id; None for the system and the contact.
    actor_id: Mapped[Ref | None]
    actor_name: Mapped[Str]
    text: Mapped[Str | None]
    before: Mapped[dict[str, Any] | None] = mapped_column(JSONB)
    after: Mapped[dict[str, Any] | None] = mapped_column(JSONB)
    visibility: Mapped[Str] = mapped_column(server_default=Visibility.EVERYONE.value)
    # From the form it was written in: pressing twice writes once.
    form_key: Mapped[Ref | None]

    __table_args__ = (
        same_company("lead_id", "leads"),
        one_of("kind", TimelineKind),
        one_of("actor_type", ActorType),
        one_of("visibility", Visibility),
        Index(None, "company_id", "lead_id", "id"),
        Index(
            "uq_timeline_form_key",
            "company_id",
            "lead_id",
            "form_key",
            unique=True,
            postgresql_where=sql("form_key IS NOT NULL"),
        ),
    )


class EntryEdit(db.Model):  # type: ignore[name-defined,misc]
    """A comment or memo written anew by its author. The newest counts; those before, and the entry, are kept."""

    __tablename__ = "entry_edits"

    company_id: Mapped[CompanyId]
    id: Mapped[Id]
    entry_id: Mapped[Ref]
    text: Mapped[Str]
    at: Mapped[Made]

    __table_args__ = (same_company("entry_id", "timeline"), Index(None, "company_id", "entry_id", "id"))
