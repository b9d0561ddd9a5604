"""Signing in and out."""

from __future__ import annotations

import pytest
from apiflask import APIFlask
from flask.testing import FlaskClient
from flask_security.utils import hash_password

from portal.extensions import db
from portal.models import Account, User, new_id
from tests.cast import Company, Person
from tests.page import Browser, sign_in

PASSWORD = "seven purple kettles"


@pytest.fixture
def agent(company: Company) -> Person:
    """An agent who has a password."""
    return with_password(company.app, company.agent)


def with_password(app: APIFlask, person: Person, password: str = PASSWORD) -> Person:
    with app.app_context():
        account = db.session.get_one(Account, person.account_id)
        account.password = hash_password(password)
        db.session.commit()
    return person


def also_works_for(company: Company, person: Person) -> None:
    with company.inside():
        db.session.add(
            User(company_id=company.id, id=new_id(), account_id=person.account_id, name=person.name, email=person.email)
        )
        db.session.commit()


def deactivate(company: Company, person: Person) -> None:
    with company.inside():
        person.user().active = False
        db.session.commit()


def test_the_right_password_leads_in(app: APIFlask, company: Company, agent: Person) -> None:
    page = Browser(app).open("/login?next=/me").press("Sign in", email=agent.email, password=PASSWORD)
    assert page.address.startswith("/me")
    assert company.name in page.words


@pytest.mark.parametrize("spelled", [str.upper, lambda email: f"  {email} "])
def test_the_address_may_be_spelled_in_capitals_or_with_blanks(app: APIFlask, agent: Person, spelled: object) -> None:
    typed = spelled(agent.email)  # type: ignore[operator]
    page = Browser(app).open("/login?next=/me").press("Sign in", email=typed, password=PASSWORD)
    assert page.address.startswith("/me")


def test_wrong_password_and_unknown_address_are_answered_alike(app: APIFlask, agent: Person) -> None:
    browser = Browser(app)
    wrong = browser.open("/login").press("Sign in", status=422, email=agent.email, password="not this one")
    unknown = browser.open("/login").press("Sign in", status=422, email="nobody@example.com", password="not this one")
    assert "do not go together" in wrong.words
    assert wrong.words == unknown.words


def test_an_account_without_a_password_is_answered_like_an_unknown_one(app: APIFlask, company: Company) -> None:
    page = Browser(app).open("/login").press("Sign in", status=422, email=company.agent.email, password="any password")
    assert "do not go together" in page.words


def test_the_address_stays_and_the_password_does_not_when_it_was_wrong(app: APIFlask, agent: Person) -> None:
    page = Browser(app).open("/login").press("Sign in", status=422, email=agent.email, password="not this one")
    assert page.value_of("email") == agent.email
    assert page.value_of("password") == ""


def test_empty_fields_say_what_is_missing(app: APIFlask, company: Company) -> None:
    page = Browser(app).open("/login").press("Sign in", status=422)
    assert page.error_of("email") == "Please type your e-mail address."
    assert page.error_of("password") == "Please type your password."


@pytest.mark.parametrize("typed", ["a\x00b@example.com", "x" * 5000, "😀@example.com", "' OR 1=1 --"])
def test_nonsense_in_the_address_is_no_error_of_ours(app: APIFlask, company: Company, typed: str) -> None:
    Browser(app).open("/login").press("Sign in", status=422, email=typed, password=PASSWORD)


def test_an_unknown_field_is_refused_by_name(app: APIFlask, agent: Person) -> None:
    form = Browser(app).open("/login").form("/login")
    fields = form.fields.to_dict() | {"email": agent.email, "password": PASSWORD, "is_admin": "1"}
    page = form.page.browser.post("/login", fields, status=422)
    assert "is_admin" in page.words


def test_one_is_led_to_where_one_wanted_to_go(app: APIFlask, agent: Person) -> None:
    page = Browser(app).open("/me?from=mail")
    assert page.address.startswith("/login")
    page = page.press("Sign in", email=agent.email, password=PASSWORD)
    assert page.address == "/me?from=mail"


@pytest.mark.parametrize(
    "elsewhere",
    ["https://evil.example/", "//evil.example", "/\\evil.example", "/\t/evil.example", "javascript:alert(1)", "me"],
)
def test_one_is_never_led_to_another_site(app: APIFlask, client: FlaskClient, agent: Person, elsewhere: str) -> None:
    page = Browser(app, client).open("/login", query_string={"next": elsewhere})
    fields = page.form("/login").fields.to_dict() | {"email": agent.email, "password": PASSWORD}
    assert client.post("/login", data=fields).headers["Location"] == "/"


