"""What became of a lead, and the words a company has for it."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from enum import StrEnum
from uuid import UUID

from sqlalchemy import CheckConstraint, Date, Numeric, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from portal.extensions import db
from portal.models.columns import CompanyId, Id, Made, Ref, Str, of_company, one_of, same_company


class ContactStatus(StrEnum):
    """Whether the customer was reached."""

    NOT_CONTACTED = "not_contacted"
    TRIED = "tried"
    CONTACTED = "contacted"


class StatusGroup(StrEnum):
    """What a company's own status means for figures and reports."""

    IN_PROGRESS = "in_progress"
    WON = "won"
    LOST = "lost"


# What every company starts with; it may change all of them.
START_STATUSES = (
    ("Open", StatusGroup.IN_PROGRESS),
    ("Qualified", StatusGroup.IN_PROGRESS),
    ("Quoted", StatusGroup.IN_PROGRESS),
    ("Won", StatusGroup.WON),
    ("Lost", StatusGroup.LOST),
    ("Not valid", StatusGroup.LOST),
)
START_REASONS = (
    "Price",
    "Chose somebody else",
    "No longer interested",
    "Could not be reached",
    "Not a customer for us",
)


class ConversionStatus(db.Model):  # type: ignore[name-defined,misc]
    """One entry of a company's own list, such as "quoted". Taken out of use, never deleted: leads refer to it."""

    __tablename__ = "conversion_statuses"

    company_id: Mapped[CompanyId]
    id: Mapped[Id]
    name: Mapped[Str]
    status_group: Mapped[Str]
    # Where it stands in menus, from 1.
    position: Mapped[int]
    active: Mapped[bool] = mapped_column(server_default=text("true"))

    __table_args__ = (of_company(), one_of("status_group", StatusGroup), UniqueConstraint("company_id", "name"))


class LostReason(db.Model):  # type: ignore[name-defined,misc]
    """Why a lead was lost, in the company's own words."""

    __tablename__ = "lost_reasons"

    company_id: Mapped[CompanyId]
    id: Mapped[Id]
    name: Mapped[Str]
    position: Mapped[int]
    active: Mapped[bool] = mapped_column(server_default=text("true"))

    __table_args__ = (of_company(), UniqueConstraint("company_id", "name"))


class Conversion(db.Model):  # type: ignore[name-defined,misc]
    """The feedback on one lead as it stands. A lead without a row was not contacted, and has the first status.

    What stood before is in the timeline. A table of its own: taking in a lead must not pay for columns that are filled
    in days later.
    """

    __tablename__ = "conversions"

    company_id: Mapped[CompanyId]
    lead_id: Mapped[Ref] = mapped_column(primary_key=True)
    contact_status: Mapped[Str] = mapped_column(server_default=ContactStatus.NOT_CONTACTED.value)
    status_id: Mapped[Ref]
    expected_value: Mapped[Decimal | None] = mapped_column(Numeric(14, 2))
    # Of both values; ISO 4217.
    currency: Mapped[Str | None]
    expected_close_on: Mapped[date | None] = mapped_column(Date)
    # Set only while the status is one of the group "won".
    actual_value: Mapped[Decimal | None] = mapped_column(Numeric(14, 2))
    won_on: Mapped[date | None] = mapped_column(Date)
    # Set exactly while the status is one of the group "lost".
    lost_reason_id: Mapped[Ref | None]
    note: Mapped[Str | None]
    # Grows with each change: who saves what they saw before somebody else's change is told so.
    version: Mapped[int] = mapped_column(server_default=text("1"))
    changed_by: Mapped[Ref | None]
    changed_at: Mapped[Made]

    __table_args__ = (
        same_company("lead_id", "leads"),
        same_company("status_id", "conversion_statuses"),
        same_company("lost_reason_id", "lost_reasons"),
        same_company("changed_by", "users"),
        one_of("contact_status", ContactStatus),
        CheckConstraint("expected_value >= 0", name="expected_value"),
        CheckConstraint("actual_value >= 0", name="actual_value"),
        CheckConstraint("length(currency) = 3", name="currency"),
        CheckConstraint(
            "currency IS NOT NULL OR (expected_value IS NULL AND actual_value IS NULL)", name="value_has_currency"
        ),
    )


def start_lists(company_id: UUID) -> list[ConversionStatus | LostReason]:
    """The rows a new company's lists begin with."""
    return [
        *(
            ConversionStatus(company_id=company_id, name=name, status_group=group, position=place)
            for place, (name, group) in enumerate(START_STATUSES, start=1)
        ),
        *(
            LostReason(company_id=company_id, name=name, position=place)
            for place, name in enumerate(START_REASONS, start=1)
        ),
    ]
