"""Every change of the set-up is a version, and each can be gone back to."""

from __future__ import annotations

import pytest
from sqlalchemy import select

from portal.errors import Conflict, Forbidden, Invalid, NotFound
from portal.extensions import db
from portal.models import RuleSet
from portal.operations.company import create_company
from portal.operations.setup_apply import apply_setup, plan_setup
from portal.operations.setup_told import setup_now, without_ids
from portal.operations.versions import roll_back
from portal.queries.pools import pool_views
from tests.cast import Company
from tests.factories import make_pool, make_team
from tests.operations import sights
from tests.operations.acts import arrive


def versions(company: Company) -> list[RuleSet]:
    with company.inside():
        found = list(db.session.scalars(select(RuleSet).order_by(RuleSet.number)))
        db.session.expunge_all()
        return found


def back(company: Company, number: int) -> list[str]:
    with company.inside():
        return [str(each) for each in roll_back(number, by=company.owner.user())]


def made(company: Company, name: str = "Buyers", **fields: object) -> str:
    answer = company.owner.api.post("/pools", {"name": name, **fields})
    assert answer.status_code == 201, answer.json
    return str(answer.json["id"])


def test_each_change_is_a_version_with_whoever_made_it(company: Company) -> None:
    pool = made(company)
    company.owner.api.patch(f"/pools/{pool}", {"window_seconds": 60})
    company.owner.api.post("/tags", {"text": "Roof"})
    company.owner.api.patch("/company", {"presence_mode": "skip_offline"})
    found = versions(company)
    assert [each.number for each in found] == [1, 2, 3, 4]
    assert [each.data["pools"][0]["window_seconds"] for each in found] == [300, 60, 60, 60]
    assert {each.made_by_name for each in found} == {company.owner.name}


def test_what_changes_nothing_or_something_else_is_none(company: Company) -> None:
    pool = made(company)
    company.owner.api.patch(f"/pools/{pool}", {"window_seconds": 300})
    company.owner.api.patch(f"/pools/{pool}", {"window_seconds": 1})
    company.owner.api.patch("/company", {"rate_limit": 200})
    company.owner.api.post("/users", {"name": "Zoe", "email": "zoe.v@example.com"})
    with company.inside():
        plan_setup({"tags": [{"text": "Solar"}]}, by=company.owner.user())
    assert [each.number for each in versions(company)] == [1]


def test_a_whole_file_is_one_version(company: Company) -> None:
    with company.inside():
        wanted = {"tags": [{"text": "Solar"}, {"text": "Roof"}], "pools": [{"name": "A"}, {"name": "B"}]}
        apply_setup(wanted, by=company.owner.user())
    assert len(versions(company)) == 1


def test_a_new_company_begins_with_a_version(company: Company) -> None:
    with company.inside():
        new = create_company(name="New", email="new.owner@example.com")
        [first] = db.session.scalars(select(RuleSet).where(RuleSet.company_id == new.company_id))
        assert (first.number, first.note) == (1, "As the company began.")


def test_decisions_name_the_version_they_were_made_under(company: Company) -> None:
    before = arrive(company)
    pool = made(company, delivery="assign")
    company.owner.api.put(f"/pools/{pool}/members", {"members": [{"user_id": str(company.agent.id)}]})
    company.owner.api.patch(f"/rules/{company.default_rule_id}", {"pool_id": pool})
    after = arrive(company)
    company.owner.api.patch(f"/pools/{pool}", {"max_offers": 3})
    last = arrive(company)
    numbers = [sights.decisions(company, taken.lead_id)[0].rule_set for taken in (before, after, last)]
    assert numbers == [None, 3, 4]
    told = company.owner.api.get(f"/leads/{after.lead_id}/decisions").json["items"][0]
    assert told["rule_set"] == 3


def test_rolling_back_makes_everything_what_it_was_as_a_new_version(company: Company) -> None:
    pool = made(company)
    company.owner.api.post("/tags", {"text": "Roof"})
    with company.inside():
        then = without_ids(setup_now(company.id))
    members = [{"user_id": str(company.agent.id), "weight": 3}]
    company.owner.api.put(f"/pools/{pool}/members", {"members": members})
    company.owner.api.post("/rules", {"name": "Forms", "pool_id": pool, "conditions": {"source": ["form"]}})
    company.owner.api.patch(f"/rules/{company.default_rule_id}", {"pool_id": pool})
    said = back(company, 2)
    assert f"~ pool “Buyers”, member {company.agent.email}: weight 3 → none" in said
    assert "- rule “Forms”" in said
    with company.inside():
        assert without_ids(setup_now(company.id)) == then
    assert (versions(company)[-1].number, versions(company)[-1].note) == (6, "Rolled back to version 2.")


