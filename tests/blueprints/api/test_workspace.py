"""Working on a lead by API: comments, memos, attempts, and what became of it."""

from __future__ import annotations

from typing import Any

import pytest

from tests.cast import Api, Company
from tests.factories import make_lead, make_offer, make_pool


@pytest.fixture
def path(company: Company) -> str:
    """A lead of the agent."""
    return f"/leads/{make_lead(company, company.agent).id}"


def words(api: Api, path: str, **query: Any) -> list[str]:
    return [item["text"] for item in api.get(f"{path}/timeline", query_string=query).json["items"]]


def test_a_comment_is_answered_as_it_stands_in_the_timeline(company: Company, path: str) -> None:
    answer = company.agent.api.post(f"{path}/entries", {"kind": "comment", "text": " Done. "})
    assert answer.status_code == 201
    item = answer.json
    assert (item["kind"], item["text"], item["visibility"], item["edited_at"]) == ("comment", "Done.", "everyone", None)
    assert item["actor"] == {"type": "user", "id": str(company.agent.id), "name": "Ana Agent"}
    assert company.manager.api.get(f"{path}/timeline?kind=comment").json["items"] == [item]
    shown = company.owner.api.get("/outbox?cause=comment")
    assert shown.status_code == 200, shown.text
    told = shown.json["items"]
    assert {one["user_id"] for one in told} == {str(company.owner.id), str(company.manager.id)}
    assert "Done." in told[0]["text"]
    assert told[0]["links"] == [f"http://localhost{path}"]


def test_a_memo_tells_nobody(company: Company, path: str) -> None:
    for visibility in ("everyone", "managers"):
        body = {"kind": "memo", "text": f"For {visibility}", "visibility": visibility}
        assert company.agent.api.post(f"{path}/entries", body).status_code == 201
    assert words(company.agent.api, path) == ["For everyone"]
    assert words(company.manager.api, path) == ["For managers", "For everyone"]
    assert company.owner.api.get("/outbox").json["items"] == []


def test_who_may_not_comment_is_told_what_to_do_instead(company: Company, path: str) -> None:
    answer = company.colleague.api.post(f"{path}/entries", {"kind": "comment", "text": "Hi"})
    assert (answer.status_code, "memo" in answer.json["detail"]) == (403, True)


def test_the_same_idempotency_key_is_one_comment(company: Company, path: str) -> None:
    body, headers = {"kind": "comment", "text": "Once"}, {"Idempotency-Key": "c-1"}
    first = company.agent.api.post(f"{path}/entries", body, headers=headers)
    second = company.agent.api.post(f"{path}/entries", body, headers=headers)
    assert (second.status_code, second.json) == (201, first.json)
    assert words(company.agent.api, path) == ["Once"]


def test_an_author_writes_anew_and_it_says_so(company: Company, path: str) -> None:
    entry = company.agent.api.post(f"{path}/entries", {"kind": "memo", "text": "Frist"}).json["id"]
    answer = company.agent.api.patch(f"{path}/entries/{entry}", {"text": "First"})
    assert (answer.status_code, answer.json["text"]) == (200, "First")
    [item] = company.colleague.api.get(f"{path}/timeline").json["items"]
    assert (item["text"], item["edited_at"] is not None) == ("First", True)
    assert company.colleague.api.patch(f"{path}/entries/{entry}", {"text": "Mine"}).status_code == 403


def test_an_attempt_moves_the_contact_status(company: Company, path: str) -> None:
    answer = company.agent.api.post(f"{path}/attempts", {"way": "call", "reached": False, "note": "Busy"})
    assert (answer.status_code, answer.json["kind"]) == (201, "contact_attempt")
    assert answer.json["after"]["contact_status"] == "tried"
    assert company.agent.api.get(path).json["conversion"]["contact_status"] == "tried"


