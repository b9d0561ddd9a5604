"""Next pools: a lead nobody in a pool takes is handed on to another, where it costs nobody a turn."""

from __future__ import annotations

import threading

import pytest
from sqlalchemy import select

from portal.errors import Conflict, Invalid
from portal.models import LedgerEntry, Pool
from tests.cast import Company, Person
from tests.consistency import assert_consistent
from tests.factories import make_pool, make_team, make_user
from tests.operations import sights
from tests.operations.acts import accept, arrive, change_company, change_pool, change_user, decline, delete_pool, miss


@pytest.fixture
def third(company: Company) -> Person:
    return make_user(company, "Cy Third")


@pytest.fixture
def second(company: Company, third: Person) -> Pool:
    """Where the first pool's leads are handed on to: colleague and third."""
    change_company(company, fallback_any_active=False)
    return make_pool(company, [company.colleague, third], name="Second", default_rule=False)


@pytest.fixture
def first(company: Company, second: Pool) -> Pool:
    return make_pool(company, [company.agent], name="First", next_pool_id=second.id)


def turns_played(company: Company, pool: Pool) -> list[str]:
    entries = select(LedgerEntry).where(LedgerEntry.pool_id == pool.id, LedgerEntry.kind != "join")
    return [entry.kind for entry in sights.rows(company, entries)]


def test_a_declined_lead_goes_on_and_nobody_pays_a_turn_there(company: Company, first: Pool, second: Pool) -> None:
    lead_id = arrive(company).lead_id
    decline(company.agent, sights.open_offer(company, lead_id).id)
    offer = sights.open_offer(company, lead_id)
    assert offer.pool_id == second.id
    assert offer.user_id != company.agent.id
    assert sights.lead(company, lead_id).pool_id == second.id
    assert turns_played(company, first) == ["step"]
    miss(company, offer.id)
    again = sights.open_offer(company, lead_id)
    assert (again.pool_id, again.user_id != offer.user_id) == (second.id, True)
    assert turns_played(company, second) == []
    assert_consistent(company)


def test_its_window_is_the_one_of_the_pool_it_came_to(company: Company, first: Pool, second: Pool) -> None:
    change_pool(company, second.id, window_seconds=1234)
    change_user(company, company.agent, available=False)
    offer = sights.open_offer(company, arrive(company).lead_id)
    assert offer.expires_at is not None
    assert (offer.expires_at - offer.created_at).total_seconds() == 1234
    assert_consistent(company)


def test_several_leads_at_once_go_round_there(company: Company, first: Pool, second: Pool) -> None:
    change_user(company, company.agent, available=False)
    holders = [sights.holder(company, arrive(company).lead_id) for _ in range(4)]
    assert holders[0] != holders[1]
    assert holders[:2] == holders[2:]
    assert_consistent(company)


def test_it_may_be_assigned_there_or_lie_in_a_pond(company: Company, first: Pool, second: Pool) -> None:
    change_user(company, company.agent, available=False)
    change_pool(company, second.id, delivery="assign")
    assert sights.lead(company, arrive(company).lead_id).owner_id is not None
    change_pool(company, second.id, delivery="pond")
    lead = sights.lead(company, arrive(company).lead_id)
    assert (lead.state, lead.waiting_for, lead.pool_id) == ("unassigned", "person", second.id)
    assert_consistent(company)


def test_when_nobody_there_takes_it_the_ladder_goes_on(company: Company, first: Pool, second: Pool) -> None:
    change_company(company, fallback_any_active=True)
    lead_id = arrive(company).lead_id
    decline(company.agent, sights.open_offer(company, lead_id).id)
    for _ in range(2):
        miss(company, sights.open_offer(company, lead_id).id)
    lead = sights.lead(company, lead_id)
    assert lead.state == "owned"
    assert lead.owner_id not in {company.agent.id, company.colleague.id}
    assert_consistent(company)


def test_a_third_pool_follows_the_second(company: Company, first: Pool, second: Pool, third: Person) -> None:
    late = make_user(company, "Dee Late")
    last = make_pool(company, [late], name="Last", default_rule=False, delivery="assign")
    change_pool(company, second.id, next_pool_id=last.id)
    for person in (company.agent, company.colleague, third):
        change_user(company, person, available=False)
    lead = sights.lead(company, arrive(company).lead_id)
    assert (lead.owner_id, lead.pool_id) == (late.id, last.id)
    assert_consistent(company)