def test_going_back_over_a_renamed_pool_renames_it_and_keeps_its_turns(company: Company) -> None:
    pool = make_pool(company, [company.agent, company.colleague], name="Buyers")
    company.owner.api.patch(f"/pools/{pool.id}", {"max_offers": 3})
    arrive(company)
    ledger = company.owner.api.get(f"/pools/{pool.id}/ledger").json
    company.owner.api.patch(f"/pools/{pool.id}", {"name": "Sellers"})
    assert back(company, 1) == [
        "~ pool “Buyers”, name: Sellers → Buyers",
        "~ rule “Everything else”, pool: Sellers → Buyers",
    ]
    with company.inside():
        assert [view.pool.id for view in pool_views()] == [pool.id]
    assert company.owner.api.get(f"/pools/{pool.id}/ledger").json == ledger


def test_going_back_over_a_pool_for_reassignments_that_new_leads_come_to_now(company: Company) -> None:
    """What leads to it lets go of it first, though rules and teams come after the pools."""
    api, team = company.owner.api, make_team(company, "North")
    pool = made(company, "Movers", for_reassignment=True)
    before = made(company, "Before")
    assert api.patch(f"/pools/{pool}", {"for_reassignment": False}).status_code == 200
    assert api.post("/rules", {"name": "Forms", "pool_id": pool}).status_code == 201
    assert api.patch(f"/teams/{team.id}", {"default_pool_id": pool}).status_code == 200
    assert api.patch(f"/pools/{before}", {"next_pool_id": pool}).status_code == 200
    later = made(company, "Later", next_pool_id=pool)
    assert later
    newest = versions(company)[-1].number
    assert "~ pool “Movers”, for reassignment: no → yes" in back(company, 2)
    assert "~ pool “Movers”, for reassignment: yes → no" in back(company, newest)
    with company.inside():
        found = setup_now(company.id)
    assert {pool["name"]: pool["next_pool"] for pool in found["pools"]} == {
        "Movers": None, "Before": "Movers", "Later": "Movers",
    }  # fmt: skip
    assert found["rules"][0]["pool"] == found["teams"][0]["default_pool"] == "Movers"


def test_going_back_over_renamed_and_moved_teams_finds_them(company: Company) -> None:
    """Also where another team has the name by now."""
    api, north, sales = company.owner.api, make_team(company, "North"), make_team(company, "Sales")
    pool = made(company, team_id=str(sales.id))
    api.post("/rules", {"name": "Here", "to_team_id": str(north.id)})
    api.post("/rules", {"name": "On", "team_id": str(north.id), "to_team_id": str(sales.id), "paused": True})
    then = versions(company)[-1].number
    api.patch(f"/pools/{pool}", {"team_id": None})
    assert api.patch(f"/teams/{sales.id}", {"name": "Deals", "parent_id": str(north.id)}).status_code == 200
    assert api.patch(f"/teams/{north.id}", {"name": "South"}).status_code == 200
    make_team(company, "North")
    assert back(company, then) == ["~ pool “Buyers”, team: none → South / Deals"]
    with company.inside():
        found = setup_now(company.id)
    assert found["rules"][0]["to_team"] == found["teams"][0]["name"] == "South"
    assert found["teams"][0]["rules"][0]["to_team"] == "South / Deals"


def test_what_cannot_be_gone_back_to_says_why_and_changes_nothing(company: Company) -> None:
    team = make_team(company, "North")
    pool = made(company, team_id=str(team.id))
    company.owner.api.patch(f"/pools/{pool}", {"team_id": None})
    assert company.owner.api.delete(f"/teams/{team.id}").status_code == 204
    with company.inside(), pytest.raises(Invalid) as refused:
        roll_back(1, by=company.owner.user())
    assert refused.value.errors[0].field == "pools.0.team"
    assert len(versions(company)) == 2
    with pytest.raises(Conflict, match="already"):
        back(company, 2)
    with pytest.raises(NotFound):
        back(company, 9)


def test_only_who_sets_up_distribution_may(company: Company) -> None:
    made(company)
    for person in (company.manager, company.agent):
        with company.inside(), pytest.raises(Forbidden):
            roll_back(1, by=person.user())


def test_another_companys_versions_are_unknown(company: Company, other_company: Company) -> None:
    made(other_company)
    with pytest.raises(NotFound):
        back(company, 1)


def test_rules_of_a_team_come_back_though_it_was_renamed(company: Company) -> None:
    api, pool, north = company.owner.api, made(company), make_team(company, "North").id
    rule = api.post("/rules", {"name": "Roofs", "team_id": str(north), "pool_id": pool}).json["id"]
    api.patch(f"/teams/{north}", {"default_pool_id": pool})
    number = versions(company)[-1].number
    api.patch(f"/teams/{north}", {"name": "The north", "default_pool_id": None})
    assert api.delete(f"/rules/{rule}").status_code == 204
    assert back(company, number) == [
        "~ team “The north”, default pool: none → Buyers",
        "+ rule “Roofs” of team “The north” (pool Buyers)",
    ]
