"""A lead: one engagement with a contact. It comes in, is handed out, worked, closed."""

from __future__ import annotations

from enum import StrEnum
from typing import Any

from sqlalchemy import CheckConstraint, Index, UniqueConstraint
from sqlalchemy import text as sql
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from portal.extensions import db
from portal.models.columns import CompanyId, Id, Json, Made, Moment, Ref, Str, Texts, of_company, one_of, same_company
from portal.routing.facts import WaitingFor
from portal.routing.holding import HeldFor


class LeadState(StrEnum):
    """Where a lead is; it is always in exactly one."""

    QUARANTINED = "quarantined"
    HELD = "held"
    UNASSIGNED = "unassigned"
    OFFERING = "offering"
    OWNED = "owned"
    CLOSED = "closed"


class Channel(StrEnum):
    """How leads travel."""

    WEB = "web"
    PHONE = "phone"
    SMS = "sms"
    CHAT = "chat"
    EMAIL = "email"
    SHEET = "sheet"
    CSV = "csv"
    API = "api"
    MANUAL = "manual"


class CloseReason(StrEnum):
    """Why an engagement ended."""

    WON = "won"
    DECLINED = "declined"
    OPTED_OUT = "opted_out"
    DUPLICATE = "duplicate"
    NOT_VALID = "not_valid"
    NO_ANSWER = "no_answer"
    OTHER = "other"


# What handing out changes. Operations carry these around together, so that a lead is never half moved.
LEAD_STATE_COLUMNS = (
    "state",
    "waiting_for",
    "owner_id",
    "pool_id",
    "rule_id",
    "decision_id",
    "was_offered",
    "alarmed_at",
    "assigned_at",
    "held_until",
    "held_reason",
)


