"""Reassignments: an owned lead goes to a group, its owner keeps it until somebody takes it, and it ends once."""

from __future__ import annotations

from uuid import UUID

import pytest

from portal.errors import Conflict, Forbidden, Invalid, NotFound
from tests.cast import Company, Person
from tests.consistency import assert_consistent
from tests.factories import make_lead, make_pool, make_user
from tests.operations import sights
from tests.operations.acts import (
    accept,
    arrive,
    ask_again,
    assign,
    cancel_reassignment,
    change_company,
    change_pool,
    change_user,
    close,
    decline,
    delete_pool,
    miss,
    reassign,
    recall,
    take,
)


@pytest.fixture
def mara(company: Company) -> Person:
    """Whoever owns the lead before."""
    return make_user(company, "Mara Before")


@pytest.fixture
def lead_id(company: Company, mara: Person) -> UUID:
    """A lead that came in and is Mara's."""
    change_company(company, fallback_any_active=False)
    lead_id = arrive(company).lead_id
    assign(company.manager, lead_id, mara)
    return lead_id


def group(company: Company, *people: Person, **columns: object) -> UUID:
    """A group of agent and colleague, or of those named."""
    members = people or (company.agent, company.colleague)
    return make_pool(company, members, default_rule=False, for_reassignment=True, **columns).id  # type: ignore[arg-type]


def owner(company: Company, lead_id: UUID) -> tuple[str, UUID | None]:
    lead = sights.lead(company, lead_id)
    return lead.state, lead.owner_id


def ended(company: Company, lead_id: UUID) -> tuple[str, UUID | None]:
    """How the last reassignment of a lead stands."""
    last = sights.reassignments(company, lead_id)[-1]
    return last.state, last.to_user_id


def test_the_first_offer_exists_when_the_call_returns_and_the_owner_keeps_the_lead(
    company: Company, lead_id: UUID, mara: Person
) -> None:
    reassign(company.manager, lead_id, group(company))
    offer = sights.open_offer(company, lead_id)
    [row] = sights.reassignments(company, lead_id)
    assert (offer.user_id, offer.reassignment_id) == (company.agent.id, row.id)
    assert owner(company, lead_id) == ("owned", mara.id)
    assert (row.state, row.from_user_id, row.started_by, row.trigger) == (
        "running",
        mara.id,
        company.manager.id,
        "by_hand",
    )
    assert sights.kinds(company, lead_id)[-2:] == ["reassignment_started", "offered"]
    assert ("offer", company.agent.id) in sights.told(company, lead_id)
    assert_consistent(company)


def test_who_accepts_owns_the_lead_from_then_on_and_the_former_owner_is_told(
    company: Company, lead_id: UUID, mara: Person
) -> None:
    pool_id = group(company)
    reassign(company.manager, lead_id, pool_id)
    offer = accept(company.agent, sights.open_offer(company, lead_id).id)
    lead = sights.lead(company, lead_id)
    assert (lead.state, lead.owner_id, lead.pool_id) == ("owned", company.agent.id, pool_id)
    assert (lead.assigned_at, lead.decision_id) == (offer.ended_at, offer.decision_id)
    assert ended(company, lead_id) == ("done", company.agent.id)
    assert ("reassigned_away", mara.id) in sights.told(company, lead_id)
    assert sights.kinds(company, lead_id)[-2:] == ["accepted", "reassignment_ended"]
    assert_consistent(company)


def test_the_entry_at_the_end_tells_all_of_it(company: Company, lead_id: UUID, mara: Person) -> None:
    pool_id = group(company, name="Save them")
    reassign(company.manager, lead_id, pool_id)
    accept(company.agent, sights.open_offer(company, lead_id).id)
    [end] = [entry for entry in sights.timeline(company, lead_id) if entry.kind == "reassignment_ended"]
    told = end.after
    assert told is not None
    assert (told["from"], told["to"]) == (str(mara.id), str(company.agent.id))
    assert (told["pool_id"], told["pool"], told["delivery"]) == (str(pool_id), "Save them", "offer")
    assert (told["started_by"], told["ended"], told["seconds"]) == (str(company.manager.id), "done", 0)
    assert end.text is not None
    for said in (mara.name, company.agent.name, "Save them", "offer", company.manager.name, "seconds"):
        assert said in end.text


def test_accepting_twice_is_one_act(company: Company, lead_id: UUID) -> None:
    reassign(company.manager, lead_id, group(company))
    offer = sights.open_offer(company, lead_id)
    accept(company.agent, offer.id)
    accept(company.agent, offer.id)
    assert sights.kinds(company, lead_id).count("reassignment_ended") == 1


