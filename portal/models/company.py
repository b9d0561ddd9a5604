"""A company, the customer of Baton, and its tree of teams."""

from __future__ import annotations

from typing import Any

from sqlalchemy import CheckConstraint, UniqueConstraint, Uuid, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from portal.extensions import db
from portal.models.columns import CompanyId, Id, Json, Made, Ref, Str, of_company, one_of, same_company
from portal.models.ids import new_id
from portal.routing.facts import PerformanceInRouting, PresenceMode
from portal.routing.holding import LEAST_SPACING, MOST_SPACING, USUAL_SPACING
from portal.routing.recognise import ReturningContacts


class Company(db.Model):  # type: ignore[name-defined,misc]
    """One customer of Baton; nothing is shared between companies."""

    __tablename__ = "companies"

    id: Mapped[Ref] = mapped_column(Uuid, primary_key=True, default=new_id)
    name: Mapped[Str]
    # IANA zone; opening hours, reports and days are counted in it.
    time_zone: Mapped[Str] = mapped_column(server_default="UTC")
    # ISO 3166 alpha-2; the default country of phone numbers.
    country: Mapped[Str] = mapped_column(server_default="US")
    # Ladder step 6: any active user rather than nobody.
    fallback_any_active: Mapped[bool] = mapped_column(server_default=text("true"))
    # How often default assignees are reminded of a lead that waits for them, in minutes; None = never.
    catch_all_reminder_minutes: Mapped[int | None] = mapped_column(server_default=text("30"))
    returning_contacts: Mapped[Str] = mapped_column(server_default=ReturningContacts.PREVIOUS_OWNER.value)
    # A lead given by name or by hand costs the receiver a turn in the pool the rules name.
    named_counts_as_turn: Mapped[bool] = mapped_column(server_default=text("false"))
    # Users without a see-all right see only leads they own, whatever their boxes say.
    isolate_leads: Mapped[bool] = mapped_column(server_default=text("false"))
    # Under isolation: leads nobody owns are shown to everybody all the same.
    unassigned_visible_when_isolated: Mapped[bool] = mapped_column(server_default=text("false"))
    # Every new lead is held until a manager lets it go.
    manual_intercept: Mapped[bool] = mapped_column(server_default=text("false"))
    # As `routing.hours` reads them, in `time_zone`; leads that come outside are held. None = always open.
    opening_hours: Mapped[dict[str, Any] | None] = mapped_column(JSONB(none_as_null=True))
    # Seconds from one held lead to the next that is let go.
    hold_spacing_seconds: Mapped[int] = mapped_column(server_default=text(str(USUAL_SPACING)))
    # How the presence people set counts in routing.
    presence_mode: Mapped[Str] = mapped_column(server_default=PresenceMode.IGNORE.value)
    # ISO date → what is celebrated; nobody is given leads that day.
    holidays: Mapped[Json]
    # A lead without any tag: everyone qualifies. Off = straight to the ladder.
    untagged_qualify_all: Mapped[bool] = mapped_column(server_default=text("true"))
    # What the performance score does in best match; None = multiply for offers, a tie-break for the rest.
    performance_in_routing: Mapped[Str | None]
    # An agent's full name, or e-mail address, found in a lead counts as a tag of theirs with weight 1,000.
    name_as_tag: Mapped[bool] = mapped_column(server_default=text("false"))
    email_as_tag: Mapped[bool] = mapped_column(server_default=text("true"))
    # People may pause themselves and note days away; off = whoever looks after them does.
    self_service_pause: Mapped[bool] = mapped_column(server_default=text("true"))
    # Reps who see why a lead went where it went see no names of others there; whoever manages does.
    mask_names_in_why: Mapped[bool] = mapped_column(server_default=text("false"))
    # Requests per second and key; bursts are twice that.
    rate_limit: Mapped[int] = mapped_column(server_default=text("300"))
    # ISO 4217; what values are counted in unless somebody says otherwise.
    currency: Mapped[Str] = mapped_column(server_default="USD")
    # Made up to look around in: says so on every page, and can be wiped.
    is_demo: Mapped[bool] = mapped_column(server_default=text("false"))
    # Another one after every change of rules, tags, people or settings: see migration 0008.
    setup_version: Mapped[Ref] = mapped_column(server_default=text("gen_random_uuid()"))
    created_at: Mapped[Made]

    __table_args__ = (
        one_of("returning_contacts", ReturningContacts),
        one_of("presence_mode", PresenceMode),
        one_of("performance_in_routing", PerformanceInRouting),
        CheckConstraint("length(country) = 2", name="country"),
        CheckConstraint("length(currency) = 3", name="currency"),
        CheckConstraint(
            f"hold_spacing_seconds BETWEEN {LEAST_SPACING} AND {MOST_SPACING}", name="hold_spacing_seconds"
        ),
        CheckConstraint("rate_limit BETWEEN 1 AND 100000", name="rate_limit"),
    )


class Team(db.Model):  # type: ignore[name-defined,misc]
    """A node in the company's tree of offices and teams."""

    __tablename__ = "teams"

    company_id: Mapped[CompanyId]
    id: Mapped[Id]
    parent_id: Mapped[Ref | None]
    name: Mapped[Str]
    # Who gets what nobody in the team's pools took, before anybody else of the team.
    default_user_id: Mapped[Ref | None]
    # Which pool gets what rules send to the team and none of its own rules takes.
    default_pool_id: Mapped[Ref | None]
    created_at: Mapped[Made]

    __table_args__ = (
        of_company(),
        same_company("parent_id", "teams"),
        # Users belong to teams as well: the tables are made in an order that only this reference breaks.
        same_company(
            "default_user_id",
            "users",
            ondelete="SET NULL (default_user_id)",
            use_alter=True,
            name="fk_teams_default_user_id",
        ),
        same_company(
            "default_pool_id",
            "pools",
            ondelete="SET NULL (default_pool_id)",
            use_alter=True,
            name="fk_teams_default_pool_id",
        ),
        # Two teams of one name under one parent could not be told apart on any page.
        UniqueConstraint("company_id", "parent_id", "name", postgresql_nulls_not_distinct=True),
        CheckConstraint("parent_id <> id", name="not_its_own_parent"),
    )
