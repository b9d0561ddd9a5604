"""A pool: who takes part, how the next person is picked, how the lead reaches them, and the turn ledger."""

from __future__ import annotations

from enum import StrEnum
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import ARRAY, BigInteger, CheckConstraint, ForeignKeyConstraint, Index, UniqueConstraint, Uuid, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from portal.extensions import db
from portal.models.columns import CompanyId, Id, Made, Moment, Ref, Str, of_company, one_of, same_company
from portal.models.member_caps import NO_CAPS, MemberCaps, WithMemberCaps, no_cap_below_zero
from portal.routing.facts import Credit, DefaultMode, Delivery, Picker, Timer, WhenNobody


class Pool(db.Model):  # type: ignore[name-defined,misc]
    """Pool = picker × delivery. Its row is the lock under which turns are played."""

    __tablename__ = "pools"

    company_id: Mapped[CompanyId]
    id: Mapped[Id]
    name: Mapped[Str]
    team_id: Mapped[Ref | None]
    picker: Mapped[Str] = mapped_column(server_default=Picker.ROTATION.value)
    delivery: Mapped[Str] = mapped_column(server_default=Delivery.OFFER.value)
    # How long an offer stands, in seconds.
    window_seconds: Mapped[int] = mapped_column(server_default=text("300"))
    # Offers per lead in this pool before the ladder's next step; 0 = no limit.
    max_offers: Mapped[int] = mapped_column(server_default=text("8"))
    # Whose pool it is when the picker is `single`.
    single_user_id: Mapped[Ref | None]
    # How long a last call stands, in seconds; None = none is made.
    last_call_seconds: Mapped[int | None]
    # Where a lead goes that nobody here took.
    next_pool_id: Mapped[Ref | None]
    # Members exist, but all are away, off hours or capped.
    when_nobody_available: Mapped[Str] = mapped_column(server_default=WhenNobody.FALLBACK.value)
    # Members who are full when a turn is played lose what they are owed; else it stays theirs.
    forfeit_at_cap: Mapped[bool] = mapped_column(server_default=text("false"))
    # Most leads one person may take from a pond in a day; None = no limit.
    pond_limit: Mapped[int | None]
    # Owned leads that nobody logged a contact with for so long, in seconds, are reassigned; None = they are not.
    contact_within: Mapped[int | None]
    # For leads that have an owner and shall have another: neither rules nor pools lead here.
    for_reassignment: Mapped[bool] = mapped_column(server_default=text("false"))
    # None = own when there is exactly one default assignee, else tell.
    default_mode: Mapped[Str | None]
    # What windows count: all time, or only the working time, which `hours` tells as `routing.hours` reads it; without
    # hours, all time is working time.
    timer: Mapped[Str] = mapped_column(server_default=Timer.WALL.value)
    hours: Mapped[dict[str, Any] | None] = mapped_column(JSONB)
    created_at: Mapped[Made]
    # Deleted pools stay for the decisions that name them.
    deleted_at: Mapped[Moment | None]

    __table_args__ = (
        of_company(),
        same_company("team_id", "teams"),
        one_of("picker", Picker),
        one_of("delivery", Delivery),
        one_of("default_mode", DefaultMode),
        one_of("when_nobody_available", WhenNobody),
        one_of("timer", Timer),
        same_company("single_user_id", "users"),
        same_company("next_pool_id", "pools"),
        CheckConstraint("last_call_seconds BETWEEN 5 AND 86400", name="last_call_seconds"),
        CheckConstraint("pond_limit >= 1", name="pond_limit"),
        CheckConstraint("contact_within BETWEEN 5 AND 2592000", name="contact_within"),
        CheckConstraint("next_pool_id <> id", name="not_its_own_next"),
        CheckConstraint("window_seconds BETWEEN 5 AND 86400", name="window_seconds"),
        CheckConstraint("max_offers BETWEEN 0 AND 1000", name="max_offers"),
        Index("uq_pools_name", "company_id", "name", unique=True, postgresql_where=text("deleted_at IS NULL")),
    )


class PoolMember(WithMemberCaps, db.Model):  # type: ignore[name-defined,misc]
    """A user who takes part in a pool, with a weight. Weight 0 = paused in this pool."""

    __tablename__ = "pool_members"

    company_id: Mapped[CompanyId]
    id: Mapped[Id]
    pool_id: Mapped[Ref]
    user_id: Mapped[Ref]
    weight: Mapped[int] = mapped_column(server_default=text("1"))
    # Points added to the tag score of best match; may be negative.
    priority: Mapped[int] = mapped_column(server_default=text("0"))
    # The tag they are in by, in its normal text; None = they have an entry of their own.
    agent_tag: Mapped[Str | None]
    created_at: Mapped[Made]

    __table_args__ = (
        of_company(),
        same_company("pool_id", "pools"),
        same_company("user_id", "users"),
        UniqueConstraint("company_id", "pool_id", "user_id"),
        CheckConstraint("weight BETWEEN 0 AND 1000", name="weight"),
        CheckConstraint("priority BETWEEN -1000 AND 1000", name="priority"),
        *no_cap_below_zero(),
        Index(None, "company_id", "user_id"),
    )