def test_what_became_of_a_lead_is_in_every_answer_about_it(company: Company, path: str) -> None:
    assert company.agent.api.get(path).json["conversion"] | {"status_id": None} == {
        "contact_status": "not_contacted",
        "status_id": None,
        "status": "Open",
        "status_group": "in_progress",
        "expected_value": None,
        "expected_close_on": None,
        "actual_value": None,
        "won_on": None,
        "lost_reason_id": None,
        "lost_reason": None,
        "note": None,
        "version": 0,
        "changed_at": None,
        "changed_by": None,
    }
    wanted = {
        "contact_status": "contacted",
        "status": "won",
        "expected_value": {"amount": "1200", "currency": "EUR"},
        "actual_value": {"amount": "1100.5"},
        "expected_close_on": "2026-12-24",
        "won_on": "2026-11-25",
        "note": "Paid.",
        "version": 0,
    }
    answer = company.agent.api.put(f"{path}/conversion", wanted)
    assert answer.status_code == 200
    told = answer.json["conversion"]
    assert told["expected_value"] == {"amount": "1200.00", "currency": "EUR"}
    assert told["actual_value"] == {"amount": "1100.50", "currency": "EUR"}
    assert (told["status"], told["status_group"], told["version"]) == ("Won", "won", 1)
    assert (told["won_on"], told["changed_by"]) == ("2026-11-25", "Ana Agent")
    assert company.manager.api.get(path).json["conversion"] == told
    [listed] = company.manager.api.get("/leads").json["items"]
    assert listed["conversion"] == told
    [item] = company.agent.api.get(f"{path}/timeline?kind=conversion").json["items"]
    assert (item["before"]["status"], item["after"]["status"]) == ("Open", "Won")


def test_fields_that_are_left_out_stay_and_null_empties(company: Company, path: str) -> None:
    api = company.agent.api
    api.put(f"{path}/conversion", {"note": "One", "expected_value": {"amount": "5.00", "currency": "EUR"}})
    api.put(f"{path}/conversion", {"status": "Quoted"})
    told = api.put(f"{path}/conversion", {"note": None}).json["conversion"]
    assert (told["note"], told["status"], told["expected_value"]["amount"]) == (None, "Quoted", "5.00")


def test_a_field_somebody_else_changed_is_a_conflict_with_both_values(company: Company, path: str) -> None:
    company.manager.api.put(f"{path}/conversion", {"status": "Quoted", "version": 0})
    answer = company.agent.api.put(f"{path}/conversion", {"status": "Qualified", "note": "Mine", "version": 0})
    assert answer.status_code == 409
    [error] = answer.json["errors"]
    assert error["field"] == "status"
    assert "Changed by Mara Manager a moment ago" in error["message"]
    assert "“Quoted”" in error["message"]
    assert "“Qualified”" in error["message"]
    assert company.agent.api.get(path).json["conversion"]["note"] is None
    assert company.agent.api.put(f"{path}/conversion", {"note": "Mine", "version": 0}).status_code == 200


def test_of_a_masked_lead_nothing_of_it_is_told_nor_can_be_said(company: Company) -> None:
    pool = make_pool(company, [company.agent])
    lead = make_lead(company)
    make_offer(company, lead, company.agent, pool)
    path, api = f"/leads/{lead.id}", company.colleague.api
    company.manager.api.put(f"{path}/conversion", {"note": "Carla"})
    assert (api.get(path).json["masked"], api.get(path).json["conversion"]) == (True, {})
    assert "Carla" not in api.get("/leads").text
    for call, body in (
        ("entries", {"kind": "memo", "text": "Hi"}),
        ("attempts", {"way": "call", "reached": True}),
    ):
        assert api.post(f"{path}/{call}", body).status_code == 403
    assert api.put(f"{path}/conversion", {"note": "Hi"}).status_code == 403
    assert api.get(f"{path}/timeline").json["items"] == []


def test_the_company_tells_its_lists_and_its_currency(company: Company) -> None:
    answer = company.owner.api.patch("/company", {"currency": "eur"})
    assert answer.json["currency"] == "EUR"
    assert [each["name"] for each in answer.json["conversion_statuses"]][:2] == ["Open", "Qualified"]
    assert answer.json["conversion_statuses"][0].keys() == {"id", "name", "group", "active"}
    assert answer.json["lost_reasons"][0]["name"] == "Price"