def test_the_owner_is_left_out_of_the_draw(company: Company, lead_id: UUID, mara: Person) -> None:
    reassign(mara, lead_id, group(company, mara, company.agent))
    assert sights.holder(company, lead_id) == company.agent.id
    decline(company.agent, sights.open_offer(company, lead_id).id)
    assert ended(company, lead_id) == ("cancelled", None)
    assert owner(company, lead_id) == ("owned", mara.id)
    assert_consistent(company)


def test_declined_and_missed_it_passes_on_and_then_stays(company: Company, lead_id: UUID, mara: Person) -> None:
    reassign(company.manager, lead_id, group(company))
    decline(company.agent, sights.open_offer(company, lead_id).id)
    assert sights.holder(company, lead_id) == company.colleague.id
    assert owner(company, lead_id) == ("owned", mara.id)
    miss(company)
    assert owner(company, lead_id) == ("owned", mara.id)
    assert ended(company, lead_id) == ("cancelled", None)
    told = sights.told(company, lead_id)
    assert ("alarm", mara.id) in told
    assert ("alarm", company.manager.id) in told
    assert "stays with its owner" in str(sights.timeline(company, lead_id)[-1].text)
    assert_consistent(company)


def test_the_default_assignee_has_it_at_once_when_nobody_took_it(company: Company, lead_id: UUID, mara: Person) -> None:
    pool_id = make_pool(
        company, [company.agent], [company.colleague], default_rule=False, for_reassignment=True, default_mode="tell"
    ).id
    reassign(company.manager, lead_id, pool_id)
    decline(company.agent, sights.open_offer(company, lead_id).id)
    assert owner(company, lead_id) == ("owned", company.colleague.id)
    assert ended(company, lead_id) == ("defaulted", company.colleague.id)
    assert ("reassigned_away", mara.id) in sights.told(company, lead_id)
    assert ("assigned", company.colleague.id) in sights.told(company, lead_id)
    assert_consistent(company)


def test_an_inactive_default_assignee_at_the_end_means_that_the_owner_keeps_it(
    company: Company, lead_id: UUID, mara: Person
) -> None:
    pool_id = make_pool(
        company, [company.agent], [company.colleague], default_rule=False, for_reassignment=True
    ).id  # fmt: skip
    reassign(company.manager, lead_id, pool_id)
    change_user(company, company.colleague, active=False)
    decline(company.agent, sights.open_offer(company, lead_id).id)
    assert owner(company, lead_id) == ("owned", mara.id)
    assert ended(company, lead_id) == ("cancelled", None)
    assert ("alarm", company.manager.id) in sights.told(company, lead_id)
    assert_consistent(company)


def test_where_nobody_can_get_it_the_call_itself_ends_it(company: Company, lead_id: UUID, mara: Person) -> None:
    reassign(company.manager, lead_id, group(company, mara))
    assert ended(company, lead_id) == ("cancelled", None)
    assert sights.kinds(company, lead_id)[-3:] == ["reassignment_started", "decision", "reassignment_ended"]
    assert_consistent(company)


def test_a_second_start_is_refused(company: Company, lead_id: UUID) -> None:
    pool_id = group(company)
    reassign(company.manager, lead_id, pool_id)
    with pytest.raises(Conflict, match="runs already"):
        reassign(company.manager, lead_id, pool_id)
    assert len(sights.reassignments(company, lead_id)) == 1


def test_the_owner_slot_is_locked_while_it_runs(company: Company, lead_id: UUID, mara: Person) -> None:
    reassign(company.manager, lead_id, group(company))
    for somebody in (company.colleague, None):
        with pytest.raises(Conflict, match="being reassigned"):
            assign(company.manager, lead_id, somebody)
    with pytest.raises(Conflict, match="already taken"):
        take(company.colleague, lead_id)
    assert owner(company, lead_id) == ("owned", mara.id)


def test_a_sender_who_names_somebody_else_moves_nothing_meanwhile(company: Company, mara: Person) -> None:
    lead_id = arrive(company, external_id="7").lead_id
    assign(company.manager, lead_id, mara)
    reassign(company.manager, lead_id, group(company))
    taken = arrive(company, external_id="7", assignee=company.colleague.email, reassign=True)
    assert owner(company, lead_id) == ("owned", mara.id)
    assert [code for code, _ in taken.warnings] == ["assignee_ignored"]