def test_a_person_of_two_companies_is_asked_which(app: APIFlask, agent: Person, other_company: Company) -> None:
    also_works_for(other_company, agent)
    page = Browser(app).open("/login?next=/me").press("Sign in", email=agent.email, password=PASSWORD)
    assert page.h1 == "Which company?"
    page = page.press(other_company.name)
    assert other_company.name in page.words
    assert page.browser.open("/which-company?next=/me").press("Acme Solar").address.startswith("/me")


def test_a_company_one_does_not_work_for_cannot_be_chosen(
    app: APIFlask, agent: Person, company: Company, other_company: Company, stranger: Person
) -> None:
    also_works_for(other_company, agent)
    page = Browser(app).open("/login?next=/me").press("Sign in", email=agent.email, password=PASSWORD)
    fields = page.form("/which-company").fields.to_dict()
    for nobody_of_mine in (str(stranger.id), str(company.owner.id), "", "nonsense"):
        page.browser.post("/which-company", fields | {"user": nobody_of_mine}, status=404)
    assert page.browser.open("/me").h1 == "Which company?"


def test_a_person_of_no_company_hears_so_kindly(app: APIFlask, company: Company, agent: Person) -> None:
    deactivate(company, agent)
    page = Browser(app).open("/login?next=/me").press("Sign in", email=agent.email, password=PASSWORD)
    assert "You belong to no company at the moment" in page.words
    assert page.h1 == "Sign in"


def test_a_deactivated_person_is_signed_out_at_the_next_page(app: APIFlask, company: Company, agent: Person) -> None:
    browser = sign_in(app, agent)
    assert browser.open("/me").h1 != "Sign in"
    deactivate(company, agent)
    assert browser.open("/me").h1 == "Sign in"


def test_signing_in_starts_a_new_session(app: APIFlask, client: FlaskClient, agent: Person) -> None:
    browser = Browser(app, client)
    page = browser.open("/login?next=/me")
    with client.session_transaction() as session:
        session["planted"] = "by somebody else"
        token_before = session["csrf_token"]
    page.press("Sign in", email=agent.email, password=PASSWORD)
    with client.session_transaction() as session:
        assert "planted" not in session
        assert session["csrf_token"] != token_before


def test_a_session_of_one_company_does_not_open_another(app: APIFlask, agent: Person, stranger: Person) -> None:
    browser = sign_in(app, agent)
    with browser.client.session_transaction() as session:
        session.update(company_id=str(stranger.company_id), user_id=str(stranger.id))
    assert browser.open("/me").h1 == "Sign in"


def test_signing_out_takes_a_press_of_a_button(app: APIFlask, agent: Person) -> None:
    browser = sign_in(app, agent)
    page = browser.open("/logout")
    assert browser.open("/me").h1 != "Sign in"
    assert "You are signed out" in page.press("Sign out").words
    assert browser.open("/me").h1 == "Sign in"


def test_every_page_has_a_button_to_sign_out(app: APIFlask, agent: Person) -> None:
    assert sign_in(app, agent).open("/me").press("Sign out").h1 == "Sign in"


def test_a_post_without_a_token_is_refused(app: APIFlask, agent: Person) -> None:
    browser = Browser(app)
    page = browser.post("/login", {"email": agent.email, "password": PASSWORD}, status=400)
    assert "not sent from one of our pages" in page.words


def test_after_ten_wrong_passwords_an_account_has_to_wait(app: APIFlask, agent: Person) -> None:
    browser = Browser(app)
    page = browser.open("/login")
    for _ in range(10):
        page.press("Sign in", status=422, email=agent.email, password="not this one")
    refused = page.press("Sign in", status=429, email=agent.email.upper(), password=PASSWORD)
    assert int(refused.response.headers["Retry-After"]) >= 1
    assert "wait" in refused.words


def test_a_right_password_is_never_counted(app: APIFlask, agent: Person) -> None:
    for _ in range(11):
        Browser(app).open("/login?next=/me").press("Sign in", email=agent.email, password=PASSWORD)


def test_cookies_are_kept_from_scripts_and_other_sites(client: FlaskClient, app: APIFlask) -> None:
    Browser(app, client).open("/login")
    cookie = client.get_cookie("baton")
    assert cookie is not None
    assert (cookie.http_only, cookie.same_site, cookie.path) == (True, "Lax", "/")
