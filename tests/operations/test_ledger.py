"""The books of the turn ledger: every movement an entry, the accounts their sum."""

from __future__ import annotations

from uuid import UUID

import pytest

from portal.errors import Forbidden, NotFound
from portal.models import new_id
from portal.operations import ledger, pools
from portal.operations.writes import Writes
from portal.queries.clock import database_time
from tests.cast import Company
from tests.consistency import assert_consistent
from tests.factories import make_pool, make_user
from tests.operations import sights
from tests.operations.acts import agent_at_work, arrive, change_company, miss, recall, set_members


@pytest.fixture
def three(company: Company) -> UUID:
    """A pool of three with uneven weights, some turns played on both credits."""
    change_company(company, fallback_any_active=False)
    cy = make_user(company, "Cy")
    pool = make_pool(company, {company.agent: 5, company.colleague: 3, cy: 2})
    for _ in range(7):
        arrive(company)
    miss(company)
    return pool.id


def zero(company: Company, pool_id: UUID) -> None:
    with agent_at_work(company.owner) as user:
        ledger.zero(pool_id, by=user)


def test_a_newcomer_starts_at_zero(company: Company, three: UUID) -> None:
    di = make_user(company, "Di")
    set_members(company, three, {company.agent: 5, company.colleague: 3, di: 2})
    assert sights.standing(company, three)[di.id] == (0, 0)
    assert ("join", "turn") in sights.entries(company, three)
    assert_consistent(company)


def test_what_a_leaver_held_passes_to_those_who_stay(company: Company, three: UUID) -> None:
    before = sights.standing(company, three)
    leaver = next(user_id for user_id, (turn, _) in before.items() if turn)
    people = {company.agent.id: company.agent, company.colleague.id: company.colleague}
    stay = {person: 1 for user_id, person in people.items() if user_id != leaver}
    set_members(company, three, stay)
    after = sights.standing(company, three)
    assert leaver not in after
    assert sum(turn for turn, _ in after.values()) == sum(second for _, second in after.values()) == 0
    assert_consistent(company)


def test_the_last_one_out_leaves_nothing_behind(company: Company, three: UUID) -> None:
    set_members(company, three, {})
    assert sights.standing(company, three) == {}
    assert_consistent(company)


def test_coming_back_is_joining_anew(company: Company, three: UUID) -> None:
    set_members(company, three, {company.colleague: 1})
    set_members(company, three, {company.colleague: 1, company.agent: 1})
    assert sights.standing(company, three)[company.agent.id] == (0, 0)
    arrive(company)
    assert_consistent(company)


def test_a_weight_change_moves_no_credit(company: Company, three: UUID) -> None:
    before = sights.standing(company, three)
    [cy] = before.keys() - {company.agent.id, company.colleague.id}
    with agent_at_work(company.owner) as user:
        pools.set_members(three, [(company.agent.id, 1), (company.colleague.id, 1000), (cy, 0)], by=user)
    assert sights.standing(company, three) == before


def test_zeroing_sets_both_credits_to_zero_and_says_so(company: Company, three: UUID) -> None:
    zero(company, three)
    assert set(sights.standing(company, three).values()) == {(0, 0)}
    assert ("zero", "turn") in sights.entries(company, three)
    assert_consistent(company)
    entries = sights.entries(company, three)
    zero(company, three)
    assert sights.entries(company, three) == entries


def test_zeroing_needs_the_right_and_a_pool(company: Company, three: UUID) -> None:
    before = sights.standing(company, three)
    with agent_at_work(company.manager) as user, pytest.raises(Forbidden):
        ledger.zero(three, by=user)
    assert sights.standing(company, three) == before
    with pytest.raises(NotFound):
        zero(company, new_id())


def test_a_turn_is_given_back_once(company: Company) -> None:
    pool = make_pool(company, {company.agent: 2, company.colleague: 1})
    taken = arrive(company)
    recall(company.manager, taken.offers[0])
    with company.inside():
        writes = Writes(company.id, database_time())
        ledger.reverse_turn(writes, pool.id, taken.offers[0], taken.lead_id)
        writes.flush()
    assert sights.entries(company, pool.id) == [("step", "turn"), ("reversal", "turn")]
    assert_consistent(company)


def test_a_turn_given_back_on_the_second_choice_is_undone_there(company: Company, three: UUID) -> None:
    before = sights.standing(company, three)
    taken = arrive(company)
    miss(company, taken.offers[0])
    after_turn = {user_id: turn for user_id, (turn, _) in sights.standing(company, three).items()}
    held = sights.open_offer(company, taken.lead_id)
    recall(company.manager, held.id)
    after = sights.standing(company, three)
    assert {user_id: second for user_id, (_, second) in after.items()} == {
        user_id: second for user_id, (_, second) in before.items()
    }
    assert {user_id: turn for user_id, (turn, _) in after.items()} == after_turn
    assert_consistent(company)
