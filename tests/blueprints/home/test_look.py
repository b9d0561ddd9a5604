"""Light or dark: by the system, or as somebody chose in this browser."""

from __future__ import annotations

import pytest
from apiflask import APIFlask

from tests.cast import Company
from tests.page import Browser, Page, sign_in


def look_of(page: Page) -> str | None:
    return page.root.get("data-look")


def test_the_system_decides_until_somebody_chooses(app: APIFlask, company: Company) -> None:
    browser = sign_in(app, company.agent)
    page = browser.open("/me?from=here")
    assert look_of(page) is None
    dark = page.press("Dark")
    assert (look_of(dark), dark.address) == ("dark", "/me?from=here")
    assert look_of(dark.press("Light")) == "light"
    assert look_of(browser.open("/leads").press("System")) is None


def test_the_choice_stays_when_signed_out(app: APIFlask, company: Company) -> None:
    browser = sign_in(app, company.agent)
    page = browser.open("/me").press("Dark").press("Sign out")
    assert look_of(page) == "dark"


@pytest.mark.parametrize("look", ["red", 'dark" onload="x', "system"])
def test_another_look_is_refused(app: APIFlask, company: Company, look: str) -> None:
    page = sign_in(app, company.agent).open("/me")
    form = page.form("/look").fields
    form["look"] = look
    page.browser.post("/look", form, status=400)
    assert look_of(page.browser.open("/me")) is None


def test_a_cookie_that_was_tampered_with_counts_for_nothing(app: APIFlask) -> None:
    browser = Browser(app)
    browser.client.set_cookie("look", "dark evil")
    assert look_of(browser.open("/login")) is None


def test_it_leads_back_to_our_own_pages_only(app: APIFlask, company: Company) -> None:
    page = sign_in(app, company.agent).open("/me")
    form = page.form("/look").fields
    form["look"], form["next"] = "dark", "https://evil.example/"
    answer = page.browser.client.post("/look", data=form)
    assert answer.headers["Location"] == "/"


def test_without_the_forms_token_nothing_is_chosen(app: APIFlask, company: Company) -> None:
    browser = sign_in(app, company.agent)
    browser.post("/look", {"look": "dark"}, status=400)
    assert look_of(browser.open("/me")) is None
