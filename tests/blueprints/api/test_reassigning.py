"""Handing an owned lead to a group through the API, and the time a pool gives owners to log a contact."""

from __future__ import annotations

from typing import Any

import pytest

from tests.cast import Api, Company
from tests.consistency import assert_consistent
from tests.factories import make_lead, make_pool, make_user


@pytest.fixture
def group(api: Api, company: Company) -> str:
    """A pool for reassignments of agent and colleague, whose default assignee is the owner."""
    made = api.post(
        "/pools",
        {
            "name": "Second try",
            "for_reassignment": True,
            "members": [{"user_id": str(company.agent.id)}, {"user_id": str(company.colleague.id)}],
        },
    )
    assert (made.status_code, made.json["for_reassignment"], made.json["contact_within"]) == (201, True, None)
    return str(made.json["id"])


@pytest.fixture
def lead(api: Api, company: Company) -> dict[str, Any]:
    """A lead Mara owns."""
    mara = make_user(company, "Mara Before")
    sent: dict[str, Any] = api.post("/leads", {"text": "Call me", "assignee": str(mara.id)}).json
    return sent


def test_the_answer_is_accepted_and_the_first_offer_is_there(
    api: Api, company: Company, group: str, lead: dict[str, Any]
) -> None:
    answer = api.post(f"/leads/{lead['id']}/reassign", {"pool_id": group})
    assert (answer.status_code, answer.json["state"], answer.json["owner_id"]) == (202, "owned", lead["owner_id"])
    running = answer.json["reassignment"]
    assert (running["pool_id"], running["pool"], running["trigger"]) == (group, "Second try", "by_hand")
    assert (running["from"], running["started_by"]) == (lead["owner_id"], str(company.owner.id))
    (offer,) = api.get(f"/offers?lead={lead['id']}").json["items"]
    assert (offer["state"], offer["kind"], offer["pool_id"]) == ("open", "exclusive", group)
    (listed,) = api.get("/leads?bucket=assigned").json["items"]
    assert listed["reassignment"] == running


def test_who_accepts_owns_it_and_nothing_runs_any_more(
    api: Api, company: Company, group: str, lead: dict[str, Any]
) -> None:
    api.post(f"/leads/{lead['id']}/reassign", {"pool_id": group})
    (offer,) = api.get(f"/offers?lead={lead['id']}").json["items"]
    assert company.agent.api.get(f"/leads/{lead['id']}").json["masked"] is True
    accepted = company.agent.api.post(f"/offers/{offer['id']}/accept")
    assert accepted.status_code == 200
    shown = api.get(f"/leads/{lead['id']}").json
    assert (shown["owner_id"], shown["reassignment"], shown["pool_id"]) == (str(company.agent.id), None, group)
    kinds = [entry["kind"] for entry in api.get(f"/leads/{lead['id']}/timeline").json["items"]]
    assert kinds[:4] == ["reassignment_ended", "accepted", "offered", "reassignment_started"]
    assert_consistent(company)


def test_meanwhile_assigning_and_taking_back_answer_conflict(
    api: Api, company: Company, group: str, lead: dict[str, Any]
) -> None:
    path = f"/leads/{lead['id']}"
    api.post(f"{path}/reassign", {"pool_id": group})
    for body in ({"user_id": str(company.agent.id)}, {"user_id": None}):
        assert api.post(f"{path}/assign", body).status_code == 409
    assert api.post(f"{path}/reassign", {"pool_id": group}).status_code == 409
    assert api.post(f"{path}/close", {"reason": "won"}).json["reassignment"] is None


def test_cancelling_leaves_it_where_it_is(api: Api, company: Company, group: str, lead: dict[str, Any]) -> None:
    path = f"/leads/{lead['id']}"
    assert api.delete(f"{path}/reassign").status_code == 409
    api.post(f"{path}/reassign", {"pool_id": group})
    assert company.agent.api.delete(f"{path}/reassign").status_code == 403
    cancelled = api.delete(f"{path}/reassign")
    assert (cancelled.status_code, cancelled.json["owner_id"], cancelled.json["reassignment"]) == (
        200,
        lead["owner_id"],
        None,
    )
    assert_consistent(company)


def test_a_lead_nobody_owns_is_no_lead_to_reassign(api: Api, company: Company, group: str) -> None:
    assert api.post(f"/leads/{make_lead(company).id}/reassign", {"pool_id": group}).status_code == 409


def test_new_leads_never_come_to_a_group(api: Api, company: Company, group: str) -> None:
    refused = api.patch(f"/rules/{company.default_rule_id}", {"pool_id": group})
    assert (refused.status_code, refused.json["errors"][0]["field"]) == (422, "pool_id")
    refused = api.post("/pools", {"name": "North", "next_pool_id": group})
    assert (refused.status_code, refused.json["errors"][0]["field"]) == (422, "next_pool_id")
    refused = api.post("/leads/hand-out", {"pool_id": group})
    assert (refused.status_code, refused.json["errors"][0]["field"]) == (422, "pool_id")


def test_a_pool_new_leads_come_to_is_not_made_a_group(api: Api, company: Company) -> None:
    ruled = make_pool(company, [company.agent], name="Ruled")
    handed_on = make_pool(company, [company.agent], default_rule=False)
    make_pool(company, [company.agent], default_rule=False, next_pool_id=handed_on.id)
    for pool in (ruled, handed_on):
        refused = api.patch(f"/pools/{pool.id}", {"for_reassignment": True})
        assert (refused.status_code, refused.json["errors"][0]["field"]) == (422, "for_reassignment")


def test_a_pool_keeps_the_time_its_owners_have(api: Api, company: Company) -> None:
    pool = make_pool(company, [company.agent])
    for seconds in (3600, None):
        changed = api.patch(f"/pools/{pool.id}", {"contact_within": seconds})
        assert (changed.status_code, changed.json["contact_within"]) == (200, seconds)