def test_a_manager_cancels_it_and_the_owner_keeps_the_lead(company: Company, lead_id: UUID, mara: Person) -> None:
    pool_id = group(company)
    reassign(company.manager, lead_id, pool_id)
    offer = sights.open_offer(company, lead_id)
    cancel_reassignment(company.manager, lead_id)
    assert sights.offer(company, offer.id).state == "withdrawn"
    assert owner(company, lead_id) == ("owned", mara.id)
    assert ended(company, lead_id) == ("cancelled", None)
    # Nobody had a hand in it, so the turn is given back.
    assert set(sights.standing(company, pool_id).values()) == {(0, 0)}
    with pytest.raises(Conflict, match="already taken"):
        accept(company.agent, offer.id)
    with pytest.raises(Conflict, match="No reassignment"):
        cancel_reassignment(company.manager, lead_id)
    assert_consistent(company)


def test_only_those_who_hand_out_leads_cancel_it(company: Company, lead_id: UUID, mara: Person) -> None:
    reassign(mara, lead_id, group(company))
    with pytest.raises(Forbidden):
        cancel_reassignment(mara, lead_id)


def test_the_owner_and_those_who_hand_out_leads_may_start_it_and_nobody_else(
    company: Company, lead_id: UUID, mara: Person
) -> None:
    pool_id = group(company)
    with pytest.raises(Forbidden):
        reassign(company.agent, lead_id, pool_id)
    reassign(mara, lead_id, pool_id)
    assert sights.reassignments(company, lead_id)[0].started_by == mara.id


def test_a_lead_nobody_owns_and_a_closed_one_are_not_reassigned(company: Company, mara: Person) -> None:
    pool_id = group(company)
    for lead in (make_lead(company), make_lead(company, mara, state="unassigned", owner_id=None, waiting_for="person")):
        with pytest.raises(Conflict, match="somebody owns"):
            reassign(company.manager, lead.id, pool_id)


def test_it_goes_to_groups_only(company: Company, other_company: Company, lead_id: UUID) -> None:
    ordinary = make_pool(company, [company.agent], default_rule=False).id
    theirs = make_pool(other_company, [other_company.agent], default_rule=False, for_reassignment=True).id
    with pytest.raises(Invalid, match="for new leads"):
        reassign(company.manager, lead_id, ordinary)
    with pytest.raises(Invalid, match="no such group"):
        reassign(company.manager, lead_id, theirs)
    with pytest.raises(NotFound):
        reassign(other_company.owner, lead_id, theirs)


def test_closing_cancels_it_first(company: Company, lead_id: UUID, mara: Person) -> None:
    reassign(company.manager, lead_id, group(company))
    offer = sights.open_offer(company, lead_id)
    close(mara, lead_id)
    assert sights.offer(company, offer.id).state == "withdrawn"
    assert ended(company, lead_id) == ("cancelled", None)
    assert sights.kinds(company, lead_id)[-3:] == ["withdrawn", "reassignment_ended", "closed"]
    with pytest.raises(Conflict, match="closed"):
        accept(company.agent, offer.id)
    assert_consistent(company)


def test_a_deactivated_owner_does_not_stop_it(company: Company, lead_id: UUID, mara: Person) -> None:
    reassign(company.manager, lead_id, group(company))
    change_user(company, mara, active=False)
    accept(company.agent, sights.open_offer(company, lead_id).id)
    assert owner(company, lead_id) == ("owned", company.agent.id)
    assert sights.lead(company, lead_id).needs_attention is False
    assert_consistent(company)


def test_who_leaves_with_an_offer_has_it_passed_on(company: Company, lead_id: UUID, mara: Person) -> None:
    reassign(company.manager, lead_id, group(company))
    change_user(company, company.agent, active=False)
    assert sights.holder(company, lead_id) == company.colleague.id
    assert owner(company, lead_id) == ("owned", mara.id)
    assert_consistent(company)


def test_recalling_its_offer_leaves_the_lead_with_its_owner(company: Company, lead_id: UUID, mara: Person) -> None:
    reassign(company.manager, lead_id, group(company))
    recall(company.manager, sights.open_offer(company, lead_id).id)
    assert owner(company, lead_id) == ("owned", mara.id)
    assert ended(company, lead_id) == ("cancelled", None)
    assert_consistent(company)