class PoolTag(WithMemberCaps, db.Model):  # type: ignore[name-defined,misc]
    """A tag that is a member of a pool: it stands for everybody who carries it, each with these limits."""

    __tablename__ = "pool_tags"

    company_id: Mapped[CompanyId]
    id: Mapped[Id]
    pool_id: Mapped[Ref]
    # As tags are compared.
    normal: Mapped[Str]
    weight: Mapped[int] = mapped_column(server_default=text("1"))
    priority: Mapped[int] = mapped_column(server_default=text("0"))

    __table_args__ = (
        ForeignKeyConstraint(
            ["company_id", "pool_id"],
            ["pools.company_id", "pools.id"],
            ondelete="CASCADE",
        ),
        UniqueConstraint("company_id", "pool_id", "normal"),
        CheckConstraint("weight BETWEEN 0 AND 1000", name="weight"),
        CheckConstraint("priority BETWEEN -1000 AND 1000", name="priority"),
        *no_cap_below_zero(),
    )


class TagMember(NamedTuple):
    """What everybody who is in a pool by a tag has there: weight, points, and limits for each of them."""

    weight: int = 1
    priority: int = 0
    caps: MemberCaps = NO_CAPS


class PoolDefault(db.Model):  # type: ignore[name-defined,misc]
    """A default assignee of a pool; the first active one in order counts."""

    __tablename__ = "pool_defaults"

    company_id: Mapped[CompanyId]
    id: Mapped[Id]
    pool_id: Mapped[Ref]
    user_id: Mapped[Ref]
    position: Mapped[int]

    __table_args__ = (
        of_company(),
        same_company("pool_id", "pools"),
        same_company("user_id", "users"),
        UniqueConstraint("company_id", "pool_id", "user_id"),
        CheckConstraint("position BETWEEN 1 AND 5", name="position"),
    )


class LedgerAccount(db.Model):  # type: ignore[name-defined,misc]
    """What a member of a pool was entitled to and what they received, in nano-leads. Credits of a pool sum to zero."""

    __tablename__ = "ledger_accounts"

    company_id: Mapped[CompanyId]
    id: Mapped[Id]
    pool_id: Mapped[Ref]
    user_id: Mapped[Ref]
    # The turn credit: entitled − received.
    credit: Mapped[int] = mapped_column(BigInteger, server_default=text("0"))
    # The second-choice credit, for re-offers.
    second_credit: Mapped[int] = mapped_column(BigInteger, server_default=text("0"))
    entitled: Mapped[int] = mapped_column(BigInteger, server_default=text("0"))
    received: Mapped[int] = mapped_column(BigInteger, server_default=text("0"))
    # A random order fixed when the member joined: the last tie-break.
    tie_order: Mapped[int]

    __table_args__ = (
        of_company(),
        same_company("pool_id", "pools"),
        same_company("user_id", "users"),
        UniqueConstraint("company_id", "pool_id", "user_id"),
        CheckConstraint("credit = entitled - received", name="credit"),
        # Updated at every hand-out: room on the page keeps those updates off the indexes.
        {"postgresql_with": {"fillfactor": 50}},
    )


class EntryKind(StrEnum):
    """What changed the ledger."""

    STEP = "step"
    JOIN = "join"
    LEAVE = "leave"
    CHARGE = "charge"
    REVERSAL = "reversal"
    FORFEIT = "forfeit"
    ZERO = "zero"


class LedgerEntry(db.Model):  # type: ignore[name-defined,misc]
    """One change of a pool's ledger. The accounts equal the sum of these; nothing else may change them."""

    __tablename__ = "ledger_entries"

    company_id: Mapped[CompanyId]
    id: Mapped[Id]
    pool_id: Mapped[Ref]
    kind: Mapped[Str]
    credit: Mapped[Str]
    # Parallel lists: who, what they were entitled to by this entry, what they received, in nano-leads.
    user_ids: Mapped[list[UUID]] = mapped_column(ARRAY(Uuid))
    entitled: Mapped[list[int]] = mapped_column(ARRAY(BigInteger))
    received: Mapped[list[int]] = mapped_column(ARRAY(BigInteger))
    lead_id: Mapped[Ref | None]
    decision_id: Mapped[Ref | None]
    # The offer whose turn this was; a reversal names the entry it undoes.
    offer_id: Mapped[Ref | None]
    reverses_id: Mapped[Ref | None]
    at: Mapped[Made]

    __table_args__ = (
        same_company("pool_id", "pools"),
        one_of("kind", EntryKind),
        one_of("credit", Credit),
        Index(None, "company_id", "pool_id", "id"),
        Index("ix_ledger_entries_offer", "company_id", "offer_id", postgresql_where=text("offer_id IS NOT NULL")),
        # An entry is undone once.
        Index(
            "uq_ledger_entries_reverses",
            "company_id",
            "reverses_id",
            unique=True,
            postgresql_where=text("reverses_id IS NOT NULL"),
        ),
    )
