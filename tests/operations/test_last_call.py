"""Last call: once the line is used up, all who missed the lead may take it, and the first wins."""

from __future__ import annotations

from uuid import UUID

import pytest
from sqlalchemy import select

from portal.errors import Conflict
from portal.models import LedgerEntry, Pool
from tests.cast import Company, Person
from tests.consistency import assert_consistent
from tests.factories import make_pool, make_user
from tests.operations import sights
from tests.operations.acts import (
    accept,
    arrive,
    ask_again,
    assign,
    change_company,
    change_pool,
    decline,
    miss,
    recall,
    take,
)


@pytest.fixture
def third(company: Company) -> Person:
    return make_user(company, "Cy Third")


@pytest.fixture
def pool(company: Company, third: Person) -> Pool:
    change_company(company, fallback_any_active=False)
    return make_pool(
        company, [company.agent, company.colleague, third], [company.owner], last_call_seconds=600, window_seconds=60
    )


@pytest.fixture
def called(company: Company, pool: Pool, third: Person) -> UUID:
    """A lead the third said no to and the two others missed: its last call runs."""
    lead_id = arrive(company).lead_id
    for _ in range(3):
        offer = sights.open_offer(company, lead_id)
        if offer.user_id == third.id:
            decline(third, offer.id)
        else:
            miss(company, offer.id)
    return lead_id


def open_of(company: Company, lead_id: UUID) -> dict[UUID, UUID]:
    return {one.user_id: one.id for one in sights.offers(company, lead_id) if one.state == "open"}


def test_those_who_missed_it_are_called_and_not_who_said_no(company: Company, called: UUID) -> None:
    assert set(open_of(company, called)) == {company.agent.id, company.colleague.id}
    calls = [one for one in sights.offers(company, called) if one.state == "open"]
    assert {one.kind for one in calls} == {"last_call"}
    assert {(one.expires_at - one.created_at).total_seconds() for one in calls if one.expires_at} == {600}
    assert sights.lead(company, called).state == "offering"
    said = [user for cause, user in sights.told(company, called) if cause == "last_call"]
    assert sorted(said) == sorted([company.agent.id, company.colleague.id])
    assert_consistent(company)


def test_the_first_to_accept_has_it_and_pays_nothing(company: Company, called: UUID) -> None:
    turns = _entries(company, called)
    offers = open_of(company, called)
    accept(company.colleague, offers[company.colleague.id])
    with pytest.raises(Conflict, match="already taken"):
        accept(company.agent, offers[company.agent.id])
    assert sights.lead(company, called).owner_id == company.colleague.id
    assert _entries(company, called) == turns
    assert_consistent(company)


def test_it_may_be_taken_like_any_lead(company: Company, called: UUID) -> None:
    assert take(company.agent, called).owner_id == company.agent.id
    assert sorted(one.state for one in sights.offers(company, called) if one.kind == "last_call") == [
        "accepted",
        "withdrawn",
    ]
    assert_consistent(company)


def test_one_no_leaves_it_with_the_other(company: Company, called: UUID) -> None:
    offers = open_of(company, called)
    decline(company.agent, offers[company.agent.id])
    assert set(open_of(company, called)) == {company.colleague.id}
    decline(company.colleague, offers[company.colleague.id])
    assert sights.lead(company, called).owner_id == company.owner.id
    assert_consistent(company)


def test_there_is_one_last_call_and_then_the_ladder_goes_on(company: Company, called: UUID) -> None:
    miss(company)
    lead = sights.lead(company, called)
    assert (lead.state, lead.owner_id) == ("owned", company.owner.id)
    assert_consistent(company)


def test_a_call_taken_back_leaves_the_others_theirs(company: Company, called: UUID) -> None:
    offers = open_of(company, called)
    recall(company.manager, offers[company.agent.id])
    assert sights.lead(company, called).state == "offering"
    recall(company.manager, offers[company.colleague.id])
    lead = sights.lead(company, called)
    assert (lead.state, lead.waiting_for) == ("unassigned", "person")
    assert_consistent(company)


def test_given_to_somebody_it_is_over(company: Company, called: UUID, third: Person) -> None:
    assign(company.manager, called, third)
    assert open_of(company, called) == {}
    assert_consistent(company)


def _entries(company: Company, lead_id: UUID) -> int:
    return len(sights.rows(company, select(LedgerEntry).where(LedgerEntry.lead_id == lead_id)))


def test_another_chance_is_had_once_also_after_a_last_call(company: Company, pool: Pool, third: Person) -> None:
    change_pool(company, pool.id, default_assignee_ids=[])
    lead_id = arrive(company).lead_id
    first = sights.open_offer(company, lead_id)
    agent = next(one for one in (company.agent, company.colleague, third) if one.id == first.user_id)
    miss(company, first.id)
    ask_again(agent, first.id)
    for _ in range(3):
        miss(company, sights.open_offer(company, lead_id).id)
    calls = [one for one in sights.offers(company, lead_id) if one.state == "open"]
    assert {one.kind for one in calls} == {"last_call"}
    miss(company)
    with pytest.raises(Conflict, match="had your second chance"):
        ask_again(agent, first.id)
