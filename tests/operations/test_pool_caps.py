"""Limits on how many leads of one pool a member gets, and pools where whoever is full loses what they are owed."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import select

from portal import models
from portal.errors import Conflict
from portal.models import LedgerEntry, PoolMember
from portal.operations import distribution, ledger_rebuild
from portal.queries.receiving import receiving
from portal.queries.routing_facts import Used
from tests.cast import Company, Person
from tests.consistency import assert_consistent
from tests.factories import make_pool, make_user
from tests.operations import sights
from tests.operations.acts import (
    arrive,
    assign,
    change_company,
    change_pool,
    change_user,
    close,
    recall,
    set_members,
    take,
)
from tests.operations.test_distribution import hand_out, owners

NONE: dict[str, int | None] = {"open": None, "day": None, "week": None, "month": None}


def limit(company: Company, pool: models.Pool, *members: dict[str, Any], status: int = 200) -> Any:
    answer = company.owner.api.put(f"/pools/{pool.id}/members", {"members": list(members)})
    assert answer.status_code == status, answer.text
    return answer.json


def member(person: Person, **caps: int | None) -> dict[str, Any]:
    return {"user_id": str(person.id)} | ({"caps": caps} if caps else {})


@pytest.fixture
def pool(company: Company) -> models.Pool:
    change_company(company, fallback_any_active=False)
    return make_pool(company, [company.agent, company.colleague], name="Solar", delivery="assign")


def test_limits_are_told_as_they_were_set_and_stay_with_the_member(company: Company, pool: models.Pool) -> None:
    told = limit(company, pool, member(company.agent, open=5, week=9), member(company.colleague))
    assert [each["caps"] for each in told["members"]] == [NONE | {"open": 5, "week": 9}, NONE]
    set_members(company, pool.id, {company.agent: 4})
    [only] = company.owner.api.get(f"/pools/{pool.id}").json["members"]
    assert (only["weight"], only["caps"]) == (4, NONE | {"open": 5, "week": 9})
    limited = select(models.AuditEntry).where(models.AuditEntry.after.has_key("member_limits"))
    [entry] = sights.rows(company, limited)
    assert entry.after == {"member_limits": {company.agent.name: "5 open, 9 a week"}}


@pytest.mark.parametrize("caps", [{"open": -1}, {"day": 2_000_000}, {"year": 3}, {"open": "many"}])
def test_a_limit_is_a_whole_number(company: Company, pool: models.Pool, caps: Any) -> None:
    refused = limit(company, pool, member(company.colleague), member(company.agent, **caps), status=422)
    assert refused["errors"][0]["field"] == f"members.1.caps.{next(iter(caps))}"


@pytest.mark.parametrize("what", ["open", "day", "week", "month"])
def test_a_member_at_a_limit_is_passed_by_and_why_names_the_pool(
    company: Company, pool: models.Pool, what: str
) -> None:
    limit(company, pool, member(company.agent, **{what: 1}), member(company.colleague))
    leads = [arrive(company).lead_id for _ in range(4)]
    assert owners(company, leads).count(company.agent.id) == 1
    said = {"open": "open leads", "day": "leads today", "week": "leads this week", "month": "leads this month"}[what]
    assert f"at 1 of 1 {said} in Solar" in str(sights.decisions(company, leads[-1])[-1].data)
    assert_consistent(company)


def test_a_lead_that_is_closed_makes_room_in_open_leads_but_not_in_the_day(company: Company, pool: models.Pool) -> None:
    limit(company, pool, member(company.agent, open=1))
    first = arrive(company).lead_id
    assert arrive(company).owner_id is None
    close(company.agent, first)
    assert arrive(company).owner_id == company.agent.id
    limit(company, pool, member(company.agent, open=9, day=2))
    assert arrive(company).owner_id is None


def test_leads_of_other_pools_do_not_count(company: Company, pool: models.Pool) -> None:
    make_pool(company, [company.agent], name="Wind", delivery="assign")
    assert arrive(company).owner_id == company.agent.id
    with company.inside():
        rule = models.Rule.query.filter_by(is_default=True).one()
        rule.pool_id = pool.id
        models.Rule.query.session.commit()
    limit(company, pool, member(company.agent, open=1, day=1))
    assert arrive(company).owner_id == company.agent.id
    assert arrive(company).owner_id is None


def test_within_a_batch_the_limit_holds(company: Company, pool: models.Pool) -> None:
    limit(company, pool, member(company.agent, open=1), member(company.colleague, day=2))
    change_user(company, company.agent, available=False)
    change_user(company, company.colleague, available=False)
    leads = [arrive(company).lead_id for _ in range(5)]
    with company.inside():
        for person in (company.agent, company.colleague):
            person.user().available = True
        models.User.query.session.commit()
        hand_out(pool.id, leads)
    assert sorted(map(str, owners(company, leads))) == sorted(
        map(str, [company.agent.id, company.colleague.id, company.colleague.id, None, None])
    )
    assert_consistent(company)


def test_for_a_tag_the_limit_is_that_of_each_who_carries_it(company: Company, pool: models.Pool) -> None:
    for person in (company.agent, company.colleague):
        change_user(company, person, tags=["roof"])
    told = limit(company, pool, {"agent_tag": "roof", "caps": {"day": 1}})
    assert told["members"] == [{"agent_tag": "roof", "weight": 1, "priority": 0, "caps": NONE | {"day": 1}}]
    assert {arrive(company).owner_id for _ in range(2)} == {company.agent.id, company.colleague.id}
    assert arrive(company).owner_id is None
    change_user(company, company.agent, tags=[])
    rows = sights.rows(company, select(PoolMember).where(PoolMember.pool_id == pool.id))
    assert [(row.user_id, row.day_cap) for row in rows] == [(company.colleague.id, 1)]


def test_one_given_a_lead_of_the_pool_meanwhile_is_not_given_another(
    company: Company, pool: models.Pool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What the facts say was used when they were loaded is looked at again under the lock on the member."""
    limit(company, pool, member(company.agent, open=1), member(company.colleague))
    lead_ids = [arrive(company, assignee=company.owner.email).lead_id for _ in range(2)]
    for lead_id in lead_ids:
        assign(company.owner, lead_id, None)
    count_locked, asked = distribution.used_of_locked, list[object]()

    def meanwhile(company_id: UUID, user_id: UUID, pool_id: UUID | None, setup: Any) -> Used:
        asked.append((user_id, pool_id))
        used = count_locked(company_id, user_id, pool_id, setup)
        return used._replace(pool_caps=tuple(cap._replace(used=cap.limit) for cap in used.pool_caps))

    monkeypatch.setattr(distribution, "used_of_locked", meanwhile)
    with company.inside():
        hand_out(pool.id, lead_ids)
    assert owners(company, lead_ids) == [company.colleague.id] * 2
    assert asked == [(company.agent.id, pool.id)]


