"""Set-ups that make no sense are refused with the reason; those that only look so do what they say."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import text

from portal.extensions import db
from portal.models import Rule
from tests.blueprints.api.database_state import nothing_changes
from tests.cast import Company
from tests.factories import make_pool

MANY_TAGS = 5_000
BOMB = "(a+)+$"
LONG_AGO = {"exceptions": {"2020-01-02": [["09:00", "17:00"]]}}


@pytest.mark.parametrize(
    ("path", "body", "field", "reason"),
    [
        ("/tags", {"text": ""}, "text", ""),
        ("/tags", {"text": "  "}, "text", ""),
        ("/rules", {"name": "Odd", "conditions": {"shoe_size": ["44"]}}, "conditions.shoe_size", "shoe_size"),
        ("/rules", {"name": "Odd", "strictness": {"shoe_size": "exact"}}, "strictness.shoe_size", ""),
        ("/rules", {"name": "Odd", "hours": {"monday": []}}, "hours", "never open"),
        ("/pools", {"name": "Odd", "hours": {"monday": []}}, "hours", "never open"),
        ("/rules", {"name": "Odd", "hours": LONG_AGO}, "hours", "the dates they are open on are over"),
        ("/pools", {"name": "Odd", "hours": LONG_AGO}, "hours", "the dates they are open on are over"),
        ("/rules", {"name": "Odd", "conditions": {"fields": {"rooms": {"matches": BOMB}}}}, "conditions", ""),
    ],
)
def test_is_refused_by_the_name_of_its_field(
    company: Company, path: str, body: dict[str, Any], field: str, reason: str
) -> None:
    api = company.owner.api
    with nothing_changes(company.app):
        answer = api.post(path, body)
    assert answer.status_code == 422
    refused = answer.json
    assert any(error["field"].startswith(field) and reason in error["message"] for error in refused["errors"]), refused


def test_hours_of_people_that_never_open_any_more_are_refused_and_those_of_rules_run_out_quietly(
    company: Company,
) -> None:
    answer = company.owner.api.patch(f"/users/{company.agent.id}", {"hours": LONG_AGO})
    assert answer.status_code == 422
    assert [error["field"] for error in answer.json["errors"]] == ["hours"]
    rule = company.owner.api.post("/rules", {"name": "Fair", "conditions": {"city": ["Ronda"]}}).json["id"]
    with company.inside():
        db.session.get_one(Rule, (company.id, UUID(rule))).hours = LONG_AGO
        db.session.commit()
    changed = company.owner.api.patch(f"/rules/{rule}", {"name": "The fair", "hours": LONG_AGO})
    assert (changed.status_code, changed.json["name"]) == (200, "The fair")


def test_pools_that_lead_on_in_a_circle_are_refused_with_the_way(company: Company) -> None:
    api = company.owner.api
    first = api.post("/pools", {"name": "First"}).json["id"]
    second = api.post("/pools", {"name": "Second", "next_pool_id": first}).json["id"]
    answer = api.patch(f"/pools/{first}", {"next_pool_id": second})
    assert answer.status_code == 422
    refused = answer.json
    assert refused["errors"][0]["field"] == "next_pool_id"
    assert "“First” → “Second” → “First”" in refused["errors"][0]["message"]


def test_a_pool_whose_weights_are_all_zero_is_paused_and_its_leads_go_down_the_ladder(company: Company) -> None:
    pool = make_pool(company, {company.agent: 0, company.colleague: 0}, [company.manager])
    taken = company.owner.api.post("/leads", {"name": "Grace", "phone": "+14155550101"}).json
    assert taken["owner_id"] == str(company.manager.id)
    decision = company.owner.api.get(f"/leads/{taken['id']}/decisions").json["items"][0]
    assert [(one["eligible"], one["gate"]) for one in decision["candidates"]][:2] == [(False, "member")] * 2
    turns = company.owner.api.get(f"/pools/{pool.id}/ledger").json["items"]
    assert {float(each["credit"]) for each in turns} == {0}


def test_a_pattern_in_a_rule_is_plain_text(company: Company) -> None:
    pool = make_pool(company, [company.agent], name="Bombs", default_rule=False, delivery="assign")
    api = company.owner.api
    conditions = {"fields": {"note": {"contains": BOMB}}}
    api.post("/rules", {"name": "Bomb", "conditions": conditions, "pool_id": str(pool.id)})
    plain = api.post("/leads", {"name": "Ann", "phone": "+14155550102", "fields": {"note": "a" * 1000 + "!"}}).json
    literal = api.post("/leads", {"name": "Bob", "phone": "+14155550103", "fields": {"note": f"so {BOMB} it is"}}).json
    assert (plain["routing"]["pool_id"], literal["routing"]["pool_id"]) == (None, str(pool.id))


def test_a_field_no_lead_has_is_met_by_none(company: Company) -> None:
    pool = make_pool(company, [company.agent], name="Rooms", default_rule=False)
    api = company.owner.api
    rule = {"name": "Rooms", "conditions": {"fields": {"rooms": {"equals": "3"}}}, "pool_id": str(pool.id)}
    api.post("/rules", rule)
    taken = api.post("/leads", {"name": "Ann", "phone": "+14155550104"}).json
    assert taken["routing"]["pool_id"] is None


def test_five_thousand_tags_are_all_looked_for(company: Company) -> None:
    make_pool(company, [company.agent])
    with company.inside():
        db.session.execute(
            text(
                "INSERT INTO tags (company_id, id, text, normal, kind, weight) "
                "SELECT :company, gen_random_uuid(), 'Roof ' || n, 'roof ' || n, 'preferential', 50 "
                "FROM generate_series(1, :many) n"
            ),
            {"company": company.id, "many": MANY_TAGS},
        )
        db.session.commit()
    words = "We want Roof 1 and ROOF 5000, never roof 5001. " + "blah " * 9_900
    taken = company.owner.api.post("/leads", {"name": "Ann", "phone": "+14155550105", "text": words}).json
    assert sorted(taken["tags_found"]) == ["Roof 1", "Roof 5000"]
