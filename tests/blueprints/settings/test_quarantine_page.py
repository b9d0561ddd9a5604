"""The page of the two lists, and letting a lead out of quarantine."""

from __future__ import annotations

from apiflask import APIFlask

from tests.cast import Company
from tests.factories import make_pool
from tests.page import sign_in

BLOCKED = {"verdict": "block", "clue": "domain", "text": "spam.example"}


def test_a_line_is_added_refused_twice_logged_and_removed(app: APIFlask, company: Company) -> None:
    owner = sign_in(app, company.owner)
    assert "/settings/quarantine" in owner.open("/settings").html
    page = owner.open("/settings/quarantine").press("Add", **BLOCKED)
    assert "spam.example Domain, and all below it" in page.words
    [entry] = company.owner.api.get("/quarantine-entries").json["items"]
    assert BLOCKED.items() <= entry.items()
    page = page.press("Add", status=422, **{**BLOCKED, "verdict": "allow"})
    assert "on the block list already" in page.error_of("text")
    page = owner.open("/settings/quarantine").press("Remove spam.example")
    assert "Nothing is blocked" in page.words
    assert "Quarantine list" in owner.open("/audit").words


def test_agents_managers_and_strangers_do_not_reach_it(app: APIFlask, company: Company, other_company: Company) -> None:
    entry = company.owner.api.post("/quarantine-entries", BLOCKED).json["id"]
    for person in (company.agent, company.manager):
        sign_in(app, person).open("/settings/quarantine", status=403)
        assert person.api.delete(f"/quarantine-entries/{entry}").status_code == 403
    assert company.agent.api.get("/quarantine-entries").status_code == 403
    assert company.manager.api.get(f"/quarantine-entries/{entry}").json["value"] == "spam.example"
    assert other_company.owner.api.delete(f"/quarantine-entries/{entry}").status_code == 404
    assert company.owner.api.delete(f"/quarantine-entries/{entry}").status_code == 204


def test_a_lead_in_quarantine_is_found_under_its_filter_and_let_go(app: APIFlask, company: Company) -> None:
    make_pool(company, [company.agent], delivery="assign")
    company.owner.api.post("/quarantine-entries", BLOCKED)
    sent = company.owner.api.post("/leads", {"name": "Sam Spam", "email": "sam@spam.example"})
    assert (sent.json["state"], sent.json["routing"]["outcome"]) == ("quarantined", "quarantined")
    manager = sign_in(app, company.manager)
    page = manager.open("/leads")
    assert "Sam Spam" not in page.words
    page = page.press_link("Quarantined 1")
    assert "Sam Spam" in page.words
    assert "Let it go" not in sign_in(app, company.agent).open(f"/leads/{sent.json['id']}").words
    page = page.press_link("Sam Spam")
    assert "on the block list" in page.words
    page = page.press("Let it go")
    assert f"Let go. Handed out by the rules: {company.agent.name}" in page.words
    assert company.owner.api.get(f"/leads/{sent.json['id']}").json["owner_id"] == str(company.agent.id)


def test_the_api_lets_it_go_for_those_who_hand_out(company: Company) -> None:
    make_pool(company, [company.agent], delivery="assign")
    company.owner.api.post("/quarantine-entries", BLOCKED)
    lead = company.owner.api.post("/leads", {"email": "sam@spam.example"}).json["id"]
    assert company.agent.api.post(f"/leads/{lead}/release", {}).status_code == 403
    released = company.manager.api.post(f"/leads/{lead}/release", {})
    assert (released.status_code, released.json["state"]) == (200, "owned")
    assert company.manager.api.post(f"/leads/{lead}/release", {}).status_code == 409
