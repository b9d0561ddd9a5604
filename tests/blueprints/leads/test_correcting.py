"""Correcting what is known about a lead, by the page's own form."""

from __future__ import annotations

import pytest
from apiflask import APIFlask

from tests.cast import Company
from tests.factories import make_lead, make_pool
from tests.operations import sights
from tests.operations.acts import arrive, change_company
from tests.page import sign_in


def test_a_default_assignee_corrects_what_nobody_took_and_has_the_rules_look_again(
    app: APIFlask, company: Company
) -> None:
    change_company(company, fallback_any_active=False)
    make_pool(company, [], [company.agent, company.manager], default_mode="tell")
    spain = make_pool(company, [company.colleague], name="Spain", delivery="assign", default_rule=False)
    rule = {"name": "Spain", "pool_id": str(spain.id), "conditions": {"country": ["ES"]}}
    assert company.owner.api.post("/rules", rule).status_code == 201
    lead = arrive(company, location={"city": "Madrid", "lat": 1, "lng": 2}, fields={"rooms": "3"})
    assert lead.waiting_for == "catch_all"
    ask = sign_in(app, company.agent).open(f"/leads/{lead.lead_id}").press_link("Correct these")
    assert (ask.value_of("city"), ask.value_of("custom")) == ("Madrid", "rooms = 3")
    page = ask.press("Save", country="ES", custom="rooms = 4\nroof = flat", price_max="12.50", currency="eur")
    assert "Saved. You can hand it out by the rules again." in page.words
    told = company.owner.api.get(f"/leads/{lead.lead_id}").json
    assert told["location"] == {"city": "Madrid", "country": "ES"}
    assert told["fields"] == {"rooms": "4", "roof": "flat"}
    assert told["price"] == {"max": "12.50", "currency": "EUR"}
    page.press("Hand out by the rules")
    assert sights.lead(company, lead.lead_id).owner_id == company.colleague.id


def test_an_owner_corrects_and_what_they_left_stays(app: APIFlask, company: Company) -> None:
    lead = make_lead(company, company.agent, text="Call\r\nme ", fields={"notes": "two\nlines"})
    agent = sign_in(app, company.agent)
    before = company.owner.api.get(f"/leads/{lead.id}").json
    agent.open(f"/leads/{lead.id}/edit").press("Save")
    assert company.owner.api.get(f"/leads/{lead.id}").json == before
    page = agent.open(f"/leads/{lead.id}/edit").press("Save", name="Rosa Real")
    assert page.h1 == "Rosa Real"
    now = company.owner.api.get(f"/leads/{lead.id}").json
    assert (now["text"], now["fields"]) == (before["text"], before["fields"])
    assert "Changed name." in page.words


@pytest.mark.parametrize(
    ("field", "typed", "said"),
    [
        ("price_min", "a lot", "Type an amount in figures, such as 1200.50."),
        ("price_min", "-1", "Type an amount in figures, such as 1200.50."),
        ("price_max", "NaN", "Type an amount in figures, such as 1200.50."),
        ("currency", "E1", "Type three letters, such as EUR."),
        ("custom", "three rooms", "“three rooms” is no field. Type its name and what it holds, such as rooms = 3."),
        ("name", "Rosa\nReal", "Please write this on one line."),
    ],
)
def test_what_makes_no_sense_comes_back_with_the_reason(
    app: APIFlask, company: Company, field: str, typed: str, said: str
) -> None:
    lead = make_lead(company, company.agent)
    ask = sign_in(app, company.agent).open(f"/leads/{lead.id}/edit")
    page = ask.press("Save", status=422, city="Leeds", **{field: typed})
    assert said in page.error_of(field)
    assert page.value_of("city") == "Leeds"
    assert company.owner.api.get(f"/leads/{lead.id}").json["location"] is None


def test_the_ends_of_a_budget_are_the_right_way_round(app: APIFlask, company: Company) -> None:
    lead = make_lead(company, company.agent)
    ask = sign_in(app, company.agent).open(f"/leads/{lead.id}/edit")
    page = ask.press("Save", status=422, price_min="10", price_max="9.99")
    assert page.error_of("price_max") == "The highest price is below the lowest."


def test_who_was_slower_is_told_and_overwrites_nothing(app: APIFlask, company: Company) -> None:
    lead = make_lead(company, company.agent)
    slow = sign_in(app, company.agent).open(f"/leads/{lead.id}/edit")
    sign_in(app, company.manager).open(f"/leads/{lead.id}/edit").press("Save", city="Leeds")
    page = slow.press("Save", status=422, city="York")
    assert "Somebody changed this while you were writing" in page.words
    assert company.owner.api.get(f"/leads/{lead.id}").json["location"] == {"city": "Leeds"}


def test_whose_lead_it_is_not_finds_no_way_to_correct_it(app: APIFlask, company: Company) -> None:
    lead, offered = make_lead(company, company.agent), make_lead(company, None, was_offered=True)
    colleague = sign_in(app, company.colleague)
    assert "Correct these" not in colleague.open(f"/leads/{lead.id}").words
    token = colleague.open("/leads/new").value_of("csrf_token")
    for one in (lead, offered):
        colleague.open(f"/leads/{one.id}/edit", status=403)
        colleague.post(f"/leads/{one.id}/edit", {"name": "Mine", "csrf_token": token}, status=403)
