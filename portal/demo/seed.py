"""Fills an empty database with the demo company, through the same operations people use."""

from __future__ import annotations

import os
from pathlib import Path
from random import Random
from typing import Any

from sqlalchemy import select

from portal import create_app
from portal.config import Settings
from portal.demo.cast import CAST, COMPANY, PASSWORD, TEAMS, customer
from portal.demo.drip import KEY_FILE
from portal.extensions import db
from portal.models import CloseReason, Company, KeyScope, Lead, LeadState, Offer, OfferState, Rule, Team, User
from portal.models.tenancy import inside_company
from portal.operations import assignment, closing, company, keys, offers, people, pools, rules
from portal.operations.intake import Arriving, Taken, take_in
from portal.operations.passwords import set_password
from portal.operations.teams import make_team
from portal.queries import across
from portal.queries.across import KeyHolder

LEADS = 42
# Far-fetched, so that somebody who looks around is in no hurry.
WINDOW_SECONDS = 300


def seed(settings: Settings) -> None:
    """Make the demo company, unless it is there."""
    app = create_app(settings)
    with app.app_context():
        if across.account_with_email(CAST[0].email) is not None:
            return
        made = company.create_company(
            name=COMPANY, email=CAST[0].email, person=CAST[0].name, password=PASSWORD, time_zone="America/Chicago"
        )
        with inside_company(made.company_id):
            db.session.get_one(Company, made.company_id).is_demo = True
            db.session.commit()
            staff = _people(made.user_id)
            _pool(staff)
            _leads(staff)
            _, secret = keys.make_key(by=staff[CAST[0].email], scope=KeyScope.INTAKE)
        _keep(settings.instance_dir / KEY_FILE, secret)


def _people(owner_id: Any) -> dict[str, User]:
    owner = db.session.execute(select(User).where(User.id == owner_id)).scalar_one()
    teams = {name: make_team(by=owner, name=name) for name in TEAMS}
    staff = {owner.email: owner}
    for worker in CAST[1:]:
        team: Team | None = teams[worker.team] if worker.team else None
        user = people.add_user(
            by=owner,
            name=worker.name,
            email=worker.email,
            roles=worker.roles,
            team_id=team.id if team else None,
            open_cap=worker.open_cap,
            available=worker.available,
        )
        account = across.account_with_email(worker.email)
        assert account is not None
        set_password(account, PASSWORD)
        staff[user.email] = user
    return staff


def _pool(staff: dict[str, User]) -> None:
    owner, manager = staff[CAST[0].email], staff[CAST[1].email]
    pool = pools.make_pool(
        by=owner,
        name="New enquiries",
        delivery="offer",
        window_seconds=WINDOW_SECONDS,
        max_offers=4,
        default_assignee_ids=[manager.id, owner.id],
        default_mode="tell",
        members=[(staff[worker.email].id, worker.weight) for worker in CAST if worker.weight],
    )
    rule = db.session.execute(select(Rule).where(Rule.is_default)).scalar_one()
    rules.point_rule(rule.id, pool.id, by=owner)


def _leads(staff: dict[str, User]) -> None:
    """Leads come in one after the other, and people do with them what people do."""
    owner = staff[CAST[0].email]
    random = Random(42)  # noqa: S311 (the same demo every time)
    by_id = {user.id: user for user in staff.values()}
    for number in range(LEADS):
        taken = _take_in(owner, customer(random))
        if taken.created and number < LEADS - 4:
            _work(taken, number, by_id, owner)


def _take_in(owner: User, asked: dict[str, Any]) -> Taken:
    about = db.session.execute(select(Company)).scalar_one()
    holder = KeyHolder(
        about.id, owner.id, owner.id, KeyScope.FULL, about.country, about.time_zone, about.fallback_any_active,
        about.returning_contacts, about.named_counts_as_turn, about.rate_limit,
    )  # fmt: skip
    message = Arriving(**(asked | {"tags": tuple(asked["tags"])}), payload=asked)
    taken = take_in(message, holder=holder)
    assert isinstance(taken, Taken)
    return taken


def _work(taken: Taken, number: int, by_id: dict[Any, User], owner: User) -> None:
    if number % 7 == 6:
        _decline(taken, by_id)
    if number % 9 == 8:
        return
    offer = _open_offer(taken.lead_id)
    if offer is not None:
        offers.accept(offer.id, by=by_id[offer.user_id])
    lead = db.session.execute(select(Lead).where(Lead.id == taken.lead_id)).scalar_one()
    db.session.refresh(lead)
    if lead.state != LeadState.OWNED:
        return
    if number % 5 == 4:
        reasons = list(CloseReason)[: len(CloseReason) - 1]
        closing.close(lead.id, reason=reasons[number % len(reasons)], note=None, by=by_id[lead.owner_id])
    elif number % 11 == 10:
        assignment.assign(lead.id, None, by=owner)


def _decline(taken: Taken, by_id: dict[Any, User]) -> None:
    offer = _open_offer(taken.lead_id)
    if offer is not None:
        offers.decline(offer.id, by=by_id[offer.user_id], reason="too far")


def _open_offer(lead_id: Any) -> Offer | None:
    return db.session.execute(
        select(Offer).where(Offer.lead_id == lead_id, Offer.state == OfferState.OPEN)
    ).scalar_one_or_none()


def _keep(path: Path, secret: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w", encoding="ascii") as file:
        file.write(secret)
