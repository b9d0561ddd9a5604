"""A user: an account's membership in one company. Everything in a company refers to users."""

from __future__ import annotations

from datetime import date
from enum import StrEnum
from typing import Any

from sqlalchemy import ARRAY, CheckConstraint, ForeignKeyConstraint, Index, Text, UniqueConstraint, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from portal.extensions import db
from portal.models.columns import CompanyId, Id, Made, Moment, Ref, Str, Texts, of_company, one_of, same_company
from portal.rights import GRANTS
from portal.routing.facts import Presence


class LeadAccess(StrEnum):
    """The boxes that say which buckets a user sees."""

    UNASSIGNED = "unassigned"
    MINE = "mine"
    ASSIGNED = "assigned"


class User(db.Model):  # type: ignore[name-defined,misc]
    """One person in one company. One who may receive leads is an agent."""

    __tablename__ = "users"

    company_id: Mapped[CompanyId]
    id: Mapped[Id]
    account_id: Mapped[Ref]
    name: Mapped[Str]
    # Where this company writes to; lower case. The account's own address may differ.
    email: Mapped[Str]
    phone: Mapped[Str | None]
    # Built-in roles by name, the company's own by id.
    roles: Mapped[list[str]] = mapped_column(ARRAY(Text), server_default=text("'{agent}'"))
    # What those of the company's own let them do, together: kept here, because every page and statement asks for it.
    own_grants: Mapped[Texts]
    lead_access: Mapped[list[str]] = mapped_column(ARRAY(Text), server_default=text("'{unassigned,mine,assigned}'"))
    team_id: Mapped[Ref | None]
    # False = deactivated: no offers, no sign-in; never deleted.
    active: Mapped[bool] = mapped_column(server_default=text("true"))
    # False = paused: signed in as ever, but no leads.
    available: Mapped[bool] = mapped_column(server_default=text("true"))
    # Who looks after their open leads while they are paused.
    stand_in_id: Mapped[Ref | None]
    # Most open leads this person may own before routing passes them by; None = no cap.
    open_cap: Mapped[int | None]
    # Most leads a day, week (from Monday) and month, in the company's zone; None = no cap.
    day_cap: Mapped[int | None]
    week_cap: Mapped[int | None]
    month_cap: Mapped[int | None]
    # What this person is good at, as written on the company's tags.
    tags: Mapped[Texts]
    excluded_lead_types: Mapped[Texts]
    # Languages they speak; none listed = never asked about.
    languages: Mapped[Texts]
    # Circles they work in: lat, lng, radius_km, and the postcode they were given by, if any; none = anywhere.
    locations: Mapped[list[dict[str, Any]]] = mapped_column(JSONB, server_default=text("'[]'"))
    # Weekly working hours; None = at all hours. In their own zone, or else the company's.
    hours: Mapped[dict[str, Any] | None] = mapped_column(JSONB(none_as_null=True))
    time_zone: Mapped[Str | None]
    # What they set themselves, where the company uses it.
    presence: Mapped[Str] = mapped_column(server_default=Presence.AVAILABLE.value)
    # Told of comments by lead owners. When nobody is, everybody who manages is told.
    admin_contact: Mapped[bool] = mapped_column(server_default=text("false"))
    # When routing last gave or offered this person a lead, over all pools: breaks ties.
    last_lead_at: Mapped[Moment | None]
    created_at: Mapped[Made]

    __table_args__ = (
        of_company(),
        ForeignKeyConstraint(["account_id"], ["accounts.id"]),
        same_company("team_id", "teams"),
        same_company("stand_in_id", "users"),
        UniqueConstraint("company_id", "account_id"),
        UniqueConstraint("company_id", "email"),
        CheckConstraint("email = lower(email)", name="email_lower_case"),
        CheckConstraint("stand_in_id <> id", name="not_their_own_stand_in"),
        CheckConstraint("open_cap >= 0", name="open_cap"),
        CheckConstraint("day_cap >= 0", name="day_cap"),
        CheckConstraint("week_cap >= 0", name="week_cap"),
        CheckConstraint("month_cap >= 0", name="month_cap"),
        one_of("presence", Presence),
        CheckConstraint(f"own_grants <@ ARRAY[{', '.join(repr(grant) for grant in GRANTS)}]", name="own_grants"),
        CheckConstraint(f"lead_access <@ ARRAY[{', '.join(repr(str(a)) for a in LeadAccess)}]", name="lead_access"),
        Index(None, "account_id"),
        Index("ix_users_stand_in", "company_id", "stand_in_id", postgresql_where=text("stand_in_id IS NOT NULL")),
    )


class Leave(db.Model):  # type: ignore[name-defined,misc]
    """Days somebody is away, the first and the last included, in their own zone. They come back by themselves."""

    __tablename__ = "leaves"

    company_id: Mapped[CompanyId]
    id: Mapped[Id]
    user_id: Mapped[Ref]
    first_day: Mapped[date]
    last_day: Mapped[date]
    # Who looks after their open leads meanwhile.
    stand_in_id: Mapped[Ref | None]
    created_at: Mapped[Made]

    __table_args__ = (
        same_company("user_id", "users"),
        same_company("stand_in_id", "users"),
        CheckConstraint("stand_in_id <> user_id", name="not_their_own_stand_in"),
        CheckConstraint("first_day <= last_day", name="in_order"),
        Index("ix_leaves_user", "company_id", "user_id", "last_day"),
        Index("ix_leaves_stand_in", "company_id", "stand_in_id", postgresql_where=text("stand_in_id IS NOT NULL")),
    )
