"""Tags as members of pools: whoever carries one is in, by the heaviest, unless they have an entry of their own."""

from __future__ import annotations

import random
from collections.abc import Mapping
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import func, select

from portal.extensions import db
from portal.models import LedgerAccount, Pool, PoolMember
from tests.cast import Company, Person
from tests.consistency import assert_consistent
from tests.factories import make_pool, make_user
from tests.operations.acts import arrive, change_user

NO_LIMITS = {"open": None, "day": None, "week": None, "month": None}


def parts_of(company: Company, pool: Pool) -> dict[UUID, tuple[int, int, str | None]]:
    with company.inside():
        rows = db.session.scalars(select(PoolMember).where(PoolMember.pool_id == pool.id))
        return {row.user_id: (row.weight, row.priority, row.agent_tag) for row in rows}


def credits_of(company: Company, pool: Pool) -> dict[UUID, int]:
    with company.inside():
        rows = db.session.execute(
            select(LedgerAccount.user_id, LedgerAccount.credit).where(LedgerAccount.pool_id == pool.id)
        )
        return dict(rows.all())


def put(company: Company, pool: Pool, *members: Mapping[str, Any], status: int = 200) -> Any:
    answer = company.owner.api.put(f"/pools/{pool.id}/members", {"members": list(members)})
    assert answer.status_code == status, answer.text
    return answer.json


def carry(company: Company, person: Person, *tags: str) -> None:
    change_user(company, person, tags=list(tags))


@pytest.fixture
def pool(company: Company) -> Pool:
    return make_pool(company, delivery="assign")


def test_a_tag_stands_for_all_who_carry_it_in_any_spelling(company: Company, pool: Pool) -> None:
    carry(company, company.agent, "Solar")
    told = put(company, pool, {"agent_tag": "SOLÁR", "weight": 3, "priority": 5})
    assert told["members"] == [{"agent_tag": "Solar", "weight": 3, "priority": 5, "caps": NO_LIMITS}]
    assert parts_of(company, pool) == {company.agent.id: (3, 5, "solar")}
    assert company.owner.api.get(f"/pools/{pool.id}").json["members"] == told["members"]
    assert {arrive(company).owner_id for _ in range(2)} == {company.agent.id}
    assert_consistent(company)


def test_a_tag_nobody_has_heard_of_is_made(company: Company, pool: Pool) -> None:
    put(company, pool, {"agent_tag": "Heat pumps"})
    assert "Heat pumps" in [each["text"] for each in company.owner.api.get("/tags").json["items"]]


def test_an_entry_of_ones_own_goes_before_tags_and_the_heaviest_tag_before_others(company: Company, pool: Pool) -> None:
    carry(company, company.agent, "solar", "wind")
    carry(company, company.colleague, "wind")
    solar, wind = {"agent_tag": "solar", "weight": 2}, {"agent_tag": "wind", "weight": 7}
    put(company, pool, solar, wind, {"user_id": str(company.colleague.id), "weight": 1, "priority": 4})
    assert parts_of(company, pool) == {company.agent.id: (7, 0, "wind"), company.colleague.id: (1, 4, None)}
    put(company, pool, solar, wind)
    assert parts_of(company, pool)[company.colleague.id] == (7, 0, "wind"), "without an entry, by the tag"
    put(company, pool, solar)
    assert parts_of(company, pool) == {company.agent.id: (2, 0, "solar")}
    assert_consistent(company)


def test_gaining_the_tag_is_joining_at_zero_and_losing_it_leaves_what_was_owed_to_the_rest(
    company: Company, pool: Pool
) -> None:
    third = make_user(company, "Cy Third")
    carry(company, company.agent, "solar")
    put(company, pool, {"agent_tag": "solar"}, {"user_id": str(company.colleague.id)})
    arrive(company)
    before = credits_of(company, pool)
    carry(company, third, "Solar")
    assert credits_of(company, pool) == before | {third.id: 0}
    carry(company, company.agent)
    left = credits_of(company, pool)
    assert left.keys() == {company.colleague.id, third.id}
    assert sum(left.values()) == 0
    assert_consistent(company)


def test_from_tag_to_entry_and_back_nobodys_credit_moves(company: Company, pool: Pool) -> None:
    carry(company, company.agent, "solar")
    colleague = {"user_id": str(company.colleague.id)}
    put(company, pool, {"agent_tag": "solar"}, colleague)
    arrive(company)
    before = credits_of(company, pool)
    put(company, pool, {"agent_tag": "solar"}, colleague, {"user_id": str(company.agent.id), "weight": 5})
    put(company, pool, {"agent_tag": "solar"}, colleague)
    assert credits_of(company, pool) == before
    assert any(before.values())


