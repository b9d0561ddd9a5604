"""Finds what the pages are about in the running demo: a lead somebody owns, an offer that was missed."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import Select, exists, func, select
from sqlalchemy.orm import aliased

from portal import create_app
from portal.config import Settings
from portal.demo.cast import CAST
from portal.extensions import db
from portal.models import (
    Company,
    ConversionStatus,
    Key,
    Lead,
    Offer,
    OwnRole,
    Pool,
    Reassignment,
    Rule,
    Tag,
    Team,
    TimelineItem,
    User,
)
from portal.models.tenancy import inside_company
from portal.queries import across
from portal.queries.clock import database_time
from portal.tokens import AccountPurpose, account_token, offer_token
from screenshots.pages import Who

Find = Callable[[], Select[Any]]

_PASSWORD_LINK = "password_link"  # noqa: S105 (a name)


@dataclass(frozen=True, slots=True)
class Subjects:
    """What a page's path may name, as it stands in the address, and who signs in with which address."""

    named: dict[str, str]
    emails: dict[Who, str]


def subjects(settings: Settings) -> Subjects:
    """Looks all of it up. What the demo has none of just now is left out.

    Args:
        settings: with the URL of the demo's database.
    """
    app = create_app(settings)
    with app.app_context():
        company_id = _demo()
        with inside_company(company_id):
            found = Subjects(dict(_named(company_id)), dict(_emails()))
        db.engine.dispose()
    return found


def _named(company_id: UUID) -> Iterator[tuple[str, str]]:
    for name, find in _FINDERS.items():
        subject = db.session.scalars(find().limit(1)).first()
        if subject is not None:
            yield name, offer_token(company_id, subject) if name.endswith("_offer") else str(subject)
    account = across.account_with_email(CAST[2].email)
    assert account is not None
    yield _PASSWORD_LINK, account_token(account, AccountPurpose.SET_PASSWORD, database_time())


def _emails() -> Iterator[tuple[Who, str]]:
    for who, worker in zip((Who.OWNER, Who.MANAGER, Who.AGENT), CAST, strict=False):
        yield who, worker.email
    offered = select(User.email).join(Offer, Offer.user_id == User.id).where(Offer.state == "open")
    email = db.session.scalars(offered.order_by(Offer.expires_at.desc()).limit(1)).first()
    if email is not None:
        yield Who.OFFERED, email


def subject_names() -> list[str]:
    """What a path may name."""
    return [*_FINDERS, _PASSWORD_LINK]


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
    "reassigned_lead": lambda: select(Reassignment.lead_id).where(Reassignment.state == "running"),
    "waiting_lead": lambda: _leads(Lead.waiting_for == "catch_all"),
    "unattended_lead": lambda: _leads(Lead.needs_attention),
    "closed_lead": lambda: _much_told(Lead.state == "closed"),
    "agent": lambda: select(User.id).where(User.email == CAST[2].email),
    "pool": lambda: select(Pool.id).join(Rule, Rule.pool_id == Pool.id).where(Rule.is_default),
    "rule": lambda: select(Rule.id).where(~Rule.is_default).order_by(Rule.position),
    "tag": lambda: select(Tag.id).order_by(Tag.normal),
    "status": lambda: select(ConversionStatus.id).order_by(ConversionStatus.position),
    "team": lambda: select(Team.id).order_by(Team.name),
    "sorting_team": lambda: select(Rule.team_id).where(Rule.team_id.is_not(None)),
    "role": lambda: select(OwnRole.id).order_by(OwnRole.name),
    "key": lambda: select(Key.id).order_by(Key.id.desc()),
}
