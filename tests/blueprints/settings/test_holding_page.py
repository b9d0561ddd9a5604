"""The page of holding, and letting a held lead go."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from apiflask import APIFlask

from tests.cast import Company
from tests.factories import make_pool
from tests.page import Browser, sign_in


@pytest.fixture
def owner(app: APIFlask, company: Company) -> Browser:
    return sign_in(app, company.owner)


def test_hours_and_the_pause_are_saved_shown_and_logged(owner: Browser, company: Company) -> None:
    assert "/settings/holding" in owner.open("/settings").html
    owner.open("/settings/holding").press(
        "Save",
        hours_kind="these",
        monday="09:00-17:00, 22:00-06:00",
        exceptions="2099-12-24 closed",
        hold_spacing_seconds="30",
    )
    saved = company.owner.api.get("/company").json
    assert saved["opening_hours"] == {
        "monday": [["09:00", "17:00"], ["22:00", "06:00"]],
        "exceptions": {"2099-12-24": []},
    }
    assert (saved["hold_spacing_seconds"], saved["manual_intercept"]) == (30, False)
    assert "09:00-17:00, 22:00-06:00" in owner.open("/settings/holding").html
    assert "Seconds between held leads 10 → 30" in owner.open("/audit").words
    owner.open("/settings/holding").press("Save", hours_kind="always")
    assert company.owner.api.get("/company").json["opening_hours"] is None


def test_hours_that_never_open_are_refused_with_what_was_typed(owner: Browser, company: Company) -> None:
    page = owner.open("/settings/holding").press("Save", status=422, hours_kind="these")
    assert "never open" in page.words
    page = page.press("Save", status=422, hours_kind="these", tuesday="9-5")
    assert "is not a time of day" in page.error_of("tuesday")
    assert 'value="9-5"' in page.html
    page = owner.open("/settings/holding").press("Save", status=422, hold_spacing_seconds="61")
    assert page.error_of("hold_spacing_seconds")
    assert company.owner.api.get("/company").json["opening_hours"] is None


def test_two_who_change_it_at_once_are_told(owner: Browser, company: Company) -> None:
    page = owner.open("/settings/holding")
    company.owner.api.patch("/company", {"hold_spacing_seconds": 20})
    page = page.press("Save", status=422, hold_spacing_seconds="40")
    assert "Somebody changed this" in page.words
    assert company.owner.api.get("/company").json["hold_spacing_seconds"] == 20
    page.press("Save", hold_spacing_seconds="40")
    assert company.owner.api.get("/company").json["hold_spacing_seconds"] == 40


def test_managers_see_who_would_get_a_held_lead_and_let_it_go(app: APIFlask, owner: Browser, company: Company) -> None:
    make_pool(company, [company.agent], delivery="assign")
    owner.open("/settings/holding").press("Save", manual_intercept="y")
    sent = company.owner.api.post("/leads", {"name": "Hal Held", "phone": "+1 415 555 0177"}).json
    assert (sent["state"], sent["routing"]["outcome"]) == ("held", "held")
    page = sign_in(app, company.manager).open("/leads?bucket=unassigned&status=held").press_link("Hal Held")
    assert "Held until a manager lets it go." in page.words
    assert f"If it were let go now: It would be given to {company.agent.name.split()[0]}" in page.words
    assert "If it were let go now" not in sign_in(app, company.agent).open(f"/leads/{sent['id']}").words
    page = page.press("Let it go")
    assert f"Handed out by the rules: {company.agent.name}" in page.words


def test_until_when_a_lead_is_held_is_told(app: APIFlask, company: Company) -> None:
    tomorrow = datetime.now(UTC).date() + timedelta(days=1)
    company.owner.api.patch("/company", {"opening_hours": {"exceptions": {f"{tomorrow}": [["09:00", "10:00"]]}}})
    sent = company.owner.api.post("/leads", {"name": "Hal Held"}).json
    assert company.owner.api.get(f"/leads/{sent['id']}").json["held_until"] == f"{tomorrow}T09:00:00Z"
    assert "09:00:00 UTC" in sign_in(app, company.manager).open(f"/leads/{sent['id']}").words


def test_agents_and_managers_do_not_reach_the_settings(app: APIFlask, company: Company) -> None:
    for person in (company.agent, company.manager):
        sign_in(app, person).open("/settings/holding", status=403)
