"""One's own page."""

from __future__ import annotations

import pytest
from apiflask import APIFlask
from flask_security.utils import hash_password

from portal.extensions import db
from portal.models import Account
from tests.cast import Company, Person
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
