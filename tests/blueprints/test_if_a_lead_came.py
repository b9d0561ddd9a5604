"""“If a lead came now” stands on every page where something is set up, and is told to nobody else."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

import pytest
from apiflask import APIFlask

from tests.blueprints.test_other_companies import filled, one_of_everything
from tests.cast import Company
from tests.factories import make_pool
from tests.page import sign_in

AREAS = ("/settings", "/people", "/pools", "/allocations", "/outbox", "/dashboard")
# Questions asked once before something is done.
WITHOUT = {
    "/people/<uuid:user_id>/deactivate",
    "/pools/<uuid:pool_id>/delete",
    "/settings/keys/<uuid:key_id>/revoke",
    "/settings/rules/<uuid:rule_id>/delete",
}


def pages(app: APIFlask) -> list[str]:
    return sorted(
        rule.rule
        for rule in app.url_map.iter_rules()
        if "GET" in (rule.methods or ()) and rule.rule.startswith(AREAS)
        if rule.rule not in WITHOUT and "/part/" not in rule.rule  # a part stands in a page that says it
    )


def test_every_page_that_sets_something_up_says_it(app: APIFlask, company: Company) -> None:
    ids, owner = one_of_everything(company), sign_in(app, company.owner)
    shown = pages(app)
    assert len(shown) > 20
    for rule in shown:
        page = owner.open(filled(rule, ids))
        assert "If a lead came now" in page.words, rule


def test_what_would_be_held_is_not_said_to_be_handed_out(app: APIFlask, company: Company) -> None:
    pool = make_pool(company, [company.agent])
    owner, its_name = sign_in(app, company.owner), company.agent.name
    pages = ("/dashboard", "/pools", f"/pools/{pool.id}", f"/people/{company.agent.id}")
    for page in pages:
        assert "would be held" not in owner.open(page).words, page
    company.owner.api.patch("/company", {"manual_intercept": True})
    for page in pages:
        words = owner.open(page).words
        assert "It would be held until a manager lets it go. If it were let go now:" in words, page
        assert f"It would be offered to {its_name}" in words or f"{its_name} would be offered it" in words, page


def test_while_the_company_is_closed_it_says_when_it_opens(app: APIFlask, company: Company) -> None:
    make_pool(company, [company.agent])
    after_tomorrow = f"{datetime.now(UTC) + timedelta(days=2):%A}".lower()
    company.owner.api.patch("/company", {"opening_hours": {after_tomorrow: [["09:00", "17:00"]]}})
    words = sign_in(app, company.owner).open("/dashboard").words
    assert re.search(r"It would be held until you open on \d+ \w+( \d{4})?, 09:00", words)


@pytest.mark.parametrize("address", ["/settings", "/settings/keys"])
def test_an_agent_is_not_told_whose_turn_it_is(app: APIFlask, company: Company, address: str) -> None:
    assert "If a lead came now" not in sign_in(app, company.agent).open(address).words
