"""Accounts that something else changed are put back to what their entries come to."""

from __future__ import annotations

from uuid import UUID

import pytest
from sqlalchemy import select, text

from portal import models
from portal.errors import Forbidden
from portal.extensions import db
from portal.operations import ledger_rebuild
from portal.operations.ledger_rebuild import Difference
from tests.cast import Company, Person
from tests.consistency import assert_consistent
from tests.factories import make_pool, make_user
from tests.operations import sights
from tests.operations.acts import agent_at_work, arrive, change_company, miss, set_members


@pytest.fixture
def played(company: Company) -> UUID:
    """A pool of three with turns on both credits; one of them left and came back."""
    cy = make_user(company, "Cy")
    weights = {company.agent: 5, company.colleague: 3, cy: 2}
    change_company(company, fallback_any_active=False)
    pool_id = make_pool(company, weights).id
    for _ in range(5):
        arrive(company)
    miss(company)
    set_members(company, pool_id, {company.agent: 5, company.colleague: 3})
    set_members(company, pool_id, weights)
    arrive(company)
    return pool_id


def rebuild(person: Person) -> list[Difference]:
    with agent_at_work(person) as user:
        return ledger_rebuild.rebuild(by=user)


def test_books_that_are_right_are_left_alone(company: Company, played: UUID) -> None:
    before = sights.standing(company, played)
    with company.inside():
        assert ledger_rebuild.differences(company.id) == []
    assert rebuild(company.owner) == []
    assert sights.standing(company, played) == before
    assert_consistent(company)


def test_an_account_that_was_changed_is_named_and_put_right(company: Company, played: UUID) -> None:
    before = sights.standing(company, played)
    with company.inside():
        changed = "credit = credit + 5, entitled = entitled + 5, second_credit = 7"
        of_agent = {"user": company.agent.id}
        db.session.execute(text(f"UPDATE ledger_accounts SET {changed} WHERE user_id = :user"), of_agent)
        db.session.commit()
        [found] = ledger_rebuild.differences(company.id)
    assert company.agent.name in str(found)
    assert found.account["entitled"] - found.entries["entitled"] == 5
    assert [each.user_id for each in rebuild(company.owner)] == [company.agent.id]
    assert sights.standing(company, played) == before
    assert_consistent(company)
    [entry, *_] = sights.rows(company, select(models.AuditEntry).order_by(models.AuditEntry.id.desc()))
    assert entry.after[company.agent.name] == dict(found.entries)
    assert rebuild(company.owner) == []


def test_it_needs_the_right_to_set_up_distribution(company: Company, played: UUID) -> None:
    with pytest.raises(Forbidden):
        rebuild(company.manager)
