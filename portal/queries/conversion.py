"""What became of leads, and the company's words for it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import Row, and_, select

from portal.extensions import db
from portal.models import ContactStatus, Conversion, ConversionStatus, Lead, LostReason, StatusGroup, User
from portal.models.tenancy import working_company
from portal.permissions import unmasked_leads
from portal.queries.paging import Statement


@dataclass(frozen=True, slots=True)
class ConversionView:
    """The feedback on one lead as it stands; `version` 0 = nobody has given any yet."""

    contact_status: str
    status_id: UUID
    status: str
    status_group: str
    expected_value: Decimal | None
    currency: str | None
    expected_close_on: date | None
    actual_value: Decimal | None
    won_on: date | None
    lost_reason_id: UUID | None
    lost_reason: str | None
    note: str | None
    version: int
    changed_at: datetime | None
    changed_by: str | None


def conversions_of(user: User, lead_ids: Iterable[UUID]) -> dict[UUID, ConversionView]:
    """The feedback on leads the user sees; left out where a lead is masked for them, since notes name the customer."""
    statement = _views().where(Lead.company_id == user.company_id, Lead.id.in_(list(lead_ids)), unmasked_leads(user))
    rows = db.session.execute(statement).all()
    begun = first_status() if any(row.version is None for row in rows) else None
    return {row.lead_id: _view(row, begun) for row in rows}


def conversion_of(user: User, lead_id: UUID) -> ConversionView | None:
    """The feedback on one lead the user sees; None while it is masked for them."""
    return conversions_of(user, [lead_id]).get(lead_id)


def first_status() -> ConversionStatus:
    """Where every lead of the company entered starts."""
    statement = (
        select(ConversionStatus)
        .where(
            ConversionStatus.company_id == working_company(),
            ConversionStatus.active,
            ConversionStatus.status_group == StatusGroup.IN_PROGRESS,
        )
        .order_by(ConversionStatus.position, ConversionStatus.id)
        .limit(1)
    )
    return db.session.scalars(statement).one()


def statuses() -> Sequence[ConversionStatus]:
    """The company's conversion statuses in their order, those out of use among them."""
    return db.session.scalars(
        select(ConversionStatus)
        .where(ConversionStatus.company_id == working_company())
        .order_by(ConversionStatus.position, ConversionStatus.id)
    ).all()


def lost_reasons() -> Sequence[LostReason]:
    """The company's reasons for losing a lead in their order, those out of use among them."""
    return db.session.scalars(
        select(LostReason)
        .where(LostReason.company_id == working_company())
        .order_by(LostReason.position, LostReason.id)
    ).all()


def _views() -> Statement:
    return (
        select(
            Lead.id.label("lead_id"),
            Conversion.contact_status,
            Conversion.status_id,
            ConversionStatus.name.label("status"),
            ConversionStatus.status_group,
            Conversion.expected_value,
            Conversion.currency,
            Conversion.expected_close_on,
            Conversion.actual_value,
            Conversion.won_on,
            Conversion.lost_reason_id,
            LostReason.name.label("lost_reason"),
            Conversion.note,
            Conversion.version,
            Conversion.changed_at,
            User.name.label("changed_by"),
        )
        .outerjoin(Conversion, and_(Conversion.company_id == Lead.company_id, Conversion.lead_id == Lead.id))
        .outerjoin(
            ConversionStatus,
            and_(ConversionStatus.company_id == Conversion.company_id, ConversionStatus.id == Conversion.status_id),
        )
        .outerjoin(
            LostReason,
            and_(LostReason.company_id == Conversion.company_id, LostReason.id == Conversion.lost_reason_id),
        )
        .outerjoin(User, and_(User.company_id == Conversion.company_id, User.id == Conversion.changed_by))
    )


def _view(row: Row[Any], begun: ConversionStatus | None) -> ConversionView:
    values = dict(row._mapping)
    del values["lead_id"]
    if begun is not None and values["version"] is None:
        values |= {"contact_status": ContactStatus.NOT_CONTACTED.value, "version": 0}
        values |= {"status_id": begun.id, "status": begun.name, "status_group": begun.status_group}
    return ConversionView(**values)
