"""The outbox: a message per person, cause and channel, written in the transaction of its cause."""

from __future__ import annotations

from enum import StrEnum

from sqlalchemy import Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from portal.extensions import db
from portal.models.columns import CompanyId, Id, Json, Made, Moment, Ref, Str, one_of, same_company


class Cause(StrEnum):
    """Why somebody is told."""

    OFFER = "offer"
    OFFER_REMINDER = "offer_reminder"
    ASSIGNED = "assigned"
    ACCEPTED_COPY = "accepted_copy"
    MISSED = "missed"
    REASSIGNED_AWAY = "reassigned_away"
    COMMENT = "comment"
    MENTION = "mention"
    TOUCH = "touch"
    CATCH_ALL = "catch_all"
    LAST_CALL = "last_call"
    FOLLOW_UP = "follow_up"
    IMPORT_DONE = "import_done"
    ALARM = "alarm"
    ACCOUNT = "account"


class MessageChannel(StrEnum):
    """How a message travels."""

    EMAIL = "email"


class MessageState(StrEnum):
    """Where a message is; the last three are ends."""

    PENDING = "pending"
    SENT = "sent"
    DELIVERED = "delivered"
    FAILED = "failed"
    SUPPRESSED = "suppressed"


class Message(db.Model):  # type: ignore[name-defined,misc]
    """One message to one person. Its text and links are made when it is sent or shown, never stored."""

    __tablename__ = "messages"

    company_id: Mapped[CompanyId]
    id: Mapped[Id]
    user_id: Mapped[Ref]
    cause: Mapped[Str]
    # What exactly it is about (an offer's or timeline entry's id): with cause and channel it is said once.
    about: Mapped[Str]
    channel: Mapped[Str] = mapped_column(server_default=MessageChannel.EMAIL.value)
    state: Mapped[Str] = mapped_column(server_default=MessageState.PENDING.value)
    # The address when it was written.
    to: Mapped[Str]
    lead_id: Mapped[Ref | None]
    offer_id: Mapped[Ref | None]
    # What the wording needs beyond lead and offer: a reason, an account link's purpose. No secrets.
    facts: Mapped[Json]
    attempts: Mapped[int] = mapped_column(server_default=text("0"))
    # The provider's own words when it failed.
    error: Mapped[Str | None]
    created_at: Mapped[Made]
    sent_at: Mapped[Moment | None]

    __table_args__ = (
        same_company("user_id", "users"),
        same_company("lead_id", "leads"),
        same_company("offer_id", "offers"),
        one_of("cause", Cause),
        one_of("channel", MessageChannel),
        one_of("state", MessageState),
        UniqueConstraint("company_id", "user_id", "cause", "about", "channel"),
        Index("ix_messages_lead", "company_id", "lead_id"),
        Index("ix_messages_offer", "company_id", "offer_id", postgresql_where=text("offer_id IS NOT NULL")),
    )