def test_who_missed_it_stands_in_line_again_and_is_asked_next(company: Company, lead_id: UUID, mara: Person) -> None:
    reassign(company.manager, lead_id, group(company))
    first = sights.open_offer(company, lead_id)
    miss(company)
    ask_again(company.agent, first.id)
    assert_consistent(company)
    decline(company.colleague, sights.open_offer(company, lead_id).id)
    assert sights.holder(company, lead_id) == company.agent.id
    accept(company.agent, sights.open_offer(company, lead_id).id)
    assert owner(company, lead_id) == ("owned", company.agent.id)
    assert_consistent(company)


def test_nobody_stands_in_line_for_a_lead_that_stayed(company: Company, lead_id: UUID) -> None:
    reassign(company.manager, lead_id, group(company, company.agent))
    first = sights.open_offer(company, lead_id)
    miss(company)
    with pytest.raises(Conflict, match="already taken"):
        ask_again(company.agent, first.id)


def test_another_chance_after_the_end_is_in_the_pool_the_lead_came_by(company: Company, mara: Person) -> None:
    pool_id = make_pool(company, [company.agent, company.colleague]).id
    lead_id = arrive(company).lead_id
    accept(company.agent, sights.open_offer(company, lead_id).id)
    reassign(company.manager, lead_id, group(company, company.colleague, mara))
    first = sights.open_offer(company, lead_id)
    assert first.user_id == company.colleague.id
    miss(company)
    cancel_reassignment(company.manager, lead_id)
    assign(company.manager, lead_id, None)
    ask_again(company.colleague, first.id)
    chance = sights.open_offer(company, lead_id)
    assert (chance.user_id, chance.pool_id, chance.reassignment_id) == (company.colleague.id, pool_id, None)
    assert sights.lead(company, lead_id).pool_id == pool_id
    assert_consistent(company)


def test_no_group_offers_a_lead_that_nobody_owns_any_more(company: Company, lead_id: UUID) -> None:
    reassign(company.manager, lead_id, group(company))
    first = sights.open_offer(company, lead_id)
    miss(company)
    cancel_reassignment(company.manager, lead_id)
    assign(company.manager, lead_id, None)
    with pytest.raises(Conflict, match="not being reassigned any more"):
        ask_again(company.agent, first.id)
    assert owner(company, lead_id) == ("unassigned", None)
    assert_consistent(company)


def test_nor_one_that_was_taken_back_from_who_had_it_by_the_group(company: Company, lead_id: UUID) -> None:
    reassign(company.manager, lead_id, group(company))
    first = sights.open_offer(company, lead_id)
    miss(company)
    accept(company.colleague, sights.open_offer(company, lead_id).id)
    assign(company.manager, lead_id, None)
    with pytest.raises(Conflict, match="not being reassigned any more"):
        ask_again(company.agent, first.id)
    assert owner(company, lead_id) == ("unassigned", None)


def test_a_last_call_is_made_before_it_stays(company: Company, lead_id: UUID, mara: Person) -> None:
    reassign(company.manager, lead_id, group(company, last_call_seconds=60))
    miss(company)
    miss(company)
    calls = [offer for offer in sights.offers(company, lead_id) if offer.state == "open"]
    assert {call.kind for call in calls} == {"last_call"}
    assert owner(company, lead_id) == ("owned", mara.id)
    assert_consistent(company)
    take(company.colleague, lead_id)
    assert owner(company, lead_id) == ("owned", company.colleague.id)
    assert ended(company, lead_id) == ("done", company.colleague.id)
    assert_consistent(company)


def test_told_to_all_at_once_the_first_has_it_and_is_charged(company: Company, lead_id: UUID, mara: Person) -> None:
    pool_id = group(company, delivery="broadcast")
    reassign(company.manager, lead_id, pool_id)
    offers = {offer.user_id: offer for offer in sights.offers(company, lead_id)}
    assert offers.keys() == {company.agent.id, company.colleague.id}
    accept(company.colleague, offers[company.colleague.id].id)
    assert owner(company, lead_id) == ("owned", company.colleague.id)
    assert sights.offer(company, offers[company.agent.id].id).state == "withdrawn"
    assert sights.entries(company, pool_id)[-1] == ("charge", "turn")
    assert_consistent(company)


def test_a_group_that_assigns_moves_it_at_once(company: Company, lead_id: UUID, mara: Person) -> None:
    pool_id = group(company, delivery="assign")
    reassign(company.manager, lead_id, pool_id)
    assert owner(company, lead_id) == ("owned", company.agent.id)
    assert ended(company, lead_id) == ("done", company.agent.id)
    assert sights.told(company, lead_id).count(("reassigned_away", mara.id)) == 1
    assert sights.entries(company, pool_id)[-1] == ("step", "turn")
    assert_consistent(company)


