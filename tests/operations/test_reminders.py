"""Default assignees are reminded of a lead that waits for them, and those a last call is made to, once."""

from __future__ import annotations

from uuid import UUID

import pytest
from sqlalchemy import select, text

from portal.extensions import db
from portal.models import DueWork
from portal.operations.company import change_company as set_company
from portal.operations.reminders import remind_due
from tests.cast import Company
from tests.consistency import assert_consistent
from tests.factories import make_pool
from tests.operations import sights
from tests.operations.acts import (
    agent_at_work,
    arrive,
    change_company,
    change_pool,
    change_user,
    decline,
    drain,
    miss,
    take,
)


def later(company: Company) -> int:
    """The time for reminders comes; of how many leads somebody was reminded."""
    with company.inside():
        db.session.execute(text("UPDATE due_work SET due_at = clock_timestamp() WHERE kind = 'remind'"))
        db.session.commit()
        return remind_due(company.id)


def told_to_wait(company: Company, lead_id: UUID) -> list[UUID]:
    return [user for cause, user in sights.told(company, lead_id) if cause == "catch_all"]


@pytest.fixture
def waiting(company: Company) -> UUID:
    """A lead that waits for agent and owner, its pool's default assignees."""
    make_pool(company, (), [company.agent, company.owner])
    return arrive(company).lead_id


def test_they_are_reminded_again_and_again_until_somebody_has_it(company: Company, waiting: UUID) -> None:
    for times in (1, 2):
        assert later(company) == 1
        assert sorted(told_to_wait(company, waiting)) == sorted([company.agent.id, company.owner.id] * (times + 1))
    assert sights.timeline(company, waiting)[-1].text == (
        f"It still waits; reminded {company.agent.name}, {company.owner.name}."
    )
    take(company.agent, waiting)
    assert later(company) == 0
    assert sights.rows(company, select(DueWork).where(DueWork.kind == "remind")) == []
    assert_consistent(company)


def test_not_before_it_is_time(company: Company, waiting: UUID) -> None:
    with company.inside():
        assert remind_due(company.id) == 0
    [work] = sights.rows(company, select(DueWork).where(DueWork.kind == "remind"))
    assert 29 * 60 < (work.due_at - work.created_at).total_seconds() <= 30 * 60


def test_who_has_left_is_not_reminded(company: Company, waiting: UUID) -> None:
    change_user(company, company.agent, active=False)
    assert later(company) == 1
    assert told_to_wait(company, waiting).count(company.agent.id) == 1


def test_never_where_the_company_wants_none(company: Company) -> None:
    change_company(company, catch_all_reminder_minutes=None)
    make_pool(company, (), [company.agent, company.owner])
    arrive(company)
    assert later(company) == 0


def test_a_last_call_is_reminded_of_once(company: Company) -> None:
    change_company(company, fallback_any_active=False)
    make_pool(company, [company.agent, company.colleague], last_call_seconds=600)
    lead_id = arrive(company).lead_id
    for _ in range(2):
        miss(company, sights.open_offer(company, lead_id).id)
    calls = [one for one in sights.offers(company, lead_id) if one.state == "open"]
    assert len(calls) == 2
    decline(company.agent, next(one.id for one in calls if one.user_id == company.agent.id))
    assert [later(company), later(company)] == [1, 0]
    reminded = [user for cause, user in sights.told(company, lead_id) if cause == "offer_reminder"]
    assert reminded == [company.colleague.id]
    assert_consistent(company)


def test_once_all_of_them_are_gone_it_is_routed_again(company: Company, waiting: UUID) -> None:
    change_user(company, company.agent, active=False)
    change_pool(company, sights.lead(company, waiting).pool_id, default_assignee_ids=[])
    assert later(company) == 0
    lead = sights.lead(company, waiting)
    assert (lead.waiting_for, lead.alarmed_at is not None) == ("routing", True)
    assert drain(company) == 1
    assert sights.lead(company, waiting).owner_id is not None
    assert_consistent(company)


def test_a_new_setting_counts_for_leads_that_wait_already(company: Company) -> None:
    change_company(company, catch_all_reminder_minutes=None)
    make_pool(company, (), [company.agent, company.owner])
    lead_id = arrive(company).lead_id
    with agent_at_work(company.owner) as user:
        set_company(by=user, catch_all_reminder_minutes=10)
    assert later(company) == 1
    assert len(told_to_wait(company, lead_id)) == 4
