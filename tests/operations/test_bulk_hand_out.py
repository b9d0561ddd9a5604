"""Many unassigned leads at once: the same turns as one by one."""

from __future__ import annotations

from collections import Counter
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import select

from portal import models
from portal.errors import Forbidden, Invalid
from portal.operations import bulk_hand_out
from portal.operations.bulk_hand_out import HandedOut, hand_out_unassigned
from portal.queries.leads import LeadFilters
from tests.cast import Company, Person
from tests.consistency import assert_consistent
from tests.factories import make_pool, make_user
from tests.operations import sights
from tests.operations.acts import agent_at_work, arrive, change_company, change_user, route_again


@pytest.fixture(autouse=True)
def _small_chunks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bulk_hand_out, "CHUNK", 4)


def hand_out(by: Person, *, most: int = 100, **wanted: Any) -> HandedOut:
    filters = LeadFilters(**{name: wanted.pop(name) for name in ("source", "tag") if name in wanted})
    with agent_at_work(by) as user:
        return hand_out_unassigned(by=user, filters=filters, most=most, **wanted)


def waiting(company: Company, count: int, **told: Any) -> list[UUID]:
    return [arrive(company, keep=True, **told).lead_id for _ in range(count)]


def owners(company: Company, leads: list[UUID]) -> list[UUID | None]:
    return [sights.lead(company, lead_id).owner_id for lead_id in leads]


@pytest.mark.parametrize("delivery", ["assign", "offer"])
def test_a_batch_comes_out_as_one_by_one(company: Company, other_company: Company, delivery: str) -> None:
    for each in (company, other_company):
        third = make_user(each, "Thea Third", open_cap=2)
        make_pool(each, {each.agent: 3, each.colleague: 2, third: 1}, delivery=delivery)
    batch, singles = waiting(company, 11), waiting(other_company, 11)
    done = hand_out(company.manager)
    for lead_id in singles:
        route_again(other_company.manager, lead_id)
    assert (done.looked_at, done.went, done.last) == (11, 11, batch[-1])
    assert received(company, batch) == received(other_company, singles)
    assert standings(company) == standings(other_company)
    assert_consistent(company)
    assert_consistent(other_company)


def received(company: Company, leads: list[UUID]) -> list[str]:
    """Who got, or was offered, each lead, by name."""
    chosen = [sights.decisions(company, lead_id)[-1].chosen for lead_id in leads]
    names = {one.id: one.name for one in sights.rows(company, select(models.User))}
    return [", ".join(names[user_id] for user_id in each) for each in chosen]


def standings(company: Company) -> Counter[tuple[int, int]]:
    return Counter((row.entitled, row.received) for row in sights.rows(company, select(models.LedgerAccount)))


def test_the_oldest_go_first_and_the_rest_next_time(company: Company) -> None:
    make_pool(company, [company.agent], delivery="assign")
    leads = waiting(company, 7)
    done = hand_out(company.manager, most=5)
    assert owners(company, leads) == [company.agent.id] * 5 + [None] * 2
    assert hand_out(company.manager, after=done.last).looked_at == 2


def test_a_pool_may_be_named_whatever_the_rules_say(company: Company) -> None:
    make_pool(company, [company.agent], delivery="assign")
    other = make_pool(company, [company.colleague], delivery="assign", default_rule=False)
    leads = waiting(company, 3)
    assert hand_out(company.manager, pool_id=other.id).went == 3
    assert owners(company, leads) == [company.colleague.id] * 3
    with pytest.raises(Invalid):
        hand_out(company.manager, pool_id=models.new_id())
    assert_consistent(company)


def test_only_what_is_unassigned_and_fits_is_touched(company: Company) -> None:
    make_pool(company, [company.agent], delivery="offer")
    offered = arrive(company, source="Fair").lead_id
    fair, web = waiting(company, 1, source="Fair"), waiting(company, 1, source="Web")
    assert hand_out(company.manager, source="Fair").looked_at == 1
    assert [sights.lead(company, one).state for one in (offered, *fair, *web)] == ["offering", "offering", "unassigned"]
    assert len(sights.offers(company, offered)) == 1


def test_whom_nobody_can_take_stays_as_it_is_without_another_alarm(company: Company) -> None:
    change_company(company, fallback_any_active=False)
    make_pool(company, [company.agent], delivery="assign")
    change_user(company, company.agent, open_cap=2)
    leads = waiting(company, 5)
    done = hand_out(company.manager)
    assert (done.went, done.stayed) == (2, 3)
    assert owners(company, leads) == [company.agent.id] * 2 + [None] * 3
    assert sights.told(company, leads[-1]) == []
    assert_consistent(company)


def test_without_a_pool_named_by_any_rule_nothing_happens(company: Company) -> None:
    waiting(company, 2)
    done = hand_out(company.manager)
    assert (done.looked_at, done.went) == (2, 0)


def test_it_needs_the_right_to_assign(company: Company) -> None:
    with pytest.raises(Forbidden):
        hand_out(company.agent)


def test_default_assignees_who_know_of_a_lead_are_not_told_again(company: Company) -> None:
    make_pool(company, (), [company.agent, company.owner])
    lead_id = arrive(company).lead_id
    before = sights.told(company, lead_id)
    done = hand_out(company.manager)
    assert (done.looked_at, done.went) == (1, 0)
    assert sights.told(company, lead_id) == before
    assert_consistent(company)
