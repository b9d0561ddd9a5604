"""Preview: a lead is described, and the page says who would get it, and why."""

from __future__ import annotations

import pytest
from apiflask import APIFlask
from sqlalchemy import func, select

from portal.extensions import db
from portal.models import Lead
from portal.operations import rules
from tests.cast import Company
from tests.factories import make_pool, make_user
from tests.page import sign_in


@pytest.fixture
def sorted_leads(company: Company) -> None:
    """Roofs go to the colleague, everything else to the agent."""
    make_pool(company, [company.agent], name="Everybody's", delivery="assign")
    roofs = make_pool(company, [company.colleague], name="Roofs", delivery="assign", default_rule=False)
    with company.inside():
        rules.make_rule(by=company.owner.user(), name="Roofs", conditions={"lead_type": ["Roof"]}, pool_id=roofs.id)


@pytest.mark.usefixtures("sorted_leads")
def test_it_says_who_would_get_it_and_why_and_nothing_changes(app: APIFlask, company: Company) -> None:
    page = sign_in(app, company.owner).open("/settings/preview")
    page = page.press("Show what would happen", lead_type="Roof", text="It leaks.", city="Austin")
    assert f"It would be given to {company.colleague.name} at once." in page.words
    assert "Rule “Roofs”: met" in page.words
    assert page.value_of("text") == "It leaks."
    page = page.press("Show what would happen", lead_type="Garage")
    assert f"It would be given to {company.agent.name} at once." in page.words
    assert "Rule “Roofs”: not met" in page.words
    with company.inside():
        assert db.session.scalar(select(func.count()).select_from(Lead)) == 0


def test_without_anything_set_up_it_says_so(app: APIFlask, company: Company) -> None:
    page = sign_in(app, company.owner).open("/settings/preview").press("Show what would happen")
    assert "no pool is set for new leads" in page.words


def test_it_is_for_those_who_set_up_distribution(app: APIFlask, company: Company) -> None:
    for person in (company.agent, company.manager):
        sign_in(app, person).open("/settings/preview", status=403)
    sign_in(app, make_user(company, roles=("editor",))).open("/settings/preview")
