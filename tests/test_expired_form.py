"""A form whose token has expired loses nothing that was typed."""

from __future__ import annotations

from apiflask import APIFlask

from tests.cast import Company
from tests.page import Browser, Page, sign_in


def left_open_while_signing_in_again(app: APIFlask, company: Company) -> Page:
    """A page of a session that was replaced by a new one in another tab."""
    page = sign_in(app, company.agent).open("/me")
    with page.browser.client.session_transaction() as session:
        del session["csrf_token"]
    return page


def test_what_was_typed_comes_back_and_one_button_sends_it(app: APIFlask, company: Company) -> None:
    page = left_open_while_signing_in_again(app, company)
    page = page.press("Save", status=400, name="Ana Ångström", phone="+1 415 555 0100")
    assert "nothing you typed is lost" in page.words
    assert "Ana Ångström" in page.words
    page = page.press("Send again")
    assert (page.value_of("name"), page.value_of("phone")) == ("Ana Ångström", "+1 415 555 0100")
    assert "Saved." in page.words


def test_nothing_is_changed_before_that_button(app: APIFlask, company: Company) -> None:
    left_open_while_signing_in_again(app, company).press("Save", status=400, name="Somebody Else")
    with company.inside():
        assert company.agent.user().name == company.agent.name


def test_passwords_are_not_kept(app: APIFlask, company: Company) -> None:
    page = left_open_while_signing_in_again(app, company)
    page = page.press("Change password", status=400, current_password="the old one", new_password="seven kettles")
    assert "the old one" not in page.html
    assert "seven kettles" not in page.html
    assert page.press_link("Back to the page").h1 == "My settings"


def test_another_site_is_not_helped(app: APIFlask, company: Company) -> None:
    browser: Browser = left_open_while_signing_in_again(app, company).browser
    for headers in ({"Sec-Fetch-Site": "cross-site"}, {"Origin": "https://evil.example"}, {}):
        page = browser.post("/me", {"name": "Somebody Else"}, status=400, headers=headers)
        assert not page.forms


def test_without_fetch_metadata_the_origin_is_looked_at(app: APIFlask, company: Company) -> None:
    browser: Browser = left_open_while_signing_in_again(app, company).browser
    page = browser.post("/me", {"name": "Ana"}, status=400, headers={"Origin": "http://localhost"})
    assert page.form("/me").fields["name"] == "Ana"


def test_a_part_of_a_page_says_so_where_pages_say_such_things_and_keeps_the_rest(
    app: APIFlask, company: Company
) -> None:
    page = left_open_while_signing_in_again(app, company)
    part = page.browser.part("/me", data=page.form("/me").fields, status=400, headers={"Sec-Fetch-Site": "same-origin"})
    assert part.response.headers["HX-Retarget"] == "#said"
    assert "Load it anew" in part.words
    assert part.find(".//form") is None
