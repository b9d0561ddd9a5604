"""The engine that hands out: caps, the ladder beyond the pool, and batches that come out as single leads would."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import select

from portal import models
from portal.extensions import db
from portal.operations import distribution
from portal.operations.locking import lock_lead
from portal.operations.passing_on import pass_on, round_of_pool
from portal.operations.transaction import operation
from portal.routing.facts import LeadFacts
from tests.cast import Company, Person
from tests.consistency import assert_consistent
from tests.factories import make_pool, make_user
from tests.operations import sights
from tests.operations.acts import accept, arrive, assign, change_company, change_user, decline, drain, miss, set_members


@operation
def hand_out(pool_id: UUID, lead_ids: Sequence[UUID]) -> int:
    round_ = round_of_pool(pool_id, cause="a test")
    for lead_id in lead_ids:
        lock_lead(lead_id)
    went = pass_on(round_, lead_ids)
    round_.writes.flush()
    return went


def owners(company: Company, lead_ids: Sequence[UUID]) -> list[UUID | None]:
    return [sights.lead(company, lead_id).owner_id for lead_id in lead_ids]


# Caps


def test_a_member_at_their_cap_is_passed_by(company: Company) -> None:
    make_pool(company, [company.agent, company.colleague], delivery="assign")
    change_user(company, company.agent, open_cap=1)
    leads = [arrive(company).lead_id for _ in range(4)]
    assert owners(company, leads) == [company.agent.id, *[company.colleague.id] * 3]
    assert_consistent(company)


def test_a_cap_holds_within_a_batch(company: Company) -> None:
    leads = [arrive(company).lead_id for _ in range(5)]
    pool = make_pool(company, [company.agent, company.colleague], delivery="assign")
    change_user(company, company.agent, open_cap=1)
    with company.inside():
        hand_out(pool.id, leads)
    assert owners(company, leads).count(company.agent.id) == 1
    assert_consistent(company)


def test_a_lead_given_through_another_pool_meanwhile_counts(company: Company, monkeypatch: pytest.MonkeyPatch) -> None:
    """Between loading the facts and choosing, somebody else gives the member a lead: also within a batch."""
    change_company(company, fallback_any_active=False)
    leads = [arrive(company).lead_id for _ in range(4)]
    elsewhere = arrive(company).lead_id
    pool = make_pool(company, [company.agent, company.colleague], delivery="assign")
    change_user(company, company.agent, open_cap=2)
    count_locked = distribution.used_of_locked

    def meanwhile(*given: object) -> object:
        monkeypatch.undo()
        assign(company.manager, elsewhere, company.agent)
        return count_locked(*given)  # type: ignore[arg-type]

    monkeypatch.setattr(distribution.Round, "lock_members", lambda self: None)
    monkeypatch.setattr(distribution, "used_of_locked", meanwhile)
    with company.inside():
        hand_out(pool.id, leads)
    assert owners(company, [*leads, elsewhere]).count(company.agent.id) == 2
    assert_consistent(company)


def test_the_fallback_to_anybody_counts_what_was_given_meanwhile_too(
    company: Company, monkeypatch: pytest.MonkeyPatch
) -> None:
    pool = make_pool(company)
    elsewhere = arrive(company, assignee=company.owner.email).lead_id
    change_user(company, company.agent, open_cap=1)
    change_user(company, company.colleague, open_cap=9)
    change_user(company, company.owner, available=False)
    count_locked = distribution.used_of_locked
    asked: list[object] = []

    def meanwhile(*given: object) -> object:
        asked.append(given[1])
        if len(asked) == 1:
            assign(company.manager, elsewhere, company.agent)
        return count_locked(*given)  # type: ignore[arg-type]

    monkeypatch.setattr(distribution, "used_of_locked", meanwhile)
    taken = arrive(company)
    assert asked == [company.agent.id, company.colleague.id]
    assert (taken.owner_id, taken.pool_id) == (company.colleague.id, pool.id)
    assert_consistent(company)


# The ladder


def test_one_default_assignee_owns_what_nobody_takes_available_or_not(company: Company) -> None:
    make_pool(company, [company.agent], [company.colleague])
    change_user(company, company.colleague, available=False)
    taken = arrive(company)
    miss(company)
    lead = sights.lead(company, taken.lead_id)
    assert (lead.state, lead.owner_id) == ("owned", company.colleague.id)
    assert ("assigned", company.colleague.id) in sights.told(company, taken.lead_id)
    assert sights.decisions(company, taken.lead_id)[-1].stage == "default"
    assert_consistent(company)


def test_the_first_active_default_assignee_owns_it_where_they_own(company: Company) -> None:
    make_pool(company, (), [company.agent, company.colleague], default_mode="own")
    change_user(company, company.agent, active=False)
    assert arrive(company).owner_id == company.colleague.id


def test_inactive_default_assignees_are_passed_over(company: Company) -> None:
    make_pool(company, (), [company.agent])
    change_user(company, company.agent, active=False)
    taken = arrive(company)
    assert sights.decisions(company, taken.lead_id)[-1].stage == "any_active"


def test_a_lead_goes_to_any_active_user_rather_than_nobody_and_managers_hear_of_it(company: Company) -> None:
    make_pool(company)
    first, second, third = (arrive(company) for _ in range(3))
    # Least recent first; those who never had one by name.
    assert [first.owner_id, second.owner_id, third.owner_id] == [
        company.agent.id, company.colleague.id, company.owner.id,
    ]  # fmt: skip
    assert ("alarm", company.manager.id) in sights.told(company, first.lead_id)
    assert sights.entries(company, first.pool_id) == []
    assert_consistent(company)


def test_whoever_was_asked_already_does_not_get_it_by_fallback(company: Company) -> None:
    make_pool(company, [company.agent])
    taken = arrive(company)
    miss(company)
    assert sights.lead(company, taken.lead_id).owner_id == company.colleague.id


def test_availability_and_caps_are_set_aside_when_nobody_passes_every_gate(company: Company) -> None:
    make_pool(company)
    for person in (company.agent, company.colleague, company.owner):
        change_user(company, person, available=False, open_cap=0)
    taken = arrive(company)
    assert taken.owner_id == company.agent.id
    assert_consistent(company)


def test_without_the_fallback_it_waits_with_an_alarm(company: Company) -> None:
    change_company(company, fallback_any_active=False)
    make_pool(company)
    taken = arrive(company)
    assert (taken.state, taken.waiting_for) == ("unassigned", "routing")
    assert sights.told(company, taken.lead_id) == sorted([("alarm", company.manager.id), ("alarm", company.owner.id)])
    assert_consistent(company)


def test_a_lead_that_routing_cannot_deal_with_waits_and_keeps_nobody_up(
    company: Company, monkeypatch: pytest.MonkeyPatch
) -> None:
    change_company(company, fallback_any_active=False)
    make_pool(company, [company.agent, company.colleague])
    leads = [arrive(company).lead_id for _ in range(3)]
    route = distribution.hand_out

    def poisoned(facts: LeadFacts, *given: Any) -> Any:
        if facts.id == leads[1]:
            raise ValueError("this one is beyond me")
        return route(facts, *given)

    monkeypatch.setattr(distribution, "hand_out", poisoned)
    assert miss(company) == 3
    states = [(lead.state, lead.waiting_for) for lead in (sights.lead(company, lead_id) for lead_id in leads)]
    assert states == [("offering", None), ("unassigned", "routing"), ("offering", None)]
    assert ("alarm", company.manager.id) in sights.told(company, leads[1])
    assert_consistent(company)
    assert drain(company) == 0
    monkeypatch.undo()
    change_user(company, company.agent, available=True)
    assert drain(company) == 1
    assert_consistent(company)


# Turns


def test_a_batch_comes_out_like_single_leads(company: Company) -> None:
    people = [company.agent, company.colleague, make_user(company), make_user(company)]
    weights = dict(zip(people, (5, 3, 2, 1), strict=True))
    leads = [arrive(company).lead_id for _ in range(23)]
    pools = [make_pool(company, weights, delivery="assign", default_rule=False) for _ in range(2)]
    with company.inside():
        hand_out(pools[0].id, leads)
    in_batch = owners(company, leads)
    for lead_id in leads:
        assign(company.manager, lead_id, None)
    forget_last_leads(company, people)
    for lead_id in leads:
        with company.inside():
            hand_out(pools[1].id, [lead_id])
    assert owners(company, leads) == in_batch
    assert sights.standing(company, pools[0].id) == sights.standing(company, pools[1].id)
    assert_consistent(company)


def forget_last_leads(company: Company, people: Sequence[Person]) -> None:
    with company.inside():
        for person in people:
            person.user().last_lead_at = None
        db.session.commit()


def test_the_first_offer_is_a_turn_and_re_offers_are_second_choice(company: Company) -> None:
    change_company(company, fallback_any_active=False)
    pool = make_pool(company, [company.agent, company.colleague])
    arrive(company)
    miss(company)
    assert sights.entries(company, pool.id) == [("step", "turn"), ("step", "second")]
    half = 500_000_000
    assert sights.standing(company, pool.id) == {
        # Ana had the turn; Ben alone could get the re-offer, so he gained and paid the same.
        company.agent.id: (-half, 0),
        company.colleague.id: (half, 0),
    }
    assert_consistent(company)


def test_a_serial_decliner_gains_nothing_on_the_others_first_offers(company: Company) -> None:
    cy = make_user(company, "Cy")
    make_pool(company, [company.agent, company.colleague, cy])
    people = {person.id: person for person in (company.agent, company.colleague, cy)}
    first: list[UUID] = []
    for _ in range(12):
        taken = arrive(company)
        held = sights.open_offer(company, taken.lead_id)
        first.append(held.user_id)
        if held.user_id == company.agent.id:
            decline(company.agent, held.id)
            held = sights.open_offer(company, taken.lead_id)
        accept(people[held.user_id], held.id)
    assert [first.count(user_id) for user_id in people] == [4, 4, 4]
    owned = [lead.owner_id for lead in sights.rows(company, select(models.Lead))]
    assert sorted(owned.count(user_id) for user_id in people) == [0, 6, 6]
    assert_consistent(company)


def test_members_at_weight_zero_and_the_frozen_keep_their_credit(company: Company) -> None:
    cy = make_user(company, "Cy")
    pool = make_pool(company, [company.agent, company.colleague, cy], delivery="assign")
    arrive(company)
    before = sights.standing(company, pool.id)
    change_user(company, cy, available=False)
    set_members(company, pool.id, {company.agent: 1, company.colleague: 0, cy: 1})
    arrive(company)
    after = sights.standing(company, pool.id)
    assert {one: after[one] for one in (company.colleague.id, cy.id)} == {
        one: before[one] for one in (company.colleague.id, cy.id)
    }
    assert_consistent(company)
