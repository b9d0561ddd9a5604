"""The company's settings."""

from __future__ import annotations

from dataclasses import replace

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
        self_service_pause=None,
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
    assert not row.self_service_pause


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
        main = next(page.root.iter("main"))
        return [link.get("href", "") for link in main.iter("a")]

    assert pages_for("agent") == ["/settings/keys", "/me"]
    distribution = [
        "/pools",
        "/allocations",
        "/settings/rules",
        "/settings/tags",
        "/settings/quarantine",
        "/settings/preview",
        "/settings/draft",
        "/settings/versions",
    ]
    people = ["/people", "/settings/teams", "/settings/roles"]
    assert pages_for("editor") == [*distribution, *people, "/settings/keys", "/me"]
    company_wide = ["/settings/company", "/settings/holding", "/settings/conversion", "/outbox", "/audit"]
    assert pages_for("admin") == [*distribution, *people, *company_wide, "/settings/keys", "/me"]


def test_the_index_leaves_out_the_outbox_once_mail_is_set_up(
    owner: Browser, app: APIFlask, monkeypatch: pytest.MonkeyPatch
) -> None:
    with_mail = replace(app.extensions["settings"], mail_server="mail.example.com")
    monkeypatch.setitem(app.extensions, "settings", with_mail)
    assert "/outbox" not in owner.open("/settings").links


class TestTwoAdmins:
    def test_who_saves_second_is_told_what_changed_and_undoes_nothing(self, app: APIFlask, company: Company) -> None:
        first, second = sign_in(app, company.owner), sign_in(app, company.owner)
        theirs, mine = first.open("/settings/company"), second.open("/settings/company")
        theirs.press("Save", country="DE", isolate_leads="y")
        refused = mine.press("Save", status=422, name="Acme Sun")
        assert "Somebody changed this while you were writing" in refused.words
        assert "What they set is shown" in refused.error_of("country")
        assert "What they set is shown" in refused.error_of("isolate_leads")
        assert refused.error_of("name") == ""
        assert (refused.value_of("name"), refused.value_of("country")) == ("Acme Sun", "DE")
        assert stored(company).name == company.name

    def test_saving_again_then_keeps_both(self, app: APIFlask, company: Company) -> None:
        mine = sign_in(app, company.owner).open("/settings/company")
        sign_in(app, company.owner).open("/settings/company").press("Save", country="DE", isolate_leads="y")
        assert "Saved." in mine.press("Save", status=422, name="Acme Sun").press("Save").words
        row = stored(company)
        assert (row.name, row.country, row.isolate_leads) == ("Acme Sun", "DE", True)

    def test_both_changing_one_field_are_shown_what_the_other_typed(self, app: APIFlask, company: Company) -> None:
        mine = sign_in(app, company.owner).open("/settings/company")
        sign_in(app, company.owner).open("/settings/company").press("Save", returning_contacts="route", name="Theirs")
        refused = mine.press("Save", status=422, name="Mine")
        assert "Somebody set this to “Theirs” meanwhile" in refused.error_of("name")
        assert refused.value_of("name") == "Mine"
        refused.press("Save")
        assert (stored(company).name, stored(company).returning_contacts) == ("Mine", "route")

    @pytest.mark.parametrize("seen", ["", "nonsense", "name:0000", "rate_limit:0000 name:0000", "x:y"])
    def test_a_form_that_cannot_say_what_it_saw_is_refused(self, owner: Browser, company: Company, seen: str) -> None:
        refused = owner.open("/settings/company").press("Save", status=422, name="New", seen=seen)
        assert "nothing was saved" in refused.words
        assert stored(company).name == company.name
