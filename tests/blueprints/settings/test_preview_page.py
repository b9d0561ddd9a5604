"""Preview: a lead is described, and the page says who would get it, and why."""

from __future__ import annotations

from typing import Any

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


@pytest.mark.parametrize(
    ("conditions", "told"),
    [
        ({"channel": ["phone"]}, {"channel": "phone"}),
        ({"region": ["TX"]}, {"region": "TX"}),
        ({"price": {"min": "5000"}}, {"price_min": "6000"}),
        ({"price": {"max": "500"}}, {"price_max": "400"}),
        ({"fields": {"rooms": {"equals": "3"}}}, {"custom": "rooms = 3"}),
        ({"tag": ["solar"]}, {"tags": "Solar"}),
        ({"has_phone": True}, {"phone": "512 555 0199"}),
    ],
)
def test_whatever_a_rule_asks_for_can_be_described(
    app: APIFlask, company: Company, conditions: dict[str, Any], told: dict[str, str]
) -> None:
    pool = make_pool(company, [company.colleague], name="Special", delivery="assign", default_rule=False)
    with company.inside():
        rules.make_rule(by=company.owner.user(), name="Special", conditions=conditions, pool_id=pool.id)
    page = sign_in(app, company.owner).open("/settings/preview").press("Show what would happen")
    assert "Rule “Special”: not met" in page.words
    assert "Rule “Special”: met" in page.press("Show what would happen", **told).words


def test_what_is_described_wrongly_is_named(app: APIFlask, company: Company) -> None:
    page = sign_in(app, company.owner).open("/settings/preview")
    page = page.press("Show what would happen", status=422, price_min="9", price_max="8", custom="rooms 3")
    assert page.error_of("price_max") == "The highest price is below the lowest."
    assert "such as rooms = 3" in page.error_of("custom")


def test_it_says_that_a_lead_would_be_kept_back(app: APIFlask, company: Company) -> None:
    make_pool(company, [company.agent], delivery="assign")
    owner = sign_in(app, company.owner)
    company.owner.api.post("/quarantine-entries", {"verdict": "block", "clue": "domain", "text": "spam.example"})
    page = owner.open("/settings/preview").press("Show what would happen", email="a@spam.example")
    assert "“spam.example” is on the block list. If it were let go now: It would be given to" in page.words
    page = page.press("Show what would happen", email="a@good.example")
    assert "block list" not in page.words
    company.owner.api.patch("/company", {"manual_intercept": True})
    page = page.press("Show what would happen")
    assert "Held until a manager lets it go. If it were let go now: It would be given to" in page.words


def test_without_anything_set_up_it_says_so(app: APIFlask, company: Company) -> None:
    page = sign_in(app, company.owner).open("/settings/preview").press("Show what would happen")
    assert "no pool is set for new leads" in page.words


def test_it_is_for_those_who_set_up_distribution(app: APIFlask, company: Company) -> None:
    for person in (company.agent, company.manager):
        sign_in(app, person).open("/settings/preview", status=403)
    sign_in(app, make_user(company, roles=("editor",))).open("/settings/preview")
