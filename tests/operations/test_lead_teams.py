"""Whose team a lead is: its owner's; while nobody owns it, that of the pool that looks after it."""

from __future__ import annotations

from uuid import UUID

import pytest

from tests.cast import Company, Person
from tests.consistency import assert_consistent
from tests.factories import make_pool, make_team, make_user
from tests.operations.acts import accept, arrive, assign, close, miss
from tests.operations.sights import lead as lead_now
from tests.operations.sights import open_offer


@pytest.fixture
def north(company: Company) -> UUID:
    return make_team(company, "North").id


@pytest.fixture
def rep(company: Company, north: UUID) -> Person:
    return make_user(company, "Remy Rep", team_id=north)


def team_of(company: Company, lead_id: UUID) -> UUID | None:
    return lead_now(company, lead_id).team_id


def test_an_assigned_lead_is_its_owners_team(company: Company, rep: Person, north: UUID) -> None:
    make_pool(company, [rep], delivery="assign")
    assert team_of(company, arrive(company).lead_id) == north
    assert_consistent(company)


def test_a_lead_on_offer_is_the_pools_team_and_then_the_owners(company: Company, rep: Person, north: UUID) -> None:
    south = make_team(company, "South").id
    make_pool(company, [rep], team_id=south)
    taken = arrive(company)
    assert team_of(company, taken.lead_id) == south
    accept(rep, open_offer(company, taken.lead_id).id)
    assert team_of(company, taken.lead_id) == north


def test_a_lead_of_a_pool_without_a_team_is_nobodys_team(company: Company, rep: Person) -> None:
    make_pool(company, [rep])
    assert team_of(company, arrive(company).lead_id) is None


def test_a_lead_taken_back_stays_with_the_team_it_was_of(company: Company, rep: Person, north: UUID) -> None:
    make_pool(company, [rep], delivery="assign")
    taken = arrive(company)
    assign(company.owner, taken.lead_id, None)
    assert team_of(company, taken.lead_id) == north


def test_a_lead_given_to_another_team_changes_teams_and_closed_it_stays(company: Company, rep: Person) -> None:
    south = make_team(company, "South").id
    other = make_user(company, "Sam South", team_id=south)
    make_pool(company, [rep], delivery="assign")
    taken = arrive(company)
    assign(company.owner, taken.lead_id, other)
    assert team_of(company, taken.lead_id) == south
    close(other, taken.lead_id)
    assert team_of(company, taken.lead_id) == south


def test_only_managers_who_see_a_waiting_lead_are_alarmed(company: Company, rep: Person, north: UUID) -> None:
    south = make_team(company, "South").id
    ours = make_user(company, "Mia North", roles=["manager"], team_id=north)
    theirs = make_user(company, "Max South", roles=["manager"], team_id=south)
    make_pool(company, [rep], team_id=north, max_offers=1)
    company.owner.api.patch("/company", {"fallback_any_active": False})
    taken = arrive(company)
    miss(company, open_offer(company, taken.lead_id).id)
    told = {
        message["user_id"]
        for message in company.owner.api.get("/outbox?cause=alarm&limit=200").json["items"]
        if f"/leads/{taken.lead_id}" in message["text"]
    }
    assert str(ours.id) in told
    assert str(company.owner.id) in told
    assert str(theirs.id) not in told