def test_on_the_rungs_above_the_pool_its_limits_hold_for_its_members(company: Company, pool: models.Pool) -> None:
    change_company(company, fallback_any_active=True)
    limit(company, pool, member(company.agent, open=1))
    arrive(company)
    lead_id = arrive(company).lead_id
    [owner] = owners(company, [lead_id])
    assert owner not in (None, company.agent.id)
    assert sights.decisions(company, lead_id)[-1].stage == "any_active"


def test_a_member_of_a_next_pool_is_held_to_that_pools_limits(company: Company, pool: models.Pool) -> None:
    first = make_pool(company, name="First", delivery="assign", next_pool_id=pool.id)
    limit(company, pool, member(company.agent, day=1), member(company.colleague, day=2))
    leads = [arrive(company).lead_id for _ in range(4)]
    assert owners(company, leads).count(None) == 1
    assert owners(company, leads).count(company.agent.id) == 1
    assert first.id != pool.id


def test_out_of_a_pond_nobody_takes_more_than_their_limit(company: Company, pool: models.Pool) -> None:
    change_pool(company, pool.id, delivery="pond")
    limit(company, pool, member(company.agent, day=1), member(company.colleague))
    leads = [arrive(company).lead_id for _ in range(2)]
    take(company.agent, leads[0])
    with pytest.raises(Conflict, match="at 1 of 1 leads today in Solar"):
        take(company.agent, leads[1])


