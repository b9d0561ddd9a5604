"""One's own page."""

from __future__ import annotations

import pytest
from apiflask import APIFlask
from flask_security.utils import hash_password

from portal.extensions import db
from portal.models import Account
from tests.cast import Company, Person
from tests.factories import make_lead
from tests.operations.acts import change_company, change_user
from tests.page import Browser, sign_in

PASSWORD = "seven purple kettles"


@pytest.fixture
def agent(company: Company) -> Person:
    """An agent with a password."""
    with company.app.app_context():
        db.session.get_one(Account, company.agent.account_id).password = hash_password(PASSWORD)
        db.session.commit()
    return company.agent


def test_name_and_phone_are_saved(app: APIFlask, company: Company, agent: Person) -> None:
    page = sign_in(app, agent).open("/me").press("Save", name="Ana Anders", phone="+1 415 555 0100")
    assert "Saved." in page.words
    assert (page.value_of("name"), page.value_of("phone")) == ("Ana Anders", "+1 415 555 0100")


@pytest.mark.parametrize(
    ("field", "value", "objection"),
    [("name", "", "Please type your name."), ("name", "x" * 300, "at most"), ("phone", "call me", "no digits")],
)
def test_a_wrong_field_says_so_and_keeps_what_was_typed(
    app: APIFlask, agent: Person, field: str, value: str, objection: str
) -> None:
    page = sign_in(app, agent).open("/me").press("Save", status=422, **{field: value})
    assert objection in page.error_of(field)
    assert page.value_of(field) == value


def test_a_field_it_does_not_have_is_refused(app: APIFlask, company: Company, agent: Person) -> None:
    fields = sign_in(app, agent).open("/me").form("/me").fields.to_dict()
    browser = sign_in(app, agent)
    token = browser.open("/me").form("/me").fields["csrf_token"]
    page = browser.post("/me", fields | {"csrf_token": token, "roles": "owner"}, status=422)
    assert "roles" in page.words
    with company.inside():
        assert agent.user().roles == ["agent"]


def test_pausing_and_coming_back(app: APIFlask, company: Company, agent: Person) -> None:
    page = sign_in(app, agent).open("/me").press("Pause new leads")
    assert "Paused" in page.words
    with company.inside():
        assert not agent.user().available
    assert "Taking leads" in page.press("Take new leads").words


def test_those_who_receive_no_leads_have_nothing_to_pause(app: APIFlask, company: Company) -> None:
    assert "Pause new leads" not in sign_in(app, company.manager).open("/me").words


class TestBeingAway:
    """What people say themselves, as far as the company leaves it to them."""

    def test_days_away_are_noted_count_and_are_removed(self, app: APIFlask, company: Company) -> None:
        page = sign_in(app, company.agent).open("/me")
        page = page.press("Note it", first_day="2026-01-01", last_day="2028-06-01")
        assert "No leads now: on leave until 1 June 2028" in page.words
        refused = {each["user_id"]: each["reason"] for each in company.owner.api.get("/users/receiving").json["items"]}
        assert refused[str(company.agent.id)] == "on leave until 1 June 2028"
        assert "None are noted" in page.press("Remove 2026-01-01 to 2028-06-01").words

    def test_days_that_make_no_sense_come_back(self, app: APIFlask, company: Company) -> None:
        page = sign_in(app, company.agent).open("/me")
        page = page.press("Note it", status=422, first_day="2026-05-02", last_day="2026-05-01")
        assert "before the first" in page.error_of("last_day")
        assert page.value_of("first_day") == "2026-05-02"

    def test_days_that_are_over_come_back_and_are_not_said_to_count(self, app: APIFlask, company: Company) -> None:
        page = sign_in(app, company.agent).open("/me")
        page = page.press("Note it", status=422, first_day="2020-05-01", last_day="2020-05-02")
        assert page.error_of("last_day") == "These days are over. Choose a last day from today on."
        assert company.owner.api.get(f"/users/{company.agent.id}/leaves").json["items"] == []

    def test_whoever_gets_none_now_is_not_said_to_be_taking_leads(self, app: APIFlask, company: Company) -> None:
        page = sign_in(app, company.agent).open("/me")
        assert "Taking leads" in page.words
        page = page.press("Note it", first_day="2026-01-01", last_day="2028-06-01")
        assert "Taking leads" not in page.words
        assert "New leads can come to you" not in page.words

    def test_ones_hours_are_shown(self, app: APIFlask, company: Company) -> None:
        browser = sign_in(app, company.agent)
        assert "Your hours" not in browser.open("/me").words
        hours = {"monday": [["09:00", "12:00"], ["13:00", "17:00"]], "exceptions": {"2099-12-24": []}}
        company.owner.api.patch(f"/users/{company.agent.id}", {"hours": hours})
        words = browser.open("/me").words
        assert "Your hours" in words
        assert "Monday 09:00-12:00, 13:00-17:00 Tuesday off" in words
        assert "2099-12-24 off" in words

    def test_somebody_elses_days_away_are_not_removed(self, app: APIFlask, company: Company) -> None:
        days = {"first_day": "2099-05-04", "last_day": "2099-05-08"}
        theirs = company.owner.api.post(f"/users/{company.colleague.id}/leaves", days).json["id"]
        browser = sign_in(app, company.agent)
        token = browser.open("/me").form("/me").fields["csrf_token"]
        browser.post(f"/me/leaves/{theirs}/remove", {"csrf_token": token}, status=404)
        assert company.owner.api.get(f"/users/{company.colleague.id}/leaves").json["items"]

    def test_presence_is_set_where_the_company_looks_at_it(self, app: APIFlask, company: Company) -> None:
        assert "Are you there?" not in sign_in(app, company.agent).open("/me").words
        change_company(company, presence_mode="skip_offline")
        page = sign_in(app, company.agent).open("/me").press("Offline")
        assert "You are shown as offline." in page.words
        with company.inside():
            assert company.agent.user().presence == "offline"

    def test_presence_takes_only_what_there_is(self, app: APIFlask, company: Company) -> None:
        browser = sign_in(app, company.agent)
        token = browser.open("/me").form("/me").fields["csrf_token"]
        browser.post("/me/presence", {"csrf_token": token, "presence": "asleep"}, status=400)

    def test_a_company_may_leave_it_to_those_who_look_after_people(self, app: APIFlask, company: Company) -> None:
        assert company.owner.api.patch("/company", {"self_service_pause": False}).status_code == 200
        browser, api, me = sign_in(app, company.agent), company.agent.api, f"/users/{company.agent.id}"
        page = browser.open("/me")
        assert "paused by those who look after them" in page.words
        assert "Note it" not in page.words
        token = page.form("/me").fields["csrf_token"]
        browser.post("/me/available", {"csrf_token": token, "available": "no"}, status=403)
        days = {"first_day": "2026-05-04", "last_day": "2026-05-08"}
        assert api.patch(me, {"available": False}).status_code == 403
        assert api.post(f"{me}/leaves", days).status_code == 403
        assert api.patch(me, {"presence": "away", "name": "Ana"}).status_code == 200
        assert company.owner.api.patch(me, {"available": False}).status_code == 200
        noted = company.owner.api.post(f"{me}/leaves", days)
        assert noted.status_code == 201
        assert api.delete(f"{me}/leaves/{noted.json['id']}").status_code == 403

    def test_who_looks_after_people_pauses_themselves_in_any_case(self, app: APIFlask, company: Company) -> None:
        change_company(company, self_service_pause=False)
        assert "Paused" in sign_in(app, company.owner).open("/me").press("Pause new leads").words


