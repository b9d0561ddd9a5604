"""“If a lead came now” stands on every page where something is set up, and is told to nobody else."""

from __future__ import annotations

import pytest
from apiflask import APIFlask

from tests.blueprints.test_other_companies import filled, one_of_everything
from tests.cast import Company
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


@pytest.mark.parametrize("address", ["/settings", "/settings/keys"])
def test_an_agent_is_not_told_whose_turn_it_is(app: APIFlask, company: Company, address: str) -> None:
    assert "If a lead came now" not in sign_in(app, company.agent).open(address).words
