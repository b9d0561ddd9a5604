"""Links to set a password, and which passwords are good enough."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from apiflask import APIFlask
from flask_security.utils import hash_password

from portal.extensions import db
from portal.models import Account, Cause, Message
from portal.tokens import AccountPurpose, account_token
from tests.cast import Company, Person
from tests.page import Browser, sign_in

GOOD = "seven purple kettles"


def link_for(
    app: APIFlask, person: Person, purpose: AccountPurpose = AccountPurpose.SET_PASSWORD, age: timedelta = timedelta()
) -> str:
    with app.app_context():
        account = db.session.get_one(Account, person.account_id)
        return f"/set-password/{account_token(account, purpose, datetime.now(UTC) - age)}"


def messages_to(company: Company, person: Person) -> list[Message]:
    with company.inside():
        found = db.session.scalars(db.select(Message).where(Message.user_id == person.id)).all()
        db.session.expunge_all()
        return list(found)


def test_the_link_lets_a_new_person_in(app: APIFlask, company: Company) -> None:
    page = Browser(app).open(link_for(app, company.agent))
    assert company.agent.email in page.words
    page = page.press("Set password", password=GOOD)
    assert "Your password is set" in page.words
    page = page.browser.open("/login?next=/me").press("Sign in", email=company.agent.email, password=GOOD)
    assert page.address.startswith("/me")


def test_opening_the_link_changes_nothing(app: APIFlask, company: Company) -> None:
    link = link_for(app, company.agent)
    browser = Browser(app)
    for _ in range(3):
        assert browser.open(link).h1 == "Choose a password"
    assert browser.client.head(link).status_code == 200
    assert "Your password is set" in browser.open(link).press("Set password", password=GOOD).words


def test_the_link_works_once(app: APIFlask, company: Company) -> None:
    link = link_for(app, company.agent)
    first, second = Browser(app).open(link), Browser(app).open(link)
    first.press("Set password", password=GOOD)
    assert second.press("Set password", status=404, password="another good one").h1 == "This link no longer works"
    assert second.browser.open(link, status=404).press_link("Send me a new link").h1 == "Set a new password"


@pytest.mark.parametrize(
    ("purpose", "age"),
    [(AccountPurpose.SET_PASSWORD, timedelta(hours=72)), (AccountPurpose.RESET, timedelta(hours=1))],
)
def test_the_link_ends(app: APIFlask, company: Company, purpose: AccountPurpose, age: timedelta) -> None:
    almost = timedelta(minutes=1)
    assert Browser(app).open(link_for(app, company.agent, purpose, age - almost)).h1 == "Choose a password"
    Browser(app).open(link_for(app, company.agent, purpose, age + almost), status=404)


@pytest.mark.parametrize("token", ["x", "A" * 64, "%00", "💥"])
def test_a_made_up_link_is_answered_like_an_old_one(app: APIFlask, company: Company, token: str) -> None:
    assert Browser(app).open(f"/set-password/{token}", status=404).h1 == "This link no longer works"


def test_setting_a_password_ends_all_sessions(app: APIFlask, company: Company) -> None:
    elsewhere = sign_in(app, company.agent)
    assert elsewhere.open("/me").h1 != "Sign in"
    Browser(app).open(link_for(app, company.agent)).press("Set password", password=GOOD)
    assert elsewhere.open("/me").h1 == "Sign in"


@pytest.mark.parametrize(
    ("password", "objection"),
    [
        ("", "Please type a new password."),
        ("ninechars", "at least 10 characters"),
        ("1234567890", "Many people use"),
        ("Password123!", "Many people use"),
        ("aaaaaaaaaaaa", "Many people use"),
        ("x" * 201, "at most 200 characters"),
    ],
)
def test_a_weak_password_is_refused_with_the_reason(
    app: APIFlask, company: Company, password: str, objection: str
) -> None:
    page = Browser(app).open(link_for(app, company.agent)).press("Set password", status=422, password=password)
    assert objection in page.error_of("password")
    assert "Your password is set" in page.press("Set password", password=GOOD).words


def test_ones_own_address_is_no_password(app: APIFlask, company: Company) -> None:
    page = Browser(app).open(link_for(app, company.agent))
    page = page.press("Set password", status=422, password=company.agent.email)
    assert "Many people use" in page.error_of("password")


@pytest.mark.parametrize(
    "password", ["correct horse battery", "пароль-который-длинный", "aq9$kd0!mz", " spaces count too "]
)
def test_no_rules_of_composition(app: APIFlask, company: Company, password: str) -> None:
    Browser(app).open(link_for(app, company.agent)).press("Set password", password=password)
    page = Browser(app).open("/login?next=/me").press("Sign in", email=company.agent.email, password=password)
    assert page.address.startswith("/me")


def test_a_forgotten_password_gets_a_link_by_mail(app: APIFlask, company: Company) -> None:
    page = Browser(app).open("/forgot").press("Send me a link", email=company.agent.email.upper())
    assert page.h1 == "Look at your mail"
    [message] = messages_to(company, company.agent)
    assert (message.cause, message.to, message.facts) == (Cause.ACCOUNT, company.agent.email, {"link": "reset"})


def test_an_unknown_address_is_answered_alike(app: APIFlask, company: Company) -> None:
    known = Browser(app).open("/forgot").press("Send me a link", email=company.agent.email)
    unknown = Browser(app).open("/forgot").press("Send me a link", email="nobody@example.com")
    assert known.words.replace(company.agent.email, "") == unknown.words.replace("nobody@example.com", "")


def test_an_address_is_written_to_at_most_five_times_an_hour(app: APIFlask, company: Company) -> None:
    page = Browser(app).open("/forgot")
    for _ in range(5):
        page.press("Send me a link", email=company.agent.email)
    page.press("Send me a link", status=429, email=company.agent.email)
    assert len(messages_to(company, company.agent)) == 5


def test_the_hash_is_argon2(app: APIFlask, company: Company) -> None:
    with app.app_context():
        assert hash_password(GOOD).startswith("$argon2id$")
