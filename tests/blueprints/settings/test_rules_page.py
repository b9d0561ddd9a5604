"""Pointing the default rule at a pool."""

from __future__ import annotations

import pytest
from apiflask import APIFlask

from portal.extensions import db
from portal.models import Rule
from tests.cast import Company
from tests.factories import make_pool
from tests.page import Browser, sign_in


@pytest.fixture
def owner(app: APIFlask, company: Company) -> Browser:
    return sign_in(app, company.owner)


def pool_of_default_rule(company: Company) -> object:
    with company.inside():
        return db.session.get_one(Rule, (company.id, company.default_rule_id)).pool_id


def menu_of(company: Company) -> str:
    return f"rule-{company.default_rule_id.hex}-pool_id"


def test_without_a_pool_the_way_to_make_one_is_shown(owner: Browser) -> None:
    page = owner.open("/settings/rules")
    assert "no pool is set" in page.words
    assert page.press_link("Make the first pool").h1 == "New pool"


def test_the_default_rule_is_pointed_at_a_pool_and_back(owner: Browser, company: Company) -> None:
    pool = make_pool(company, [company.agent], default_rule=False)
    page = owner.open("/settings/rules").press("Save", **{menu_of(company): str(pool.id)})
    assert pool_of_default_rule(company) == pool.id
    assert f"offered to {company.agent.name}" in page.words
    page.press("Save", **{menu_of(company): ""})
    assert pool_of_default_rule(company) is None


def test_another_companys_pool_cannot_be_chosen(owner: Browser, company: Company, other_company: Company) -> None:
    theirs = make_pool(other_company)
    page = owner.open("/settings/rules").press("Save", status=422, **{menu_of(company): str(theirs.id)})
    assert "Not a valid choice" in page.error_of(menu_of(company))
    assert pool_of_default_rule(company) is None


def test_another_companys_rule_does_not_exist(owner: Browser, other_company: Company) -> None:
    token = owner.open("/settings/rules").form("/logout").fields["csrf_token"]
    owner.post(f"/settings/rules/{other_company.default_rule_id}", {"csrf_token": token}, status=404)


def test_agents_and_managers_are_refused(app: APIFlask, company: Company) -> None:
    for person in (company.agent, company.manager):
        sign_in(app, person).open("/settings/rules", status=403)