def test_loops_are_refused_and_named(company: Company, first: Pool, second: Pool) -> None:
    with pytest.raises(Invalid, match=r"“Second” → “First” → “Second”|“First” → “Second” → “First”"):
        change_pool(company, second.id, next_pool_id=first.id)
    with pytest.raises(Invalid, match="round in a circle"):
        change_pool(company, second.id, next_pool_id=second.id)


def test_a_pool_of_nowhere_is_refused(company: Company, other_company: Company, first: Pool) -> None:
    theirs = make_pool(other_company, name="Theirs")
    with pytest.raises(Invalid, match="no such pool"):
        change_pool(company, first.id, next_pool_id=theirs.id)


def test_two_who_close_a_ring_together_cannot(company: Company, second: Pool) -> None:
    other = make_pool(company, [company.agent], name="Other", default_rule=False)
    refused: list[str] = []

    def point(pool: Pool, at: Pool) -> None:
        try:
            change_pool(company, pool.id, next_pool_id=at.id)
        except Invalid as refusal:
            refused.append(str(refusal))

    threads = [threading.Thread(target=point, args=pair) for pair in ((second, other), (other, second))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(refused) == 1


def test_a_pool_that_others_lead_to_stays(company: Company, first: Pool, second: Pool) -> None:
    with pytest.raises(Conflict, match="“First” hands leads on"):
        delete_pool(company, second.id)


class TestTheTeam:
    def test_its_default_user_comes_before_its_other_people(self, company: Company, third: Person) -> None:
        change_company(company, fallback_any_active=False)
        team = make_team(company, "North", default_user_id=third.id)
        change_user(company, company.colleague, team_id=team.id)
        make_pool(company, [company.agent], team_id=team.id, delivery="assign")
        change_user(company, company.agent, available=False)
        assert sights.lead(company, arrive(company).lead_id).owner_id == third.id
        change_user(company, third, available=False)
        assert sights.lead(company, arrive(company).lead_id).owner_id == company.colleague.id
        assert_consistent(company)

    def test_it_stays_the_one_of_the_pool_the_lead_came_from(self, company: Company, third: Person) -> None:
        change_company(company, fallback_any_active=False)
        team = make_team(company, "North", default_user_id=third.id)
        second = make_pool(company, [company.colleague], name="Second", default_rule=False)
        make_pool(company, [company.agent], name="First", team_id=team.id, next_pool_id=second.id)
        lead_id = arrive(company).lead_id
        for person in (company.agent, company.colleague):
            decline(person, sights.open_offer(company, lead_id).id)
        assert sights.lead(company, lead_id).owner_id == third.id
        assert_consistent(company)

    def test_several_at_once_do_not_fill_anybody_beyond_their_cap(self, company: Company, third: Person) -> None:
        change_company(company, fallback_any_active=False)
        change_user(company, third, open_cap=1)
        team = make_team(company, "North", default_user_id=third.id)
        second = make_pool(company, [company.colleague], name="Second", default_rule=False)
        make_pool(company, [company.agent], name="First", team_id=team.id, next_pool_id=second.id)
        leads = [arrive(company).lead_id for _ in range(3)]
        for _ in range(2):
            miss(company)
        owners = [sights.lead(company, lead_id).owner_id for lead_id in leads]
        assert sorted(map(str, owners)) == sorted([str(third.id), "None", "None"])
        assert_consistent(company)

    def test_nobody_of_it_who_was_asked_gets_it(self, company: Company) -> None:
        change_company(company, fallback_any_active=False)
        team = make_team(company, "North", default_user_id=company.agent.id)
        make_pool(company, [company.agent], team_id=team.id)
        lead_id = arrive(company).lead_id
        decline(company.agent, sights.open_offer(company, lead_id).id)
        lead = sights.lead(company, lead_id)
        assert (lead.state, lead.waiting_for) == ("unassigned", "routing")
        assert_consistent(company)


def test_accepting_there_makes_one_the_owner(company: Company, first: Pool, second: Pool, third: Person) -> None:
    change_user(company, company.agent, available=False)
    lead_id = arrive(company).lead_id
    offer = sights.open_offer(company, lead_id)
    accept(third if offer.user_id == third.id else company.colleague, offer.id)
    assert sights.lead(company, lead_id).owner_id == offer.user_id
    assert_consistent(company)
