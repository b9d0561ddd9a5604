"""The page of a company's words for what became of a lead."""

from __future__ import annotations

import pytest
from apiflask import APIFlask

from portal.queries.conversion import first_status, lost_reasons, statuses
from portal.queries.people import admin_contact_ids
from tests.cast import Company
from tests.page import Browser, sign_in

PAGE = "/settings/conversion"


@pytest.fixture
def owner(app: APIFlask, company: Company) -> Browser:
    return sign_in(app, company.owner)


def in_use(company: Company) -> list[str]:
    with company.inside():
        return [each.name for each in statuses() if each.active]


def test_it_is_listed_among_the_settings(owner: Browser) -> None:
    assert PAGE in owner.open("/settings").links


def test_it_says_where_leads_start(owner: Browser) -> None:
    assert "Every lead starts as “Open”" in owner.open(PAGE).words


def test_a_status_is_added_and_moved(owner: Browser, company: Company) -> None:
    page = owner.open(PAGE).press("Add the status", **{"status-name": "On hold", "status-group": "in_progress"})
    assert "“On hold” is in the list." in page.words
    for _ in range(6):
        page = page.press("Up: On hold")
    assert in_use(company)[0] == "On hold"
    assert "Every lead starts as “On hold”" in page.words
    page.press("Down: On hold")
    assert in_use(company)[:2] == ["Open", "On hold"]


def test_a_status_is_renamed(owner: Browser, company: Company) -> None:
    page = owner.open(PAGE).press_link("Quoted: rename").press("Save", name="Offered")
    assert "It is called “Offered” now." in page.words
    assert "Offered" in in_use(company)
    page = page.press_link("Offered: rename").press("Save", status=422, name="won")
    assert "“Won” is there already" in page.error_of("name")


def test_a_status_is_taken_out_of_use_and_back_but_never_the_last_of_its_group(
    owner: Browser, company: Company
) -> None:
    page = owner.open(PAGE).press("Retire: Quoted")
    assert "Quoted" not in in_use(company)
    page = page.press("Use again: Quoted").press("Retire: Won")
    assert "“Won” is the last status of the group “won”" in page.words
    assert {"Quoted", "Won"} <= set(in_use(company))


@pytest.mark.parametrize(("name", "objection"), [("", "Please type a name."), ("Won", "already"), ("x" * 61, "60")])
def test_a_new_name_is_there_free_and_short(owner: Browser, name: str, objection: str) -> None:
    page = owner.open(PAGE).press("Add the status", status=422, **{"status-name": name})
    assert objection in page.error_of("status-name")
    assert page.value_of("status-name") == name


def test_a_reason_is_added(owner: Browser, company: Company) -> None:
    owner.open(PAGE).press("Add the reason", **{"reason-name": "Moved away"}).press("Up: Moved away")
    with company.inside():
        assert [each.name for each in lost_reasons()][-2:] == ["Moved away", "Not a customer for us"]


def test_the_currency_is_changed(owner: Browser) -> None:
    assert owner.open(PAGE).press("Save the currency", currency="eur").value_of("currency") == "EUR"
    page = owner.open(PAGE).press("Save the currency", status=422, currency="Taler")
    assert "There is no such currency" in page.error_of("currency")


def test_admin_contacts_are_ticked_and_cleared(owner: Browser, company: Company) -> None:
    page = owner.open(PAGE)
    assert company.agent.name not in page.words
    page.press("Save the contacts", admin_contacts=[str(company.manager.id)])
    with company.inside():
        assert admin_contact_ids(company.id) == [company.manager.id]
    owner.open(PAGE).press("Save the contacts", admin_contacts=None)
    with company.inside():
        assert admin_contact_ids(company.id) == []


def test_agents_and_managers_are_refused(app: APIFlask, company: Company) -> None:
    with company.inside():
        word = first_status().id
    for person in (company.agent, company.manager):
        for address in (PAGE, f"{PAGE}/statuses/{word}"):
            sign_in(app, person).open(address, status=403)
