"""The page of all components."""

from __future__ import annotations

from dataclasses import replace

import pytest
from apiflask import APIFlask

from portal import create_app
from portal.config import Settings
from tests.cast import Company
from tests.page import Browser, sign_in


def test_it_shows_every_component_to_anybody(app: APIFlask) -> None:
    page = Browser(app).open("/styleguide")
    for head in ("Buttons", "Notices", "Form", "Timeline", "Figures and charts", "Dialog", "Error pages"):
        assert head in page.words
    assert page.dead_links() == [f"/styleguide/error?status={status}" for status in ERRORS]


def test_it_stands_in_the_frame_of_the_pages_for_who_is_signed_in(app: APIFlask, company: Company) -> None:
    assert company.owner.name in sign_in(app, company.owner).open("/styleguide").words


ERRORS = (400, 401, 403, 404, 405, 409, 413, 422, 429, 500, 503)


@pytest.mark.parametrize("status", ERRORS)
def test_every_status_has_a_page_that_says_what_to_do(app: APIFlask, status: int) -> None:
    page = Browser(app).open(f"/styleguide/error?status={status}", status=status)
    assert len(page.words) > 60
    assert f"Code {status}" in page.words


def test_it_is_not_there_in_production(settings: Settings) -> None:
    live = create_app(replace(settings, environment="production"))
    assert Browser(live).open("/styleguide", status=404)
