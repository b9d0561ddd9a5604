"""Who is looking, as plain facts: for pages people open all day, which only read.

Loading a user and a company as objects of the session costs several times what reading the few columns of them does
that such a page needs. They are read afresh on every request all the same.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import Any, cast
from uuid import UUID

from sqlalchemy import ColumnElement, Select, Uuid, bindparam, exists, select
from sqlalchemy.orm import InstrumentedAttribute

from portal.models import Account, Company, Offer, OfferState, User
from portal.models.statements import rows, written


@dataclass(frozen=True, slots=True)
class Workplace:
    """What pages tell of a company; named as its columns are."""

    id: UUID
    name: str
    time_zone: str
    isolate_leads: bool
    unassigned_visible_when_isolated: bool
    is_demo: bool


@dataclass(frozen=True, slots=True)
class Viewer:
    """An active user as the rules of access know one; named as the columns of a user are."""

    id: UUID
    company_id: UUID
    name: str
    roles: tuple[str, ...]
    own_grants: tuple[str, ...]
    lead_access: tuple[str, ...]
    team_id: UUID | None
    company: Workplace
    # Whether an offer to them is open, or has just run out.
    has_offers: bool
    active: bool = True

    @property
    def as_user(self) -> User:
        """For the rules of access and for conditions, which ask for nothing that is not here."""
        return cast(User, self)


def may_work_here(
    uniquifier: Any, company_id: Any, user_id: Any
) -> tuple[ColumnElement[bool] | InstrumentedAttribute[bool], ...]:
    """The conditions under which a session is believed: the user is active, and so is the account that signed in.

    Args:
        uniquifier: of the account, as the session names it; it changes when sessions have to end.
        company_id: the company the session works in.
        user_id: the account's user there.
    """
    return (
        User.account_id == Account.id,
        Company.id == User.company_id,
        Account.fs_uniquifier == uniquifier,
        Account.active,
        User.company_id == company_id,
        User.id == user_id,
        User.active,
    )


def viewer_of(uniquifier: str, company_id: UUID, user_id: UUID) -> Viewer | None:
    """The user a session names, if they may still work there. The company must have been entered."""
    found = rows(_statement(), {"uniquifier": uniquifier, "company_id": company_id, "user_id": user_id})
    if not found:
        return None
    name, roles, own_grants, lead_access, team_id, has_offers, *company = found[0]
    return Viewer(
        user_id,
        company_id,
        name,
        tuple(roles),
        tuple(own_grants),
        tuple(lead_access),
        team_id,
        Workplace(company_id, *company),
        has_offers,
    )


@cache
def _statement() -> str:
    entitled = may_work_here(
        bindparam("uniquifier"), bindparam("company_id", type_=Uuid), bindparam("user_id", type_=Uuid)
    )
    shown: Select[*tuple[Any, ...]] = select(
        User.name,
        User.roles,
        User.own_grants,
        User.lead_access,
        User.team_id,
        exists().where(Offer.company_id == User.company_id, Offer.user_id == User.id, Offer.state == OfferState.OPEN),
        Company.name,
        Company.time_zone,
        Company.isolate_leads,
        Company.unassigned_visible_when_isolated,
        Company.is_demo,
    )
    return written(shown.where(*entitled))
