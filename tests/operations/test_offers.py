"""Offers: one at a time, for a window; declined or missed they pass on; one presses accept first."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from uuid import UUID

import pytest

from portal.errors import Conflict, Forbidden, Invalid, NotFound
from portal.routing.hours import WEEKDAYS
from tests.cast import Company
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
    change_user,
    close,
    decline,
    drain,
    end_due,
    end_windows,
    miss,
    recall,
    route_again,
    set_members,
)


@pytest.fixture
def pair(company: Company) -> UUID:
    """A pool of agent and colleague that offers; when they do not take a lead, nobody else is asked."""
    change_company(company, fallback_any_active=False)
    return make_pool(company, [company.agent, company.colleague]).id


def test_a_lead_is_offered_to_one_agent_for_the_pools_window(company: Company, pair: UUID) -> None:
    taken = arrive(company)
    [offer] = sights.offers(company, taken.lead_id)
    assert (taken.outcome, taken.state, taken.offers) == ("offered", "offering", (offer.id,))
    assert (offer.state, offer.kind, offer.user_id) == ("open", "exclusive", company.agent.id)
    assert (offer.expires_at - offer.created_at).total_seconds() == 300
    assert sights.told(company, taken.lead_id) == [("offer", company.agent.id)]
    assert_consistent(company)


def test_who_accepts_owns_the_lead(company: Company, pair: UUID) -> None:
    taken = arrive(company)
    offer = accept(company.agent, taken.offers[0])
    lead = sights.lead(company, taken.lead_id)
    assert (offer.state, lead.state, lead.owner_id) == ("accepted", "owned", company.agent.id)
    assert lead.assigned_at == offer.ended_at
    assert sights.kinds(company, taken.lead_id) == ["created", "offered", "accepted"]
    assert ("accepted_copy", company.agent.id) in sights.told(company, taken.lead_id)
    assert sights.work(company, "end_offer") == []
    assert_consistent(company)


def test_accepting_twice_is_one_act(company: Company, pair: UUID) -> None:
    taken = arrive(company)
    first = accept(company.agent, taken.offers[0])
    again = accept(company.agent, taken.offers[0])
    assert again.ended_at == first.ended_at
    assert sights.kinds(company, taken.lead_id).count("accepted") == 1


def test_nobody_answers_an_offer_made_to_somebody_else(company: Company, pair: UUID) -> None:
    taken = arrive(company)
    for act in (accept, decline, ask_again):
        with pytest.raises(NotFound):
            act(company.colleague, taken.offers[0])
    assert sights.offer(company, taken.offers[0]).state == "open"


def test_an_offer_past_its_end_cannot_be_accepted_even_when_no_worker_runs(company: Company, pair: UUID) -> None:
    taken = arrive(company)
    end_windows(company)
    with pytest.raises(Conflict, match="time for this offer is over"):
        accept(company.agent, taken.offers[0])
    with pytest.raises(Conflict, match="time for this offer is over"):
        decline(company.agent, taken.offers[0])
    assert sights.lead(company, taken.lead_id).state == "offering"
    # The work of ending it is still there: the refusal took nothing away.
    assert end_due(company) == 1
    assert_consistent(company)


def test_declining_offers_the_lead_to_the_next_at_once(company: Company, pair: UUID) -> None:
    taken = arrive(company)
    declined = decline(company.agent, taken.offers[0], "too far")
    assert (declined.state, declined.reason) == ("declined", "too far")
    assert sights.holder(company, taken.lead_id) == company.colleague.id
    assert sights.kinds(company, taken.lead_id) == ["created", "offered", "declined", "offered"]
    assert sights.told(company, taken.lead_id) == sorted(
        ("offer", person.id) for person in (company.agent, company.colleague)
    )
    assert_consistent(company)


def test_declining_twice_is_one_act(company: Company, pair: UUID) -> None:
    taken = arrive(company)
    decline(company.agent, taken.offers[0])
    decline(company.agent, taken.offers[0])
    assert sights.kinds(company, taken.lead_id).count("declined") == 1
    assert sights.holder(company, taken.lead_id) == company.colleague.id


def test_a_missed_offer_passes_on_and_is_told(company: Company, pair: UUID) -> None:
    taken = arrive(company)
    assert miss(company) == 1
    assert sights.offer(company, taken.offers[0]).state == "missed"
    assert sights.holder(company, taken.lead_id) == company.colleague.id
    assert ("missed", company.agent.id) in sights.told(company, taken.lead_id)
    assert_consistent(company)


def test_ending_is_harmless_to_do_twice_and_never_early(company: Company, pair: UUID) -> None:
    taken = arrive(company)
    assert end_due(company) == 0
    end_windows(company)
    assert (end_due(company), end_due(company)) == (1, 0)
    assert sights.holder(company, taken.lead_id) == company.colleague.id


def test_offers_are_ended_longest_overdue_first_and_so_passed_on(company: Company) -> None:
    cy = make_user(company, "Cy")
    make_pool(company, {company.agent: 1, cy: 0, company.colleague: 0}, window_seconds=60)
    leads = [arrive(company) for _ in range(3)]
    pool_id = sights.lead(company, leads[0].lead_id).pool_id
    set_members(company, pool_id, {company.agent: 1, cy: 1, company.colleague: 1})
    # The last to come in is the longest overdue.
    for taken in reversed(leads):
        end_windows(company, taken.offers[0])
    end_due(company)
    passed_on = sorted((sights.open_offer(company, taken.lead_id) for taken in leads), key=lambda offer: offer.id)
    assert [offer.lead_id for offer in passed_on] == [taken.lead_id for taken in reversed(leads)]


def test_nobody_who_declined_or_missed_is_asked_again(company: Company, pair: UUID) -> None:
    taken = arrive(company)
    decline(company.agent, taken.offers[0])
    miss(company)
    lead = sights.lead(company, taken.lead_id)
    assert len(sights.offers(company, taken.lead_id)) == 2
    assert (lead.state, lead.waiting_for) == ("unassigned", "routing")
    assert lead.alarmed_at is not None
    assert sights.told(company, taken.lead_id).count(("alarm", company.manager.id)) == 1
    assert sights.told(company, taken.lead_id).count(("alarm", company.owner.id)) == 1
    assert_consistent(company)


def test_the_line_ends_after_max_offers(company: Company) -> None:
    cy, di = make_user(company, "Cy"), make_user(company, "Di")
    make_pool(company, [company.agent, company.colleague, cy, di], [company.manager], max_offers=2)
    taken = arrive(company)
    miss(company)
    miss(company)
    lead = sights.lead(company, taken.lead_id)
    assert (lead.state, lead.owner_id) == ("owned", company.manager.id)
    assert len(sights.offers(company, taken.lead_id)) == 2


def test_without_a_limit_the_line_is_used_up(company: Company) -> None:
    people = [make_user(company) for _ in range(10)]
    make_pool(company, people, [company.manager], max_offers=0)
    taken = arrive(company)
    for _ in people:
        miss(company)
    assert len(sights.offers(company, taken.lead_id)) == 10
    assert sights.lead(company, taken.lead_id).owner_id == company.manager.id


# Second chances


def test_a_second_chance_waits_in_line_and_comes_before_anybody_not_yet_asked(company: Company) -> None:
    cy = make_user(company, "Cy")
    make_pool(company, [company.agent, company.colleague, cy])
    taken = arrive(company)
    miss(company)
    chance = ask_again(company.agent, taken.offers[0])
    assert (chance.kind, chance.state, chance.expires_at) == ("second_chance", "waiting", None)
    # Nothing happens before the one holding it declines or misses.
    assert sights.holder(company, taken.lead_id) == company.colleague.id
    miss(company)
    reopened = sights.open_offer(company, taken.lead_id)
    assert (reopened.id, reopened.user_id) == (chance.id, company.agent.id)
    accept(company.agent, chance.id)
    assert sights.lead(company, taken.lead_id).owner_id == company.agent.id
    assert_consistent(company)


def test_several_stand_in_order_of_pressing(company: Company) -> None:
    cy, di = make_user(company, "Cy"), make_user(company, "Di")
    make_pool(company, [company.agent, company.colleague, cy, di])
    taken = arrive(company)
    miss(company)
    miss(company)
    ask_again(company.colleague, sights.newest(company, taken.lead_id, company.colleague).id)
    ask_again(company.agent, taken.offers[0])
    held = [sights.holder(company, taken.lead_id)]
    for _ in range(3):
        miss(company)
        held.append(sights.holder(company, taken.lead_id))
    assert held == [cy.id, company.colleague.id, company.agent.id, di.id]


def test_a_second_chance_is_not_counted_in_max_offers_and_costs_no_turn(company: Company) -> None:
    cy = make_user(company, "Cy")
    pool = make_pool(company, [company.agent, company.colleague, cy], [company.manager], max_offers=2)
    taken = arrive(company)
    miss(company)
    ask_again(company.agent, taken.offers[0])
    before = sights.standing(company, pool.id)
    miss(company)
    assert sights.holder(company, taken.lead_id) == company.agent.id
    assert sights.standing(company, pool.id) == before


def test_another_chance_is_given_once_per_agent_and_lead(company: Company, pair: UUID) -> None:
    taken = arrive(company)
    miss(company)
    chance = ask_again(company.agent, taken.offers[0])
    assert ask_again(company.agent, taken.offers[0]).id == chance.id
    miss(company)
    miss(company)
    assert sights.offer(company, chance.id).state == "missed"
    for offer_id in (taken.offers[0], chance.id):
        with pytest.raises(Conflict, match="had your second chance"):
            ask_again(company.agent, offer_id)
    assert_consistent(company)


def test_a_declined_second_chance_is_final(company: Company, pair: UUID) -> None:
    taken = arrive(company)
    miss(company)
    chance = ask_again(company.agent, taken.offers[0])
    miss(company)
    decline(company.agent, chance.id)
    with pytest.raises(Conflict):
        ask_again(company.agent, taken.offers[0])
    assert sights.lead(company, taken.lead_id).waiting_for == "routing"


def test_who_declined_gets_no_second_chance(company: Company, pair: UUID) -> None:
    taken = arrive(company)
    decline(company.agent, taken.offers[0])
    with pytest.raises(Conflict, match="whose time ran out"):
        ask_again(company.agent, taken.offers[0])


def test_a_taken_lead_is_said_to_be_taken(company: Company, pair: UUID) -> None:
    taken = arrive(company)
    miss(company)
    accept(company.colleague, sights.open_offer(company, taken.lead_id).id)
    with pytest.raises(Conflict, match="already taken"):
        ask_again(company.agent, taken.offers[0])


def test_a_lead_that_waits_is_offered_afresh_at_once(company: Company, pair: UUID) -> None:
    taken = arrive(company)
    miss(company)
    miss(company)
    assert sights.lead(company, taken.lead_id).waiting_for == "routing"
    chance = ask_again(company.agent, taken.offers[0])
    lead = sights.lead(company, taken.lead_id)
    assert (chance.state, lead.state, lead.alarmed_at) == ("open", "offering", None)
    assert_consistent(company)


def test_a_lead_the_default_assignees_were_told_of_is_offered_afresh_at_once(company: Company) -> None:
    make_pool(company, [company.agent], [company.manager, company.owner])
    taken = arrive(company)
    miss(company)
    assert sights.lead(company, taken.lead_id).waiting_for == "catch_all"
    assert ask_again(company.agent, taken.offers[0]).state == "open"
    assert_consistent(company)


def test_asking_again_while_paused_only_puts_one_in_line(company: Company) -> None:
    """Nobody else is bothered: the default assignees are not told once more, the lead goes to nobody."""
    make_pool(company, [company.agent], [company.manager, company.owner])
    taken = arrive(company)
    miss(company)
    change_user(company, company.agent, available=False)
    before = sights.told(company, taken.lead_id)
    chance = ask_again(company.agent, taken.offers[0])
    assert chance.state == "waiting"
    assert sights.lead(company, taken.lead_id).waiting_for == "catch_all"
    assert sights.told(company, taken.lead_id) == before
    assert_consistent(company)


def test_gates_are_checked_again_when_the_second_chance_comes(company: Company) -> None:
    cy = make_user(company, "Cy")
    make_pool(company, [company.agent, company.colleague, cy])
    taken = arrive(company)
    miss(company)
    chance = ask_again(company.agent, taken.offers[0])
    change_user(company, company.agent, available=False)
    miss(company)
    assert sights.holder(company, taken.lead_id) == cy.id
    assert sights.offer(company, chance.id).state == "waiting"


def test_who_stands_in_line_is_let_go_when_the_ladder_gives_the_lead_away(company: Company) -> None:
    make_pool(company, [company.agent, company.colleague], [company.manager])
    taken = arrive(company)
    miss(company)
    chance = ask_again(company.agent, taken.offers[0])
    change_user(company, company.agent, available=False)
    miss(company)
    assert sights.lead(company, taken.lead_id).owner_id == company.manager.id
    assert sights.offer(company, chance.id).state == "withdrawn"
    assert_consistent(company)


def test_a_second_chance_in_a_pool_that_assigns_by_now_makes_the_agent_owner(company: Company, pair: UUID) -> None:
    taken = arrive(company)
    miss(company)
    chance = ask_again(company.agent, taken.offers[0])
    change_pool(company, pair, delivery="assign")
    miss(company)
    lead = sights.lead(company, taken.lead_id)
    assert (lead.state, lead.owner_id) == ("owned", company.agent.id)
    assert sights.offer(company, chance.id).state == "withdrawn"
    assert_consistent(company)


def test_a_second_chance_that_opens_in_another_pool_ends_and_passes_on_there(company: Company, pair: UUID) -> None:
    taken = arrive(company)
    miss(company)
    miss(company)
    change_user(company, company.agent, available=False)
    chance = ask_again(company.agent, taken.offers[0])
    cy = make_user(company, "Cy", available=False)
    other = make_pool(company, [company.agent, cy])
    change_user(company, company.agent, available=True)
    assert drain(company) == 1
    opened = sights.offer(company, chance.id)
    assert (opened.state, opened.pool_id) == ("open", other.id)
    assert_consistent(company)
    change_user(company, cy, available=True)
    miss(company)
    passed_on = sights.open_offer(company, taken.lead_id)
    assert (passed_on.user_id, passed_on.pool_id) == (cy.id, other.id)


def test_accepting_lets_everybody_in_line_go(company: Company, pair: UUID) -> None:
    taken = arrive(company)
    miss(company)
    chance = ask_again(company.agent, taken.offers[0])
    accept(company.colleague, sights.open_offer(company, taken.lead_id).id)
    assert sights.offer(company, chance.id).state == "withdrawn"
    assert_consistent(company)


# Recall and leaving


def test_a_recalled_lead_waits_calmly_for_a_person_and_the_turn_is_given_back(company: Company, pair: UUID) -> None:
    taken = arrive(company)
    recalled = recall(company.manager, taken.offers[0])
    lead = sights.lead(company, taken.lead_id)
    assert (recalled.state, lead.state, lead.waiting_for, lead.alarmed_at) == (
        "withdrawn", "unassigned", "person", None,
    )  # fmt: skip
    assert set(sights.standing(company, pair).values()) == {(0, 0)}
    assert sights.entries(company, pair) == [("step", "turn"), ("reversal", "turn")]
    assert ("reassigned_away", company.agent.id) in sights.told(company, taken.lead_id)
    assert_consistent(company)


def test_only_who_hands_out_leads_takes_an_offer_back(company: Company, pair: UUID) -> None:
    taken = arrive(company)
    with pytest.raises(Forbidden):
        recall(company.agent, taken.offers[0])


def test_an_ended_offer_is_not_recalled(company: Company, pair: UUID) -> None:
    taken = arrive(company)
    accept(company.agent, taken.offers[0])
    with pytest.raises(Conflict):
        recall(company.manager, taken.offers[0])


def test_a_recalled_offer_was_never_made_so_the_next_hand_out_is_the_first(company: Company, pair: UUID) -> None:
    taken = arrive(company)
    recall(company.manager, taken.offers[0])
    route_again(company.manager, taken.lead_id)
    assert sights.entries(company, pair)[-1] == ("step", "turn")
    assert_consistent(company)


def test_offers_of_somebody_who_leaves_are_withdrawn_and_passed_on(company: Company, pair: UUID) -> None:
    taken = arrive(company)
    change_user(company, company.agent, active=False)
    assert sights.offer(company, taken.offers[0]).state == "withdrawn"
    assert sights.holder(company, taken.lead_id) == company.colleague.id
    # The first offer is undone, so the next one is the lead's first again.
    assert sights.entries(company, pair) == [("step", "turn"), ("reversal", "turn"), ("step", "turn")]
    assert_consistent(company)


def test_somebody_who_left_answers_nothing_any_more(company: Company, pair: UUID) -> None:
    taken = arrive(company)
    miss(company)
    change_user(company, company.agent, active=False)
    for act in (accept, decline, ask_again):
        with pytest.raises(NotFound):
            act(company.agent, taken.offers[0])
    assert_consistent(company)


def test_a_place_in_line_of_somebody_who_leaves_is_withdrawn_quietly(company: Company, pair: UUID) -> None:
    taken = arrive(company)
    miss(company)
    chance = ask_again(company.agent, taken.offers[0])
    change_user(company, company.agent, active=False)
    assert sights.offer(company, chance.id).state == "withdrawn"
    assert sights.holder(company, taken.lead_id) == company.colleague.id
    assert_consistent(company)


def test_pausing_leaves_a_running_offer_alone(company: Company, pair: UUID) -> None:
    taken = arrive(company)
    change_user(company, company.agent, available=False)
    accept(company.agent, taken.offers[0])
    assert sights.lead(company, taken.lead_id).owner_id == company.agent.id


def test_a_member_removed_while_holding_an_offer_keeps_it_until_it_ends(company: Company, pair: UUID) -> None:
    taken = arrive(company)
    set_members(company, pair, {company.colleague: 1})
    assert sights.holder(company, taken.lead_id) == company.agent.id
    miss(company)
    assert sights.holder(company, taken.lead_id) == company.colleague.id
    missed = next(entry for entry in sights.timeline(company, taken.lead_id) if entry.kind == "missed")
    assert missed.text == "Ana Agent did not answer in time."
    assert_consistent(company)


def test_a_turn_given_back_after_its_agent_left_the_pool_is_spread_over_those_who_stay(
    company: Company, pair: UUID
) -> None:
    taken = arrive(company)
    set_members(company, pair, {company.colleague: 1})
    recall(company.manager, taken.offers[0])
    assert sights.standing(company, pair) == {company.colleague.id: (0, 0)}
    assert_consistent(company)


def test_editing_members_leaves_a_running_offer_alone(company: Company, pair: UUID) -> None:
    taken = arrive(company)
    set_members(company, pair, {company.agent: 0, company.colleague: 9})
    accept(company.agent, taken.offers[0])
    assert sights.lead(company, taken.lead_id).owner_id == company.agent.id
    assert_consistent(company)


def test_a_pool_that_assigns_by_now_assigns_what_is_passed_on(company: Company, pair: UUID) -> None:
    taken = arrive(company)
    change_pool(company, pair, delivery="assign")
    miss(company)
    assert sights.lead(company, taken.lead_id).owner_id == company.colleague.id
    # It is still a re-offer: the first turn was spent.
    assert sights.entries(company, pair)[-1] == ("step", "second")
    assert_consistent(company)


def test_closing_withdraws_the_offer_and_gives_the_turn_back(company: Company, pair: UUID) -> None:
    taken = arrive(company)
    close(company.manager, taken.lead_id, "duplicate")
    assert sights.offer(company, taken.offers[0]).state == "withdrawn"
    assert set(sights.standing(company, pair).values()) == {(0, 0)}
    with pytest.raises(Conflict, match="closed"):
        accept(company.agent, taken.offers[0])
    assert_consistent(company)


def test_giving_the_lead_away_by_hand_withdraws_the_offer_and_gives_the_turn_back(company: Company, pair: UUID) -> None:
    taken = arrive(company)
    assign(company.manager, taken.lead_id, company.colleague)
    with pytest.raises(Conflict, match="already taken"):
        accept(company.agent, taken.offers[0])
    assert set(sights.standing(company, pair).values()) == {(0, 0)}
    assert_consistent(company)


class TestWorkingTime:
    """A window that counts only the pool's working time stands still outside it."""

    def test_it_goes_on_when_the_hours_open_again(self, company: Company) -> None:
        always = {day: [["00:00", "24:00"]] for day in WEEKDAYS}
        make_pool(company, [company.agent], window_seconds=600, timer="working", hours=always)
        offer = sights.open_offer(company, arrive(company).lead_id)
        assert offer.expires_at is not None
        assert (offer.expires_at - offer.created_at).total_seconds() == 600

    def test_outside_it_does_not_end_before_they_open(self, company: Company) -> None:
        today = datetime.now(UTC).date()
        closed = {(today + timedelta(days=day)).isoformat(): [] for day in range(-1, 3)}
        hours = {day: [["09:00", "10:00"]] for day in WEEKDAYS} | {"exceptions": closed}
        pool = make_pool(company, [company.agent], window_seconds=600)
        change_pool(company, pool.id, timer="working", hours=hours)
        offer = sights.open_offer(company, arrive(company).lead_id)
        assert offer.expires_at is not None
        opening = datetime.combine(today + timedelta(days=3), time(9, 10), UTC)
        assert offer.expires_at == opening
        assert_consistent(company)

    def test_hours_that_never_open_are_refused(self, company: Company) -> None:
        pool = make_pool(company, [company.agent])
        with pytest.raises(Invalid, match=r"never open|at least one"):
            change_pool(company, pool.id, timer="working", hours={"exceptions": {"2020-01-01": [["09:00", "10:00"]]}})

    def test_working_time_needs_hours(self, company: Company) -> None:
        pool = make_pool(company, [company.agent])
        with pytest.raises(Invalid, match="Say when the pool works"):
            change_pool(company, pool.id, timer="working")