class Lead(db.Model):  # type: ignore[name-defined,misc]
    """One engagement with one contact."""

    __tablename__ = "leads"

    company_id: Mapped[CompanyId]
    id: Mapped[Id]
    contact_id: Mapped[Ref]
    state: Mapped[Str]
    # Set exactly while `state` is unassigned.
    waiting_for: Mapped[Str | None]
    # The one agent responsible. Kept when the lead is closed: it then names the former owner.
    owner_id: Mapped[Ref | None]
    team_id: Mapped[Ref | None]
    # The pool and rule that last handed it out, and the decision that says why.
    pool_id: Mapped[Ref | None]
    rule_id: Mapped[Ref | None]
    decision_id: Mapped[Ref | None]
    # The sender's own id, unique per source; later ones are aliases.
    external_id: Mapped[Str | None]
    source: Mapped[Str | None]
    channel: Mapped[Str] = mapped_column(server_default=Channel.API.value)
    lead_type: Mapped[Str | None]
    # What the customer wrote first; later messages are touches.
    text: Mapped[Str | None]
    language: Mapped[Str | None]
    fields: Mapped[Json]
    location: Mapped[dict[str, Any] | None] = mapped_column(JSONB)
    price: Mapped[dict[str, Any] | None] = mapped_column(JSONB)
    tags_found: Mapped[Texts]
    # Notes for people: possible_duplicate, doubtful_phone.
    flags: Mapped[Texts]
    # The owner cannot work it (deactivated): managers are told.
    needs_attention: Mapped[bool] = mapped_column(server_default=sql("false"))
    # Is or was on offer: masked for everybody without see_all or assign until they own it.
    was_offered: Mapped[bool] = mapped_column(server_default=sql("false"))
    # Since when the lead waits with an alarm raised; None = calm.
    alarmed_at: Mapped[Moment | None]
    # While it is held: why, and until when where that is known. Leads are let go one by one from then on.
    held_until: Mapped[Moment | None]
    held_reason: Mapped[Str | None]
    # When the sender says it came in, and when we stored it.
    received_at: Mapped[Moment | None]
    created_at: Mapped[Made]
    last_activity_at: Mapped[Made]
    assigned_at: Mapped[Moment | None]
    closed_at: Mapped[Moment | None]
    closed_by: Mapped[Ref | None]
    close_reason: Mapped[Str | None]
    close_note: Mapped[Str | None]

    __table_args__ = (
        same_company("contact_id", "contacts"),
        same_company("owner_id", "users"),
        same_company("closed_by", "users"),
        same_company("team_id", "teams"),
        same_company("pool_id", "pools"),
        same_company("rule_id", "rules"),
        one_of("state", LeadState),
        one_of("waiting_for", WaitingFor),
        one_of("channel", Channel),
        one_of("close_reason", CloseReason),
        # The states are one closed set of shapes; a row between two of them cannot be written.
        CheckConstraint("(state = 'unassigned') = (waiting_for IS NOT NULL)", name="waiting_for_when_unassigned"),
        CheckConstraint("state IN ('owned', 'closed') OR owner_id IS NULL", name="no_owner_unless_owned"),
        CheckConstraint("state <> 'owned' OR owner_id IS NOT NULL", name="owned_has_owner"),
        CheckConstraint("(state = 'closed') = (closed_at IS NOT NULL)", name="closed_at_when_closed"),
        CheckConstraint("state <> 'closed' OR close_reason IS NOT NULL", name="closed_has_reason"),
        one_of("held_reason", HeldFor),
        CheckConstraint("(state = 'held') = (held_reason IS NOT NULL)", name="held_says_why"),
        CheckConstraint(
            "coalesce(held_reason = 'opening_hours', false) = (held_until IS NOT NULL)", name="held_until_opening"
        ),
        CheckConstraint(
            "(waiting_for IS NOT NULL AND waiting_for IN ('routing', 'catch_all')) = (alarmed_at IS NOT NULL)",
            name="alarm_when_waiting",
        ),
        # Buckets, newest first; and a contact's open lead.
        Index(
            "ix_leads_unassigned",
            "company_id",
            "id",
            postgresql_where=sql("state IN ('unassigned', 'offering', 'held', 'quarantined')"),
        ),
        Index("ix_leads_held", "company_id", "id", postgresql_where=sql("state = 'held'")),
        Index("ix_leads_quarantined", "company_id", "id", postgresql_where=sql("state = 'quarantined'")),
        Index("ix_leads_owner_open", "company_id", "owner_id", "id", postgresql_where=sql("state = 'owned'")),
        Index("ix_leads_assigned", "company_id", "id", postgresql_where=sql("state = 'owned'")),
        Index("ix_leads_closed", "company_id", "id", postgresql_where=sql("state = 'closed'")),
        Index("ix_leads_owner_closed", "company_id", "owner_id", "id", postgresql_where=sql("state = 'closed'")),
        Index(
            "ix_leads_owner_assigned",
            "company_id",
            "owner_id",
            "assigned_at",
            postgresql_where=sql("owner_id IS NOT NULL"),
        ),
        Index("ix_leads_team", "company_id", "team_id", "id", postgresql_where=sql("team_id IS NOT NULL")),
        Index("ix_leads_contact", "company_id", "contact_id", "id"),
        Index("ix_leads_waiting", "company_id", "waiting_for", "id", postgresql_where=sql("state = 'unassigned'")),
    )


class LeadAlias(db.Model):  # type: ignore[name-defined,misc]
    """A sender's id for a lead: unique per source, several per lead."""

    __tablename__ = "lead_aliases"

    company_id: Mapped[CompanyId]
    id: Mapped[Id]
    lead_id: Mapped[Ref]
    # Empty when the sender named no source.
    source: Mapped[Str] = mapped_column(server_default="")
    external_id: Mapped[Str]
    created_at: Mapped[Made]

    __table_args__ = (
        same_company("lead_id", "leads"),
        UniqueConstraint("company_id", "source", "external_id"),
        Index(None, "company_id", "lead_id"),
    )


class Touch(db.Model):  # type: ignore[name-defined,misc]
    """One inbound message recorded on a lead."""

    __tablename__ = "touches"

    company_id: Mapped[CompanyId]
    id: Mapped[Id]
    lead_id: Mapped[Ref]
    channel: Mapped[Str]
    source: Mapped[Str | None]
    text: Mapped[Str | None]
    # The message as it was sent to us, so that nothing a mapping missed is lost.
    payload: Mapped[Json]
    at: Mapped[Made]

    __table_args__ = (
        same_company("lead_id", "leads"),
        one_of("channel", Channel),
        Index(None, "company_id", "lead_id", "id"),
    )


class Source(db.Model):  # type: ignore[name-defined,misc]
    """Where leads come from: a named form, ad, sheet. Unknown ones named by a payload are created."""

    __tablename__ = "sources"

    company_id: Mapped[CompanyId]
    id: Mapped[Id]
    name: Mapped[Str]
    created_at: Mapped[Made]

    __table_args__ = (of_company(), UniqueConstraint("company_id", "name"))
