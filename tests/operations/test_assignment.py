"""Handing out by hand: give, move, take back."""

from __future__ import annotations

from uuid import UUID

import pytest

from portal.errors import Conflict, Forbidden, Invalid, NotFound
from portal.models import new_id
from tests.cast import Company, Person
from tests.consistency import assert_consistent
from tests.factories import make_pool, make_user
from tests.operations import sights
from tests.operations.acts import accept, arrive, assign, change_company, change_user, close


@pytest.fixture
def offering(company: Company) -> UUID:
    return make_pool(company, [company.agent, company.colleague]).id


def test_a_lead_is_given_to_somebody_who_is_told(company: Company) -> None:
    taken = arrive(company)
    lead = assign(company.manager, taken.lead_id, company.colleague)
    assert (lead.state, lead.owner_id, lead.waiting_for) == ("owned", company.colleague.id, None)
    assert sights.told(company, taken.lead_id) == [("assigned", company.colleague.id)]
    entry = sights.timeline(company, taken.lead_id)[-1]
    assert (entry.kind, entry.actor_id, entry.before, entry.after) == (
        "assigned",
        company.manager.id,
        {"state": "unassigned", "owner_id": None},
        {"state": "owned", "owner_id": str(company.colleague.id)},
    )
    assert_consistent(company)


def test_moving_a_lead_tells_both(company: Company) -> None:
    taken = arrive(company, assignee=company.agent.email)
    assign(company.manager, taken.lead_id, company.colleague)
    told = sights.told(company, taken.lead_id)
    assert ("reassigned_away", company.agent.id) in told
    assert ("assigned", company.colleague.id) in told
    assert_consistent(company)


def test_who_takes_a_lead_for_themselves_is_not_told_of_it(company: Company) -> None:
    taken = arrive(company)
    assign(company.owner, taken.lead_id, company.owner)
    assert sights.told(company, taken.lead_id) == []


def test_taking_a_lead_back_leaves_it_calm_for_a_person(company: Company) -> None:
    taken = arrive(company, assignee=company.agent.email)
    lead = assign(company.manager, taken.lead_id, None)
    assert (lead.state, lead.waiting_for, lead.owner_id, lead.alarmed_at) == ("unassigned", "person", None, None)
    assert ("reassigned_away", company.agent.id) in sights.told(company, taken.lead_id)
    assert_consistent(company)


def test_assigning_the_owner_again_changes_nothing(company: Company) -> None:
    taken = arrive(company, assignee=company.agent.email)
    before = sights.timeline(company, taken.lead_id)
    assign(company.manager, taken.lead_id, company.agent)
    assert len(sights.timeline(company, taken.lead_id)) == len(before)


def test_taking_back_what_nobody_owns_changes_nothing(company: Company, offering: UUID) -> None:
    """An offer that runs goes on; a waiting lead goes on waiting, with its alarm."""
    offered = arrive(company)
    assert assign(company.manager, offered.lead_id, None).state == "offering"
    assert sights.offer(company, offered.offers[0]).state == "open"
    assert_consistent(company)


def test_a_lead_with_a_running_offer_is_given_to_somebody_else(company: Company, offering: UUID) -> None:
    taken = arrive(company)
    assign(company.manager, taken.lead_id, company.colleague)
    assert sights.offer(company, taken.offers[0]).state == "withdrawn"
    assert ("reassigned_away", company.agent.id) in sights.told(company, taken.lead_id)
    assert set(sights.standing(company, offering).values()) == {(0, 0)}
    assert sights.work(company, "end_offer") == []
    assert_consistent(company)


def test_the_agent_who_had_it_on_offer_hears_only_that_it_is_theirs(company: Company, offering: UUID) -> None:
    taken = arrive(company)
    assign(company.manager, taken.lead_id, company.agent)
    assert sights.told(company, taken.lead_id) == [("assigned", company.agent.id), ("offer", company.agent.id)]
    assert_consistent(company)


def test_hand_outs_cost_no_turn_unless_the_company_counts_them(company: Company, offering: UUID) -> None:
    taken = arrive(company, keep=True)
    assign(company.manager, taken.lead_id, company.agent)
    assert sights.entries(company, offering) == []
    change_company(company, named_counts_as_turn=True)
    assign(company.manager, taken.lead_id, company.colleague)
    assert sights.entries(company, offering) == [("charge", "turn")]
    turn, _ = sights.standing(company, offering)[company.colleague.id]
    assert turn == -500_000_000
    assert_consistent(company)


def test_a_charge_and_a_turn_given_back_in_two_pools_keep_both_books(company: Company, offering: UUID) -> None:
    change_company(company, named_counts_as_turn=True)
    taken = arrive(company)
    other = make_pool(company, [company.agent, company.colleague])
    assign(company.manager, taken.lead_id, company.colleague)
    assert sights.entries(company, offering) == [("step", "turn"), ("reversal", "turn")]
    assert sights.entries(company, other.id) == [("charge", "turn")]
    assert_consistent(company)


def test_only_who_may_assign_hands_leads_out(company: Company) -> None:
    taken = arrive(company)
    with pytest.raises(Forbidden):
        assign(company.agent, taken.lead_id, company.agent)
    assert sights.lead(company, taken.lead_id).owner_id is None


def test_a_lead_goes_only_to_somebody_who_may_receive_it(company: Company, stranger: Person) -> None:
    taken = arrive(company)
    gone = make_user(company, "Gone", active=False)
    for person, why in ((gone, "no longer active"), (company.manager, "no role"), (stranger, "no such user")):
        with pytest.raises(Invalid, match=why):
            assign(company.owner, taken.lead_id, person)
    assert sights.lead(company, taken.lead_id).owner_id is None


def test_a_closed_lead_is_reopened_first(company: Company) -> None:
    taken = arrive(company)
    close(company.manager, taken.lead_id)
    with pytest.raises(Conflict, match="reopen"):
        assign(company.manager, taken.lead_id, company.agent)


def test_what_is_not_there_or_another_companys_is_not_found(company: Company, other_company: Company) -> None:
    theirs = arrive(other_company)
    for lead_id in (new_id(), theirs.lead_id):
        with pytest.raises(NotFound):
            assign(company.manager, lead_id, company.agent)
    assert sights.lead(other_company, theirs.lead_id).owner_id is None


def test_freeing_somebody_calls_for_the_waiting_leads(company: Company) -> None:
    change_company(company, fallback_any_active=False)
    make_pool(company, [company.agent], delivery="assign")
    change_user(company, company.agent, open_cap=1)
    first = arrive(company)
    arrive(company)
    assign(company.manager, first.lead_id, company.colleague)
    [work] = sights.work(company, "drain")
    assert work.due_at <= sights.timeline(company, first.lead_id)[-1].at or work.fence > 0


def test_an_offer_that_was_overtaken_by_a_hand_out_is_withdrawn(company: Company, offering: UUID) -> None:
    taken = arrive(company)
    assign(company.manager, taken.lead_id, company.agent)
    with pytest.raises(Conflict, match="withdrawn"):
        accept(company.agent, taken.offers[0])