def test_a_group_plays_turns_like_any_pool(company: Company, mara: Person) -> None:
    pool_id = group(company, delivery="assign")
    leads = [make_lead_of(company, mara) for _ in range(4)]
    for lead_id in leads:
        reassign(company.manager, lead_id, pool_id)
    owners = [sights.lead(company, lead_id).owner_id for lead_id in leads]
    assert owners.count(company.agent.id) == owners.count(company.colleague.id) == 2
    assert_consistent(company)


def test_a_lead_counts_for_its_owner_until_somebody_takes_it(company: Company, mara: Person) -> None:
    change_user(company, company.agent, open_cap=1)
    first, second = make_lead_of(company, mara), make_lead_of(company, mara)
    pool_id = group(company, company.agent)
    reassign(company.manager, first, pool_id)
    reassign(company.manager, second, pool_id)
    # Both are on offer to the same one: what is on offer counts for nobody.
    assert sights.holder(company, second) == company.agent.id
    accept(company.agent, sights.open_offer(company, first).id)
    assert owner(company, first) == ("owned", company.agent.id)
    assert_consistent(company)


def test_a_no_is_final_and_a_miss_is_asked_anew_in_the_next_one(company: Company, lead_id: UUID) -> None:
    pool_id = group(company)
    reassign(company.manager, lead_id, pool_id)
    decline(company.agent, sights.open_offer(company, lead_id).id)
    miss(company)
    reassign(company.manager, lead_id, pool_id)
    assert sights.holder(company, lead_id) == company.colleague.id
    miss(company)
    assert [one.state for one in sights.reassignments(company, lead_id)] == ["cancelled", "cancelled"]
    assert_consistent(company)


def test_in_a_pond_it_lies_until_a_member_takes_it(company: Company, lead_id: UUID, mara: Person) -> None:
    pool_id = group(company, company.agent, company.colleague, mara, delivery="pond")
    reassign(company.manager, lead_id, pool_id)
    assert owner(company, lead_id) == ("owned", mara.id)
    assert ended(company, lead_id) == ("running", None)
    assert sights.offers(company, lead_id) == []
    with pytest.raises(Invalid, match="still lies"):
        change_pool(company, pool_id, delivery="offer")
    assert_consistent(company)
    take(company.agent, lead_id)
    assert owner(company, lead_id) == ("owned", company.agent.id)
    assert ended(company, lead_id) == ("done", company.agent.id)
    assert sights.lead(company, lead_id).pool_id == pool_id
    # The owner it was taken from did not take part in the turn.
    assert sights.standing(company, pool_id)[mara.id] == (0, 0)
    assert sights.told(company, lead_id).count(("reassigned_away", mara.id)) == 1
    with pytest.raises(Conflict, match="already taken"):
        take(company.colleague, lead_id)
    assert_consistent(company)


def test_cancelled_it_lies_in_the_pond_no_more(company: Company, lead_id: UUID, mara: Person) -> None:
    reassign(company.manager, lead_id, group(company, delivery="pond"))
    cancel_reassignment(company.manager, lead_id)
    with pytest.raises(Conflict, match="already taken"):
        take(company.agent, lead_id)
    assert owner(company, lead_id) == ("owned", mara.id)
    assert_consistent(company)


def test_editing_the_group_leaves_the_round_alone(company: Company, lead_id: UUID) -> None:
    pool_id = group(company)
    reassign(company.manager, lead_id, pool_id)
    offer = sights.open_offer(company, lead_id)
    change_pool(company, pool_id, members=[(company.colleague.id, 1)])
    assert sights.offer(company, offer.id).state == "open"
    accept(company.agent, offer.id)
    assert owner(company, lead_id) == ("owned", company.agent.id)
    assert_consistent(company)


def test_a_group_with_a_running_reassignment_is_not_deleted(company: Company, lead_id: UUID) -> None:
    pool_id = group(company)
    reassign(company.manager, lead_id, pool_id)
    with pytest.raises(Conflict, match="reassignment runs"):
        delete_pool(company, pool_id)
    cancel_reassignment(company.manager, lead_id)
    delete_pool(company, pool_id)


def make_lead_of(company: Company, owner: Person) -> UUID:
    lead_id = arrive(company).lead_id
    assign(company.manager, lead_id, owner)
    return lead_id
