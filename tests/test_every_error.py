"""Every status the application answers with, in the three shapes an answer can have: a page, a part, problem+json."""

from __future__ import annotations

import pytest
from apiflask import APIFlask
from werkzeug.exceptions import MethodNotAllowed

from portal.errors import (
    Conflict,
    Forbidden,
    Invalid,
    Malformed,
    NotFound,
    NotSignedIn,
    ProductError,
    TooLarge,
    TooMany,
    Unavailable,
)
from tests.cast import Company
from tests.page import Browser

SECRET = "carla@example.com"
ERRORS: dict[int, Exception] = {
    400: Malformed("What was that?"),
    401: NotSignedIn(),
    403: Forbidden("Ask an admin."),
    404: NotFound("There is no such lead."),
    405: MethodNotAllowed(valid_methods=["POST"]),
    409: Conflict("This lead is taken."),
    413: TooLarge("The body is larger than 64 KB."),
    422: Invalid.field("cursor", "This is not a place in the list."),
    429: TooMany(30),
    500: RuntimeError(SECRET),
    503: Unavailable(),
}
PAGE, PROGRAM = ("auth.forgot", "/forgot"), ("api.company.show_company", "/api/v1/company")


def failing(app: APIFlask, monkeypatch: pytest.MonkeyPatch, endpoint: str, status: int) -> None:
    def fail(*_args: object, **_options: object) -> None:
        raise ERRORS[status]

    assert endpoint in app.view_functions
    monkeypatch.setitem(app.view_functions, endpoint, fail)


def test_no_product_error_is_left_out() -> None:
    assert {kind.status for kind in ProductError.__subclasses__()} - ERRORS.keys() == set()


@pytest.mark.parametrize("status", ERRORS)
def test_it_is_a_whole_page_with_a_way_on(app: APIFlask, monkeypatch: pytest.MonkeyPatch, status: int) -> None:
    failing(app, monkeypatch, PAGE[0], status)
    page = Browser(app).open(PAGE[1], status=status)
    assert page.dead_links() == []
    assert [link for link in page.links if link in ("/", "/login")]
    assert f"Code {status}" in page.words
    assert SECRET not in page.html


@pytest.mark.parametrize("status", ERRORS)
def test_as_a_part_it_says_what_the_page_says_and_leaves_the_page_alone(
    app: APIFlask, monkeypatch: pytest.MonkeyPatch, status: int
) -> None:
    failing(app, monkeypatch, PAGE[0], status)
    page, part = Browser(app).open(PAGE[1], status=status), Browser(app).part(PAGE[1], status=status)
    assert page.h1 in part.words
    assert part.find(".//main") is None
    assert part.find(".//*[@role='alert']") is not None
    told = part.response.headers
    assert (told["HX-Retarget"], told["HX-Reswap"], told["HX-Reselect"]) == ("#said", "innerHTML", ".notice")
    assert SECRET not in part.html


@pytest.mark.parametrize("status", ERRORS)
def test_programs_get_a_problem_document(
    app: APIFlask, company: Company, monkeypatch: pytest.MonkeyPatch, status: int
) -> None:
    key = {"Authorization": f"Bearer {company.owner.key()}"}
    failing(app, monkeypatch, PROGRAM[0], status)
    # A program is no browser: whatever it says of itself, it is told in its own language.
    for headers in ({}, {"Accept": "text/html"}, {"HX-Request": "true"}):
        answer = app.test_client().get(PROGRAM[1], headers=key | headers)
        assert (answer.status_code, answer.mimetype) == (status, "application/problem+json")
        assert set(answer.json) == {"type", "title", "status", "detail", "errors"}
        assert answer.json["status"] == status
        assert answer.json["detail"]
        assert SECRET not in answer.text


@pytest.mark.parametrize(("endpoint", "path"), [PAGE, PROGRAM])
def test_who_may_come_back_or_press_something_else_is_told(
    app: APIFlask, company: Company, monkeypatch: pytest.MonkeyPatch, endpoint: str, path: str
) -> None:
    key = {"Authorization": f"Bearer {company.owner.key()}"}
    for status, name in ((429, "Retry-After"), (503, "Retry-After"), (405, "Allow")):
        failing(app, monkeypatch, endpoint, status)
        assert app.test_client().get(path, headers=key).headers[name]
