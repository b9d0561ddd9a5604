"""Pools that pick or hand out otherwise than in turn say so on their pages."""

from __future__ import annotations

import pytest
from apiflask import APIFlask

from tests.cast import Company
from tests.factories import make_pool
from tests.page import Browser, sign_in


@pytest.fixture
def owner(app: APIFlask, company: Company) -> Browser:
    return sign_in(app, company.owner)


def test_a_pool_that_tells_all_says_so(owner: Browser, company: Company) -> None:
    pool = make_pool(company, [company.agent, company.colleague], delivery="broadcast")
    page = owner.open(f"/pools/{pool.id}")
    assert "the first to accept gets it" in page.words
    assert "Nobody waits for a turn" in page.words
    for words in (page.words, owner.open("/pools").words):
        assert "Nobody can take a lead now" not in words


def test_a_pool_for_one_person_names_them_and_is_set_up_on_its_form(owner: Browser, company: Company) -> None:
    make_pool(company, [company.agent], name="Roofs")
    form = owner.open("/pools").press_link("Roofs").press_link("Edit")
    assert "Name the one" in form.press("Save", status=422, picker="single").error_of("single_user_id")
    page = form.press("Save", picker="single", single_user_id=str(company.colleague.id))
    assert f"Offered to {company.colleague.name}" in page.words
    assert f"It would be offered to {company.colleague.name}" in page.words
    assert "Nobody can take a lead now" not in page.words


def test_a_pool_that_matches_by_tags_explains_its_order(owner: Browser, company: Company) -> None:
    pool = make_pool(company, [company.agent], picker="best_match", when_nobody_available="wait")
    words = owner.open(f"/pools/{pool.id}").words
    assert "Who fits best" in words
    assert "waits with an alarm for the first who is back" in words
