"""Errors as pages: a kind sentence, the true status, and a way on."""

from __future__ import annotations

import pytest
from apiflask import APIFlask

from portal.errors import Conflict, Invalid, NotSignedIn, TooLarge, TooMany, Unavailable
from tests.cast import Company
from tests.page import Browser, sign_in


@pytest.mark.parametrize(
    ("error", "status", "heading"),
    [
        (NotSignedIn(), 401, "Please sign in"),
        (Conflict("This lead is taken."), 409, "This is no longer possible"),
        (TooLarge(), 413, "That is too large"),
        (Invalid.field("cursor", "This is not a place in the list."), 422, "Something needs another look"),
        (TooMany(30), 429, "Please wait a moment"),
        (Unavailable(), 503, "Back in a moment"),
        (RuntimeError("a customer's name"), 500, "Something went wrong"),
    ],
)
def test_each_error_is_a_page_with_a_way_on(
    app: APIFlask, monkeypatch: pytest.MonkeyPatch, error: Exception, status: int, heading: str
) -> None:
    def fail() -> None:
        raise error

    monkeypatch.setitem(app.view_functions, "auth.forgot", fail)
    page = Browser(app).open("/forgot", status=status)
    assert page.h1 == heading
    assert page.dead_links() == []
    assert [link for link in page.links if link in ("/", "/login")]
    assert "a customer's name" not in page.html


def test_a_page_that_is_not_there(app: APIFlask) -> None:
    assert Browser(app).open("/nowhere", status=404).h1 == "There is nothing here"


def test_a_page_that_is_not_for_everybody(app: APIFlask, company: Company) -> None:
    assert sign_in(app, company.agent).open("/people", status=403).h1 == "Not for you to open"


def test_an_address_that_only_takes_buttons(app: APIFlask, company: Company) -> None:
    assert sign_in(app, company.agent).open("/me/available", status=405).h1 == "That does not work here"


def test_more_than_a_form_may_hold(app: APIFlask) -> None:
    assert Browser(app).post("/login", {"email": "x" * 70_000}, status=413).h1 == "That is too large"


def test_a_form_sent_after_signing_out_says_so(app: APIFlask, company: Company) -> None:
    page = sign_in(app, company.agent).open("/me")
    with page.browser.client.session_transaction() as session:
        del session["_user_id"]
    page = page.press("Save", status=401, name="Ana")
    assert page.h1 == "Please sign in"
    assert page.press_link("Sign in").h1 == "Sign in"
