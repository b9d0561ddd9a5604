"""Why a lead went where it went, as far as it is for somebody's eyes."""

from __future__ import annotations

import pytest
from apiflask import APIFlask

from tests.cast import Company, Person
from tests.factories import make_pool, make_user
from tests.operations.acts import arrive, change_company, change_user, somebody
from tests.page import sign_in

MASKS = ("Agent 1", "Agent 2")


@pytest.fixture
def masked(company: Company) -> str:
    """The id of a lead that is Ana's, decided about with two others in line, in a company that masks names."""
    change_company(company, mask_names_in_why=True)
    make_user(company, "Cy Third")
    third = make_user(company, "Dora Fourth", available=False)
    make_pool(company, [company.agent, company.colleague, third], name="Sun", delivery="assign")
    change_user(company, company.colleague, available=False)
    return str(arrive(company).lead_id)


def test_a_rep_reads_masks_for_others_and_their_own_name(app: APIFlask, company: Company, masked: str) -> None:
    answer = company.agent.api.get(f"/leads/{masked}/decisions")
    [decision] = answer.json["items"]
    assert company.colleague.name not in answer.text
    assert "Dora Fourth" not in answer.text
    assert company.agent.name in " ".join(decision["sentences"])
    assert {f"{mask}: paused." for mask in MASKS} <= set(decision["sentences"])
    assert decision["chosen"] == [str(company.agent.id)]
    by_name = {row["name"]: row["user_id"] for row in decision["candidates"]}
    assert by_name == {company.agent.name: str(company.agent.id), "Agent 1": None, "Agent 2": None}
    page = sign_in(app, company.agent).open(f"/leads/{masked}")
    assert "Agent 1: paused." in page.words
    assert company.colleague.name not in page.words


def test_who_manages_reads_names(app: APIFlask, company: Company, masked: str) -> None:
    for person in (company.owner, company.manager):
        [decision] = person.api.get(f"/leads/{masked}/decisions").json["items"]
        assert f"{company.colleague.name}: paused." in decision["sentences"]
        assert company.colleague.name in sign_in(app, person).open(f"/leads/{masked}").words


def test_without_the_setting_names_are_named(company: Company, masked: str) -> None:
    change_company(company, mask_names_in_why=False)
    assert company.colleague.name in company.agent.api.get(f"/leads/{masked}/decisions").text


def test_one_other_is_another_agent_also_where_the_lead_went_to_them(app: APIFlask, company: Company) -> None:
    change_company(company, mask_names_in_why=True)
    make_pool(company, [company.agent, company.colleague], delivery="assign")
    change_user(company, company.agent, available=False)
    lead_id = arrive(company).lead_id
    [decision] = company.agent.api.get(f"/leads/{lead_id}/decisions").json["items"]
    assert decision["why"].startswith("Another agent is next in turn")
    assert decision["chosen"] == []
    for path in ("timeline", "decisions"):
        told = company.agent.api.get(f"/leads/{lead_id}/{path}").json["items"]
        assert not any(company.colleague.name in str(each.get("text")) for each in told)
    texts = [each["text"] for each in company.agent.api.get(f"/leads/{lead_id}/timeline").json["items"]]
    assert decision["why"] in texts


def test_a_mask_is_the_same_throughout_a_decision(company: Company, masked: str) -> None:
    [decision] = company.agent.api.get(f"/leads/{masked}/decisions").json["items"]
    [again] = company.agent.api.get(f"/leads/{masked}/decisions").json["items"]
    assert decision == again


def test_a_persons_page_tells_what_decisions_said_of_them(app: APIFlask, company: Company, masked: str) -> None:
    page = sign_in(app, company.owner).open(f"/people/{company.colleague.id}")
    assert f"{company.colleague.name}: paused." in page.words
    assert f"/leads/{masked}#why-head" in page.links
    assert "No lead shown to you" in sign_in(app, company.owner).open(f"/people/{company.manager.id}").words


def test_a_pools_page_tells_why_its_last_leads_went_where_they_went(
    app: APIFlask, company: Company, masked: str
) -> None:
    pool, empty = company.owner.api.get("/pools").json["items"][0]["id"], make_pool(company, name="Empty")
    page = sign_in(app, company.owner).open(f"/pools/{pool}")
    assert f"{company.agent.name} is next in turn" in page.words
    assert f"/leads/{masked}#why-head" in page.links
    assert "No lead shown to you" in sign_in(app, company.owner).open(f"/pools/{empty.id}").words


def test_the_page_that_adds_a_lead_masks_names_too(app: APIFlask, company: Company) -> None:
    change_company(company, mask_names_in_why=True)
    make_pool(company, [company.colleague], delivery="assign")
    added = {person: sign_in(app, person).open("/leads/new") for person in (company.agent, company.owner)}
    said = {person: page.press("Add this lead", name="Rosa", phone=somebody()).words for person, page in added.items()}
    assert "The lead is in. Another agent is next in turn" in said[company.agent]
    assert f"The lead is in. {company.colleague.name} is next in turn" in said[company.owner]


def test_who_is_named_in_vain_is_not_told_by_name(company: Company) -> None:
    change_user(company, company.colleague, active=False)
    for sender in (company.agent.intake, company.agent.api):
        lead = {"name": "Rosa", "phone": somebody(), "assignee": str(company.colleague.id)}
        answer = sender.post("/leads", lead)
        assert [warning["code"] for warning in answer.json["warnings"]] == ["inactive_assignee"]
        assert company.colleague.name not in answer.text


def test_the_answer_to_a_lead_sent_in_masks_names_like_every_other_why(company: Company) -> None:
    change_company(company, mask_names_in_why=True)
    make_pool(company, [company.colleague], delivery="assign")

    def reason(sender: Person, **told: str) -> str:
        answer = sender.api.post("/leads", {"name": "Rosa", "phone": somebody(), **told})
        assert answer.json["routing"]["outcome"] == "assigned"
        return str(answer.json["routing"]["reason"])

    assert reason(company.agent).startswith("Another agent is next in turn")
    assert reason(company.agent, assignee=company.colleague.email) == "Another agent was named as the assignee."
    for sender in (company.colleague, company.owner):
        assert company.colleague.name in reason(sender)
        assert company.colleague.name in reason(sender, assignee=company.colleague.email)


def test_a_mask_is_not_lifted_by_a_tag_that_is_somebodys_own_address(company: Company) -> None:
    change_company(company, mask_names_in_why=True)
    make_pool(company, [company.agent, company.colleague], delivery="assign", picker="best_match")
    told = {"name": "Rosa", "phone": somebody(), "text": f"I spoke to {company.colleague.email}."}
    taken = company.agent.api.post("/leads", told)
    assert taken.json["routing"]["reason"] == "Another agent fits best: score 1000."
    mine = company.agent.api.get(f"/leads/{taken.json['id']}/decisions").json["items"][0]
    assert company.colleague.email not in f"{mine['sentences']} {mine['candidates']}"
    named = company.owner.api.get(f"/leads/{taken.json['id']}/decisions").json["items"][0]
    assert f"fits best: score 1000 ({company.colleague.email})." in named["why"]
