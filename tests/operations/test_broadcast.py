"""A lead all are told of at once: the first to accept wins, all others' offers vanish (Blast Alert, first to claim)."""

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
from tests.operations.acts import accept, arrive, assign, change_company, change_user, decline, miss, recall


@pytest.fixture
def third(company: Company) -> Person:
    return make_user(company, "Cy Third")


@pytest.fixture
def pool(company: Company, third: Person) -> Pool:
    change_company(company, fallback_any_active=False)
    return make_pool(company, [company.agent, company.colleague, third], delivery="broadcast")


def offers_of(company: Company, lead_id: UUID) -> dict[UUID, UUID]:
    return {offer.user_id: offer.id for offer in sights.offers(company, lead_id)}


def states(company: Company, lead_id: UUID) -> list[str]:
    return sorted(offer.state for offer in sights.offers(company, lead_id))


def test_everybody_eligible_is_told_at_once(company: Company, pool: Pool, third: Person) -> None:
    change_user(company, third, available=False)
    taken = arrive(company)
    assert (taken.state, taken.outcome) == ("offering", "offered")
    assert set(offers_of(company, taken.lead_id)) == {company.agent.id, company.colleague.id}
    assert {user for cause, user in sights.told(company, taken.lead_id) if cause == "offer"} == {
        company.agent.id,
        company.colleague.id,
    }
    assert_consistent(company)


def test_the_first_to_accept_has_it_and_pays_a_turn_among_those_told(
    company: Company, pool: Pool, third: Person
) -> None:
    taken = arrive(company)
    offers = offers_of(company, taken.lead_id)
    accept(company.colleague, offers[company.colleague.id])
    assert states(company, taken.lead_id) == ["accepted", "withdrawn", "withdrawn"]
    with pytest.raises(Conflict, match="already taken"):
        accept(company.agent, offers[company.agent.id])
    assert sights.lead(company, taken.lead_id).owner_id == company.colleague.id
    turns, _ = zip(*sights.standing(company, pool.id).values(), strict=True)
    assert sorted(turns) == [-666_666_666, 333_333_333, 333_333_333]
    entries = sights.rows(company, select(LedgerEntry).where(LedgerEntry.lead_id == taken.lead_id))
    assert [entry.kind for entry in entries] == ["charge"]
    assert_consistent(company)


def test_one_no_leaves_it_with_the_others_and_the_last_sends_it_on(company: Company, pool: Pool, third: Person) -> None:
    taken = arrive(company)
    offers = offers_of(company, taken.lead_id)
    for person in (company.agent, company.colleague):
        decline(person, offers[person.id])
        assert sights.lead(company, taken.lead_id).state == "offering"
        assert_consistent(company)
    decline(third, offers[third.id])
    lead = sights.lead(company, taken.lead_id)
    assert (lead.state, lead.waiting_for) == ("unassigned", "routing")
    assert len(sights.offers(company, taken.lead_id)) == 3
    assert_consistent(company)


def test_when_nobody_answers_it_goes_down_the_ladder_once(company: Company, third: Person) -> None:
    change_company(company, fallback_any_active=False)
    make_pool(company, [company.agent, company.colleague, third], [company.owner], delivery="broadcast")
    taken = arrive(company)
    miss(company)
    lead = sights.lead(company, taken.lead_id)
    assert (lead.state, lead.owner_id) == ("owned", company.owner.id)
    assert states(company, taken.lead_id) == ["missed"] * 3
    assert len(sights.decisions(company, taken.lead_id)) == 2
    assert_consistent(company)


def test_taken_back_from_one_it_stays_with_the_others(company: Company, pool: Pool) -> None:
    taken = arrive(company)
    offers = offers_of(company, taken.lead_id)
    recall(company.manager, offers[company.agent.id])
    assert sights.lead(company, taken.lead_id).state == "offering"
    assert_consistent(company)
    accept(company.colleague, offers[company.colleague.id])
    assert sights.lead(company, taken.lead_id).owner_id == company.colleague.id
    assert_consistent(company)


def test_given_by_hand_all_offers_vanish(company: Company, pool: Pool) -> None:
    taken = arrive(company)
    assign(company.manager, taken.lead_id, company.agent)
    assert states(company, taken.lead_id) == ["withdrawn"] * 3
    assert_consistent(company)


def test_whoever_leaves_takes_only_their_own_offer_along(company: Company, pool: Pool, third: Person) -> None:
    taken = arrive(company)
    change_user(company, third, active=False)
    assert states(company, taken.lead_id) == ["open", "open", "withdrawn"]
    assert sights.lead(company, taken.lead_id).state == "offering"
    assert_consistent(company)
