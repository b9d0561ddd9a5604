"""The cast itself: what other tests take for granted."""

from __future__ import annotations

from sqlalchemy import func, select

from portal.extensions import db
from portal.models import Lead, User
from tests.cast import Company
from tests.factories import make_closed_lead, make_lead, make_offer, make_pool, make_team, make_user


def test_each_test_starts_with_only_its_own_company(company: Company) -> None:
    with company.inside():
        assert db.session.scalar(select(func.count()).select_from(User)) == 4


def test_a_session_sees_only_the_company_it_entered(company: Company, other_company: Company) -> None:
    make_lead(company)
    with other_company.inside():
        assert db.session.scalar(select(func.count()).select_from(Lead)) == 0


def test_everything_the_factories_make_is_valid(company: Company) -> None:
    make_team(company)
    make_user(company, roles=["admin"])
    pool = make_pool(company, {company.agent: 2, company.colleague: 1}, [company.manager])
    offer = make_offer(company, make_lead(company), company.agent, pool)
    make_lead(company, company.agent)
    make_closed_lead(company, company.agent)
    assert offer.state == "open"
    with company.inside():
        states = sorted(db.session.scalars(select(Lead.state)))
    assert states == ["closed", "offering", "owned"]
