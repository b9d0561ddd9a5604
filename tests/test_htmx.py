"""What htmx gets: parts, redirects it can carry out, and errors that leave the page as it is."""

from __future__ import annotations

import pytest
from apiflask import APIFlask

from tests.cast import Company
from tests.page import Browser, sign_in

PART = {"HX-Request": "true", "HX-Request-Type": "partial"}
PICKED = {"HX-Request": "true", "HX-Request-Type": "full"}


def test_pages_say_that_their_answer_depends_on_who_asks(app: APIFlask, company: Company) -> None:
    vary = sign_in(app, company.agent).client.get("/me").headers["Vary"]
    assert {"HX-Request", "HX-Request-Type"} <= {name.strip() for name in vary.split(",")}


def test_a_part_that_leads_elsewhere_is_sent_there_whole(app: APIFlask, company: Company) -> None:
    answer = sign_in(app, company.agent).client.get("/", headers=PART)
    assert (answer.status_code, answer.get_data()) == (204, b"")
    assert answer.headers["HX-Redirect"].startswith("/")
    assert "Location" not in answer.headers


def test_a_page_to_pick_from_may_lead_on(app: APIFlask, company: Company) -> None:
    answer = sign_in(app, company.agent).client.get("/", headers=PICKED)
    assert answer.status_code == 303
    assert "HX-Redirect" not in answer.headers


def test_who_is_signed_out_gets_the_sign_in_page_and_not_a_part_of_it(app: APIFlask) -> None:
    for headers in (PART, PICKED):
        answer = app.test_client().get("/me", headers=headers)
        assert (answer.status_code, answer.headers["HX-Redirect"]) == (204, "/login?next=/me")


@pytest.mark.parametrize("headers", [PART, PICKED])
def test_an_error_is_told_where_pages_tell_such_things(
    app: APIFlask, company: Company, headers: dict[str, str]
) -> None:
    part = sign_in(app, company.agent).part("/people", status=403, headers=headers)
    told = part.response.headers
    assert (told["HX-Retarget"], told["HX-Reswap"], told["HX-Reselect"]) == ("#said", "innerHTML", ".notice")
    assert "Not for you to open" in part.words
    assert part.find(".//main") is None


def test_who_was_signed_out_meanwhile_keeps_the_page_and_what_was_typed(app: APIFlask, company: Company) -> None:
    browser = sign_in(app, company.agent)
    form = browser.open("/me").form("/me").fields
    with browser.client.session_transaction() as session:
        del session["_user_id"]
    part = browser.part("/me", data=form, status=401)
    assert "Sign in in a new tab" in part.words


def test_errors_are_whole_pages_for_everybody_else(app: APIFlask, company: Company) -> None:
    page = sign_in(app, company.agent).open("/people", status=403)
    assert page.find(".//main") is not None
    assert "HX-Retarget" not in page.response.headers


def test_unknown_addresses_answer_a_part_too(app: APIFlask) -> None:
    part = Browser(app).part("/nowhere", status=404)
    assert "There is nothing here" in part.words
