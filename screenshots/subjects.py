"""Finds what the pages are about in the running demo: a lead somebody owns, an offer that was missed."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from uuid import UUID

from sqlalchemy import Select, exists, func, select
from sqlalchemy.orm import aliased

from portal import create_app
from portal.config import Settings
from portal.demo.cast import CAST
from portal.extensions import db
from portal.models import Company, Key, Lead, Offer, Pool, Rule, Team, TimelineItem, User
from portal.models.tenancy import inside_company
from portal.queries import across
from portal.tokens import offer_token

Find = Callable[[], Select[Any]]


def subjects(settings: Settings) -> dict[str, str]:
    """Everything a page's path may name, as it stands in the address. What the demo has none of is left out.

    Args:
        settings: with the URL of the demo's database.
    """
    found: dict[str, str] = {}
    app = create_app(settings)
    with app.app_context():
        company_id = _demo()
        with inside_company(company_id):
            for name, find in _FINDERS.items():
                subject = db.session.scalars(find().limit(1)).first()
                if subject is not None:
                    found[name] = offer_token(company_id, subject) if name.endswith("_offer") else str(subject)
        db.engine.dispose()
    return found


def subject_names() -> list[str]:
    """What a path may name."""
    return list(_FINDERS)


def _demo() -> UUID:
    for company_id in across.company_ids():
        with inside_company(company_id):
            if db.session.scalar(select(Company.is_demo)):
                return company_id
    raise SystemExit("There is no demo company here any more; start one with bin/demo --fresh.")


def _person(place: int) -> Any:
    return select(User.id).where(User.email == CAST[place].email).scalar_subquery()


def _offers(state: str) -> Select[Any]:
    """The latest offer in a state, and the lead's newest of its agent: what the link shows."""
    later = aliased(Offer)
    is_newest = ~exists().where(later.lead_id == Offer.lead_id, later.user_id == Offer.user_id, later.id > Offer.id)
    return select(Offer.id).where(Offer.state == state, is_newest).order_by(Offer.expires_at.desc())


def _missed(is_taken: bool) -> Select[Any]:
    over = Lead.state.in_(("owned", "closed"))
    return _offers("missed").join(Lead, Lead.id == Offer.lead_id).where(over if is_taken else ~over)


def _leads(*conditions: Any) -> Select[Any]:
    return select(Lead.id).where(*conditions).order_by(Lead.id.desc())


def _much_told(*conditions: Any) -> Select[Any]:
    """The one with the longest story first."""
    told = select(func.count()).where(TimelineItem.lead_id == Lead.id).correlate(Lead).scalar_subquery()
    return select(Lead.id).where(*conditions).order_by(told.desc(), Lead.id)


_FINDERS: dict[str, Find] = {
    "open_offer": lambda: _offers("open"),
    "waiting_offer": lambda: select(Offer.id).where(Offer.state == "waiting"),
    "accepted_offer": lambda: _offers("accepted").join(Lead, Lead.id == Offer.lead_id).where(Lead.state == "owned"),
    "declined_offer": lambda: _offers("declined"),
    "missed_offer": lambda: _missed(is_taken=False),
    "taken_offer": lambda: _missed(is_taken=True),
    "withdrawn_offer": lambda: _offers("withdrawn"),
    "offered_lead": lambda: _leads(Lead.state == "offering"),
    "agents_lead": lambda: _much_told(Lead.state == "owned", Lead.owner_id == _person(2)),
    "told_lead": lambda: _much_told(Lead.state == "owned"),
    "waiting_lead": lambda: _leads(Lead.waiting_for == "catch_all"),
    "unattended_lead": lambda: _leads(Lead.needs_attention),
    "closed_lead": lambda: _much_told(Lead.state == "closed"),
    "agent": lambda: select(User.id).where(User.email == CAST[2].email),
    "pool": lambda: select(Pool.id).join(Rule, Rule.pool_id == Pool.id).where(Rule.is_default),
    "team": lambda: select(Team.id).order_by(Team.name),
    "key": lambda: select(Key.id).order_by(Key.id.desc()),
}