def test_a_new_password_keeps_this_session_and_ends_the_others(app: APIFlask, agent: Person) -> None:
    here, elsewhere = sign_in(app, agent), sign_in(app, agent)
    new = "eight yellow teapots"
    page = here.open("/me").press("Change password", current_password=PASSWORD, new_password=new)
    assert "Your password is changed." in page.words
    assert here.open("/me").h1 == "My settings"
    assert elsewhere.open("/me").h1 == "Sign in"
    assert Browser(app).open("/login?next=/me").press("Sign in", email=agent.email, password=new).h1 == "My settings"


@pytest.mark.parametrize(
    ("current", "new", "field", "objection"),
    [
        ("not this one", "eight yellow teapots", "current_password", "not your present password"),
        (PASSWORD, "short", "new_password", "at least 10"),
        (PASSWORD, "password123", "new_password", "Many people use"),
        ("", "eight yellow teapots", "current_password", "Please type your present password."),
    ],
)
def test_a_password_is_not_changed_without_the_present_one_or_for_a_weak_one(
    app: APIFlask, agent: Person, current: str, new: str, field: str, objection: str
) -> None:
    page = sign_in(app, agent).open("/me")
    page = page.press("Change password", status=422, current_password=current, new_password=new)
    assert objection in page.error_of(field)
    assert (page.value_of("current_password"), page.value_of("new_password")) == ("", "")
    Browser(app).open("/login?next=/me").press("Sign in", email=agent.email, password=PASSWORD)


def test_availability_takes_only_yes_or_no(app: APIFlask, agent: Person) -> None:
    browser = sign_in(app, agent)
    token = browser.open("/me").form("/me").fields["csrf_token"]
    browser.post("/me/available", {"csrf_token": token, "available": "perhaps"}, status=400)


class TestWhoCovers:
    """A colleague who looks after open leads while one is away."""

    def test_is_named_for_a_pause_and_shown_again(self, app: APIFlask, company: Company, agent: Person) -> None:
        browser, ben = sign_in(app, agent), company.colleague
        page = browser.open("/me").press("Save who covers", stand_in_id=str(ben.id))
        assert page.form("/me/stand-in").fields["stand_in_id"] == str(ben.id)
        page.press("Save who covers", stand_in_id="")
        with company.inside():
            assert agent.user().stand_in_id is None

    def test_is_named_with_days_away(self, app: APIFlask, company: Company, agent: Person) -> None:
        days = {"first_day": "2028-05-01", "last_day": "2028-06-01", "stand_in_id": str(company.colleague.id)}
        page = sign_in(app, agent).open("/me").press("Note it", **days)
        assert f"2028-05-01 to 2028-06-01 {company.colleague.name} covers" in page.words

    def test_stands_on_the_page_of_the_lead_and_of_the_person(
        self, app: APIFlask, company: Company, agent: Person
    ) -> None:
        lead, ben = make_lead(company, agent), company.colleague
        owner = sign_in(app, company.owner)
        path = f"/people/{agent.id}/availability"
        owner.open(path).press("Save who covers", stand_in_id=str(ben.id))
        said = f"{ben.name} covers for {agent.name} while they are paused."
        assert said not in owner.open(f"/leads/{lead.id}").words
        change_user(company, agent, available=False)
        assert said in owner.open(f"/leads/{lead.id}").words
        assert said in sign_in(app, ben).open(f"/leads/{lead.id}").words
        assert owner.open(path).form(f"/people/{agent.id}/stand-in").fields["stand_in_id"] == str(ben.id)
        page = owner.open(path).press("Save who covers", stand_in_id="")
        assert "Saved." in page.words
