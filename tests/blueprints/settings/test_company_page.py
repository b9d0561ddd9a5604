"""The company's settings."""

from __future__ import annotations

import pytest
from apiflask import APIFlask

from portal.extensions import db
from portal.models import Company as CompanyRow
from tests.cast import Company
from tests.factories import make_user
from tests.page import Browser, sign_in


@pytest.fixture
def owner(app: APIFlask, company: Company) -> Browser:
    return sign_in(app, company.owner)


def stored(company: Company) -> CompanyRow:
    with company.inside():
        row = db.session.get_one(CompanyRow, company.id)
        db.session.expunge(row)
        return row


def test_every_setting_is_saved(owner: Browser, company: Company) -> None:
    page = owner.open("/settings").press_link("Company Name, time zone, and what happens when nobody can take a lead.")
    page = page.press(
        "Save",
        name="Acme Sun",
        time_zone="Europe/Berlin",
        country="de",
        fallback_any_active=None,
        returning_contacts="route",
        named_counts_as_turn="y",
        isolate_leads="y",
    )
    assert "Saved." in page.words
    assert "Acme Sun" in page.words
    row = stored(company)
    assert (row.name, row.time_zone, row.country, row.returning_contacts) == (
        "Acme Sun",
        "Europe/Berlin",
        "DE",
        "route",
    )
    assert (row.fallback_any_active, row.named_counts_as_turn, row.isolate_leads) == (False, True, True)


@pytest.mark.parametrize(
    ("field", "value", "objection"),
    [
        ("name", "", "Please type the company's name."),
        ("time_zone", "Mars/Olympus", "Not a valid choice"),
        ("country", "XX", "There is no such country"),
        ("country", "", "Please type a country."),
        ("returning_contacts", "lottery", "Not a valid choice"),
    ],
)
def test_each_field_says_what_is_wrong(
    owner: Browser, company: Company, field: str, value: str, objection: str
) -> None:
    page = owner.open("/settings/company").press("Save", status=422, **{field: value})
    assert objection in page.error_of(field)
    assert stored(company).name == company.name


def test_what_was_typed_stays(owner: Browser) -> None:
    page = owner.open("/settings/company").press("Save", status=422, name="New name", country="Germany")
    assert (page.value_of("name"), page.value_of("country")) == ("New name", "Germany")


def test_a_field_it_does_not_have_is_refused(owner: Browser, company: Company) -> None:
    fields = owner.open("/settings/company").form("/settings/company").fields.to_dict()
    page = owner.post("/settings/company", fields | {"rate_limit": "1"}, status=422)
    assert "rate_limit" in page.words
    assert stored(company).rate_limit == 300


def test_it_says_what_happens_to_a_lead_now(owner: Browser) -> None:
    assert "If a lead came now" in owner.open("/settings/company").words


@pytest.mark.parametrize("roles", [["agent"], ["manager"], ["editor"]])
def test_only_those_who_look_after_the_company_may(app: APIFlask, company: Company, roles: list[str]) -> None:
    browser = sign_in(app, make_user(company, roles=roles))
    browser.open("/settings/company", status=403)


def test_the_index_shows_what_one_may_open(app: APIFlask, company: Company) -> None:
    def pages_for(*roles: str) -> list[str]:
        page = sign_in(app, make_user(company, roles=roles)).open("/settings")
        assert page.dead_links() == []
        return [link for link in page.links if link.startswith("/settings/")]

    assert pages_for("admin") == ["/settings/company", "/settings/rules", "/settings/teams", "/settings/keys"]
    assert pages_for("editor") == ["/settings/rules", "/settings/teams", "/settings/keys"]
    assert pages_for("agent") == ["/settings/keys"]
