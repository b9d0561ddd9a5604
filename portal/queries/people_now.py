"""Everybody in the company with what is true of them now: how many leads they have, and whether they can get one."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import Select, func, or_, select

from portal.extensions import db
from portal.models import Lead, LeadState, Offer, OfferState, Team, User
from portal.models.tenancy import working_company
from portal.permissions import Right, within
from portal.queries import routing_facts
from portal.queries.clock import database_time
from portal.queries.setup import Setup, setup_of
from portal.rights import powers_of
from portal.routing import gates
from portal.routing.facts import Candidate, LeadFacts

MOST_SHOWN = 1000


@dataclass(frozen=True, slots=True)
class PersonNow:
    """A user, their open leads, and why they would get no lead now (None = they can)."""

    user: User
    team: str | None
    open_leads: int
    receives: bool
    refused: str | None


def people_now(
    search: str | None = None, team_ids: Collection[UUID] | None = None, *, reached_by: User | None = None
) -> list[PersonNow]:
    """The company's users, active ones first, by name.

    Args:
        search: a part of a name or an address.
        team_ids: only those of these teams.
        reached_by: only those whom this user's right to look after people reaches.
    """
    statement = _people().order_by(User.active.desc(), func.lower(User.name), User.email).limit(MOST_SHOWN)
    if search:
        part = search.lower()
        statement = statement.where(
            or_(func.lower(User.name).contains(part, autoescape=True), User.email.contains(part, autoescape=True))
        )
    if team_ids is not None:
        statement = statement.where(User.team_id.in_(team_ids))
    if reached_by is not None:
        statement = statement.where(within(User.team_id, reached_by, Right.PEOPLE))
    company_id = working_company()
    setup = setup_of(company_id)
    facts = {one.user_id: one for one in routing_facts.everyone(company_id, setup)}
    now = database_time()
    return [_person(*row, facts.get(row[0].id), setup, now) for row in db.session.execute(statement)]


def person_now(user_id: UUID) -> PersonNow | None:
    """The same for one of them; None when there is no such user."""
    row = db.session.execute(_people().where(User.id == user_id)).one_or_none()
    company_id = working_company()
    setup = setup_of(company_id)
    facts = routing_facts.person(company_id, user_id, setup)
    return None if row is None else _person(*row, facts, setup, database_time())


def open_offers_of(user_id: UUID) -> int:
    """How many offers the user could still accept."""
    held = select(func.count()).where(
        Offer.company_id == working_company(), Offer.user_id == user_id, Offer.state == OfferState.OPEN
    )
    return db.session.scalar(held) or 0


def may_receive() -> Sequence[PersonNow]:
    """Those whose role lets them receive leads, paused or not; the deactivated left out."""
    return [person for person in people_now() if person.receives and person.user.active]


def _people() -> Select[User, str, int]:
    open_leads = (
        select(func.count())
        .where(Lead.company_id == User.company_id, Lead.owner_id == User.id, Lead.state == LeadState.OWNED)
        .correlate(User)
        .scalar_subquery()
    )
    return (
        select(User, Team.name, open_leads)
        .outerjoin(Team, (Team.company_id == User.company_id) & (Team.id == User.team_id))
        .where(User.company_id == working_company())
    )


def _person(
    user: User, team: str | None, open_leads: int, facts: Candidate | None, setup: Setup, now: datetime
) -> PersonNow:
    receives = Right.RECEIVE in powers_of(user.roles, user.own_grants).held
    seen = facts or Candidate(user.id, user.name, user.active, receives)
    refusal = gates.refusal(seen, LeadFacts(), gates.BEYOND_THE_POOL, policy=setup.policy, now=now)
    return PersonNow(user, team, open_leads, receives, refusal.reason if refusal else None)
