"""Waiting leads go out by themselves: oldest first, as soon as anybody may get them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import select

from portal import models
from portal.models import WorkKind
from portal.operations import waiting
from portal.operations.waiting import LOOK_AGAIN_SECONDS
from tests.cast import Company
from tests.consistency import assert_consistent
from tests.factories import make_pool, make_user
from tests.operations import sights
from tests.operations.acts import (
    arrive,
    ask_again,
    assign,
    change_company,
    change_pool,
    change_user,
    drain,
    miss,
    set_members,
)


@pytest.fixture
def closed_shop(company: Company) -> Company:
    """A pool that assigns, whose only member is away."""
    change_company(company, fallback_any_active=False)
    make_pool(company, [company.agent], delivery="assign")
    change_user(company, company.agent, available=False)
    drain(company)
    return company


def waiting_leads(company: Company) -> list[Any]:
    lead = models.Lead
    found = select(lead).where(lead.state == "unassigned").order_by(lead.id)
    return [one.id for one in sights.rows(company, found)]


def test_nothing_happens_while_nobody_is_eligible(closed_shop: Company) -> None:
    lead_id = arrive(closed_shop).lead_id
    before = sights.lead(closed_shop, lead_id)
    assert drain(closed_shop) == 0
    after = sights.lead(closed_shop, lead_id)
    assert (after.alarmed_at, after.decision_id) == (before.alarmed_at, before.decision_id)
    assert len(sights.decisions(closed_shop, lead_id)) == 1
    assert sights.told(closed_shop, lead_id).count(("alarm", closed_shop.manager.id)) == 1


def test_the_oldest_goes_first(closed_shop: Company) -> None:
    leads = [arrive(closed_shop).lead_id for _ in range(5)]
    change_user(closed_shop, closed_shop.agent, available=True, open_cap=2)
    assert drain(closed_shop) == 2
    assert waiting_leads(closed_shop) == leads[2:]
    assert_consistent(closed_shop)


def test_drained_leads_take_turns_as_single_ones_would(closed_shop: Company) -> None:
    cy = make_user(closed_shop, "Cy", available=False)
    pool_id = sights.rows(closed_shop, select(models.Pool))[0].id
    set_members(closed_shop, pool_id, {closed_shop.agent: 2, cy: 1})
    leads = [arrive(closed_shop).lead_id for _ in range(6)]
    change_user(closed_shop, closed_shop.agent, available=True)
    change_user(closed_shop, cy, available=True)
    assert drain(closed_shop) == 6
    owners = [sights.lead(closed_shop, lead_id).owner_id for lead_id in leads]
    agent = closed_shop.agent.id
    assert owners == [agent, agent, cy.id] * 2
    assert_consistent(closed_shop)
    # Who had the last lead of the batch is who had a lead last.
    people = {one.id: one.last_lead_at for one in sights.rows(closed_shop, select(models.User))}
    assert people[cy.id] > people[agent]


@pytest.mark.parametrize(
    "change",
    [
        lambda company, pool_id: change_user(company, company.agent, available=True),
        lambda company, pool_id: set_members(company, pool_id, {company.agent: 1, company.colleague: 1}),
        lambda company, pool_id: change_pool(company, pool_id, default_assignee_ids=[company.owner.id]),
    ],
    ids=["somebody comes back", "somebody joins", "a default assignee"],
)
def test_whatever_makes_somebody_eligible_calls_for_a_drain(closed_shop: Company, change: Any) -> None:
    lead_id = arrive(closed_shop).lead_id
    drain(closed_shop)
    assert not is_looked_at_at_once(closed_shop)
    change(closed_shop, sights.lead(closed_shop, lead_id).pool_id)
    assert is_looked_at_at_once(closed_shop)
    assert drain(closed_shop) == 1
    assert sights.work(closed_shop, "drain") == []
    assert sights.lead(closed_shop, lead_id).state == "owned"
    assert_consistent(closed_shop)


def test_leads_for_a_person_are_never_routed_by_themselves(company: Company) -> None:
    make_pool(company, [company.agent], delivery="assign")
    taken = arrive(company)
    assign(company.manager, taken.lead_id, None)
    assert drain(company) == 0
    assert sights.lead(company, taken.lead_id).waiting_for == "person"


def test_leads_the_default_assignees_were_told_of_stay_theirs(company: Company) -> None:
    pool = make_pool(company, (), [company.owner, company.manager])
    taken = arrive(company)
    set_members(company, pool.id, {company.agent: 1})
    assert drain(company) == 0
    assert sights.lead(company, taken.lead_id).waiting_for == "catch_all"


def is_looked_at_at_once(company: Company) -> bool:
    """Whether waiting leads are to be looked at within two seconds."""
    return any(work.due_at <= datetime.now(UTC) + timedelta(seconds=2) for work in sights.work(company, "drain"))


def test_a_lead_left_waiting_is_looked_at_once_more(closed_shop: Company) -> None:
    """Somebody may have become free between the look at the facts and the commit."""
    arrive(closed_shop)
    [work] = sights.work(closed_shop, "drain")
    created = sights.lead(closed_shop, waiting_leads(closed_shop)[0]).created_at
    assert 0 < (work.due_at - created).total_seconds() <= 2
    drain(closed_shop)
    # And then at leisure: time itself may make somebody eligible.
    [work] = sights.work(closed_shop, "drain")
    assert 50 < (work.due_at - datetime.now(UTC)).total_seconds() <= LOOK_AGAIN_SECONDS


def test_a_drain_asked_for_while_one_runs_is_not_forgotten(
    closed_shop: Company, monkeypatch: pytest.MonkeyPatch
) -> None:
    arrive(closed_shop)
    route = waiting._route_waiting

    def meanwhile(*given: Any) -> int:
        went = route(*given)
        monkeypatch.undo()
        change_user(closed_shop, closed_shop.agent, available=True)
        return went

    monkeypatch.setattr(waiting, "_route_waiting", meanwhile)
    assert drain(closed_shop) == 0
    assert len(sights.work(closed_shop, WorkKind.DRAIN)) == 1
    assert drain(closed_shop) == 1


def test_who_stands_in_line_comes_first_when_a_waiting_lead_is_drained(company: Company) -> None:
    change_company(company, fallback_any_active=False)
    pool = make_pool(company, [company.agent])
    taken = arrive(company)
    miss(company)
    change_user(company, company.agent, available=False)
    ask_again(company.agent, taken.offers[0])
    change_user(company, company.agent, available=True)
    set_members(company, pool.id, {company.agent: 1, company.colleague: 1})
    assert drain(company) == 1
    assert sights.holder(company, taken.lead_id) == company.agent.id
    assert_consistent(company)