def test_who_can_receive_says_it_and_until_when(company: Company, pool: models.Pool) -> None:
    limit(company, pool, member(company.agent, day=1), member(company.colleague, open=0))
    arrive(company)
    with company.inside():
        told = {each.user_id: each for each in receiving(company.owner.user(), pool.id)}
    mine, colleagues = told[company.agent.id], told[company.colleague.id]
    assert mine.refusal == ("pool_caps", "at 1 of 1 leads today in Solar")
    assert mine.until is not None
    assert colleagues.refusal == ("pool_open_cap", "at 0 of 0 open leads in Solar")
    assert colleagues.until is None


class TestWhoeverIsFullLosesWhatTheyAreOwed:
    """`forfeit_at_cap`."""

    @pytest.fixture
    def cy(self, company: Company) -> Person:
        return make_user(company, "Cy Third")

    @pytest.fixture
    def owed(self, company: Company, pool: models.Pool, cy: Person) -> dict[UUID, int]:
        """Everybody's credit when somebody who is owed a part of a lead has just become full."""
        set_members(company, pool.id, {company.agent: 1, company.colleague: 1, cy: 1})
        change_pool(company, pool.id, forfeit_at_cap=True)
        arrive(company)
        standing = {user_id: credit for user_id, (credit, _) in sights.standing(company, pool.id).items()}
        self.full = next(user_id for user_id, credit in standing.items() if credit > 0)
        change_pool(company, pool.id, caps={self.full: models.member_caps.MemberCaps(open=0)})
        return standing

    def kinds(self, company: Company, pool: models.Pool) -> list[str]:
        statement = select(LedgerEntry).where(LedgerEntry.pool_id == pool.id).order_by(LedgerEntry.id)
        return [entry.kind for entry in sights.rows(company, statement)]

    def test_with_the_next_turn_and_the_books_say_so(
        self, company: Company, pool: models.Pool, owed: dict[UUID, int]
    ) -> None:
        assert owed[self.full] > 0
        arrive(company)
        assert self.kinds(company, pool)[-2:] == ["forfeit", "step"]
        credit, _ = sights.standing(company, pool.id)[self.full]
        assert credit == 0
        with company.inside():
            assert ledger_rebuild.differences(company.id) == []
        assert_consistent(company)
        arrive(company)
        assert self.kinds(company, pool)[-2:] == ["step", "step"], "nothing is lost twice"

    def test_in_a_batch_as_one_by_one(self, company: Company, pool: models.Pool, owed: dict[UUID, int]) -> None:
        leads = [arrive(company, assignee=company.owner.email).lead_id for _ in range(3)]
        for lead_id in leads:
            assign(company.owner, lead_id, None)
        with company.inside():
            hand_out(pool.id, leads)
        assert self.kinds(company, pool)[-4:] == ["forfeit", "step", "step", "step"]
        assert sights.standing(company, pool.id)[self.full][0] == 0
        assert_consistent(company)

    def test_a_recalled_offer_gives_back_its_turn_not_what_was_lost(
        self, company: Company, pool: models.Pool, owed: dict[UUID, int]
    ) -> None:
        change_pool(company, pool.id, delivery="offer")
        lead_id = arrive(company).lead_id
        recall(company.manager, sights.open_offer(company, lead_id).id)
        assert sights.standing(company, pool.id)[self.full][0] == 0
        assert_consistent(company)