def test_somebody_new_with_the_tag_is_in_and_a_deactivated_one_stays_and_gets_nothing(
    company: Company, pool: Pool
) -> None:
    put(company, pool, {"agent_tag": "solar"})
    new = company.owner.api.post("/users", {"name": "Nina", "email": "nina@example.com", "tags": ["Solar"]}).json
    assert [str(user_id) for user_id in parts_of(company, pool)] == [new["id"]]
    assert company.owner.api.patch(f"/users/{new['id']}", {"active": False}).status_code == 200
    assert [str(user_id) for user_id in parts_of(company, pool)] == [new["id"]]
    carry(company, company.agent, "solar")
    assert arrive(company).owner_id == company.agent.id


def test_a_tag_that_is_a_member_is_renamed_with_it_and_not_deleted(company: Company, pool: Pool) -> None:
    carry(company, company.agent, "solar")
    put(company, pool, {"agent_tag": "solar"})
    [tag] = [each["id"] for each in company.owner.api.get("/tags").json["items"] if each["text"] == "solar"]
    refused = company.owner.api.delete(f"/tags/{tag}")
    assert (refused.status_code, pool.name in refused.text) == (409, True)
    assert company.owner.api.patch(f"/tags/{tag}", {"text": "Photovoltaics"}).status_code == 200
    assert parts_of(company, pool) == {company.agent.id: (1, 0, "photovoltaics")}
    told = company.owner.api.get(f"/pools/{pool.id}").json["members"]
    assert told == [{"agent_tag": "Photovoltaics", "weight": 1, "priority": 0, "caps": NO_LIMITS}]
    put(company, pool)
    assert company.owner.api.delete(f"/tags/{tag}").status_code == 204


@pytest.mark.parametrize(
    ("members", "field"),
    [
        ([{"weight": 1}], "members.0.user_id"),
        ([{"user_id": "{agent}", "agent_tag": "solar"}], "members.0.user_id"),
        ([{"user_id": "{agent}"}, {"agent_tag": " "}], "members.1.agent_tag"),
        ([{"agent_tag": "solar"}, {"user_id": "{agent}"}, {"user_id": "{agent}"}], "members.2.user_id"),
        ([{"agent_tag": "solar"}, {"user_id": "{agent}"}, {"agent_tag": "SOLAR"}], "members.2.agent_tag"),
        ([{"agent_tag": "solar"}, {"agent_tag": "x" * 201}], "members.1.agent_tag"),
    ],
)
def test_a_member_is_one_user_or_one_tag_once(
    company: Company, pool: Pool, members: list[dict[str, Any]], field: str
) -> None:
    sent = [
        {name: str(company.agent.id) if value == "{agent}" else value for name, value in each.items()}
        for each in members
    ]
    refused = put(company, pool, *sent, status=422)
    assert [error["field"] for error in refused["errors"]] == [field]
    assert parts_of(company, pool) == {}


@pytest.mark.parametrize("seed", range(4))
def test_after_any_history_members_are_what_the_definition_says_and_credits_sum_to_zero(
    company: Company, pool: Pool, seed: int
) -> None:
    rng, tags = random.Random(seed), ("solar", "wind", "roof")
    people = [company.agent, company.colleague, make_user(company, "Cy"), make_user(company, "Di")]
    carried: dict[UUID, list[str]] = {each.id: [] for each in people}
    own: dict[UUID, int] = {}
    by_tag: dict[str, int] = {}
    for _ in range(14):
        match rng.choice(("tags", "members", "lead")):
            case "tags":
                one = rng.choice(people)
                carried[one.id] = rng.sample(tags, rng.randint(0, 3))
                carry(company, one, *carried[one.id])
            case "members":
                own = {each.id: rng.randint(0, 5) for each in people if rng.random() < 0.4}
                by_tag = {tag: rng.randint(0, 9) for tag in tags if rng.random() < 0.5}
                users = [{"user_id": str(user_id), "weight": weight} for user_id, weight in own.items()]
                put(company, pool, *users, *({"agent_tag": tag, "weight": weight} for tag, weight in by_tag.items()))
            case _:
                arrive(company)
        expected = {
            each.id: own[each.id] if each.id in own else max(by_tag[tag] for tag in carried[each.id] if tag in by_tag)
            for each in people
            if each.id in own or any(tag in by_tag for tag in carried[each.id])
        }
        assert {user_id: part[0] for user_id, part in parts_of(company, pool).items()} == expected
        with company.inside():
            total = select(func.coalesce(func.sum(LedgerAccount.credit + LedgerAccount.second_credit), 0))
            assert db.session.scalar(total.where(LedgerAccount.pool_id == pool.id)) == 0
    assert_consistent(company)
