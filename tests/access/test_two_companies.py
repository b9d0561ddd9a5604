"""Somebody who owns two companies, acting in the wrong one: as far away as a stranger, and nothing changes."""

from __future__ import annotations

import pytest
from apiflask import APIFlask
from sqlalchemy import update

from portal.extensions import db
from portal.models import User
from portal.queries.across import memberships_of
from tests.blueprints.api.database_state import nothing_changes
from tests.blueprints.api.test_other_companies import calls_with_ids, good_body
from tests.blueprints.test_other_companies import GOOD_FIELDS, addresses_with_ids, filled, one_of_everything
from tests.cast import Company
from tests.page import sign_in


@pytest.fixture
def both(company: Company, other_company: Company) -> tuple[Company, Company]:
    """The owner of the one owns the other, too: one account, a user in each."""
    with other_company.inside():
        mine = update(User).where(User.company_id == other_company.id, User.id == other_company.owner.id)
        db.session.execute(mine.values(account_id=company.owner.account_id))
        db.session.commit()
    with company.app.app_context():
        assert len(memberships_of(company.owner.account_id)) == 2
    return company, other_company


def test_pages_and_forms_of_the_other_company_are_not_found(app: APIFlask, both: tuple[Company, Company]) -> None:
    here, there = both
    theirs, browser = one_of_everything(there), sign_in(app, here.owner)
    token = browser.open("/leads/new").form("/leads/new").fields["csrf_token"]
    with nothing_changes(app):
        for method, rule in addresses_with_ids(app):
            fields = {**GOOD_FIELDS, "csrf_token": token} if method == "POST" else None
            answer = browser.client.open(filled(rule, theirs), method=method, data=fields)
            assert answer.status_code == 404, f"{method} {rule}: {answer.status_code}"


def test_calls_with_the_key_of_one_do_nothing_in_the_other(app: APIFlask, both: tuple[Company, Company]) -> None:
    here, there = both
    theirs = one_of_everything(there)
    api = here.owner.api
    with nothing_changes(app):
        for method, rule, _ in calls_with_ids(app):
            path = filled(rule, theirs).removeprefix("/api/v1")
            answer = api.call(method, path, json=None if method == "GET" else good_body(f"{method} {rule}", theirs))
            assert answer.status_code == 404, f"{method} {rule}: {answer.status_code} {answer.text}"


def test_the_other_company_shows_itself_once_it_is_chosen(app: APIFlask, both: tuple[Company, Company]) -> None:
    here, there = both
    theirs, browser = one_of_everything(there), sign_in(app, here.owner)
    lead = f"/leads/{theirs['lead_id']}"
    browser.open(lead, status=404)
    browser.open("/which-company").press(there.name)
    assert there.name in browser.open(lead).words
