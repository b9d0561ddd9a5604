"""The draft: begun, changed, replayed and published on one page."""

from __future__ import annotations

import json

from apiflask import APIFlask

from portal.operations import replays
from portal.queries.replays import last_replays
from tests.cast import Company
from tests.factories import make_pool
from tests.operations.acts import arrive
from tests.page import sign_in


def test_a_draft_is_begun_changed_replayed_and_published(app: APIFlask, company: Company) -> None:
    make_pool(company, [company.agent, company.colleague], name="Buyers", delivery="assign")
    for _ in range(4):
        arrive(company)
    owner = sign_in(app, company.owner)
    page = owner.open("/settings/draft").press("Begin a draft")
    assert "Nothing yet: it is as today." in page.words
    data = json.loads(page.form("/settings/draft").fields["file"])
    data["pools"][0]["members"] = [each for each in data["pools"][0]["members"] if each["user"] == company.agent.email]
    page = page.press("Save the draft", file=json.dumps(data))
    assert f"member {company.colleague.email}: weight 1 → none" in page.words
    page = page.press("Replay", days="7")
    assert "A worker is at it" in page.words
    with company.inside():
        [asked] = last_replays(5)
        claim = replays.claim_replay(company.id, asked.id)
        assert claim is not None
        replays.play(claim)
    page = owner.open("/settings/draft")
    assert f"{company.agent.name} 2 4 0 0" in page.words
    assert "4 leads. Nobody in the line took 0 of them today, 0 in the draft." in page.words
    page = page.press("Publish")
    assert "It counts from the next lead on" in page.words
    assert len(company.owner.api.get("/pools").json["items"][0]["members"]) == 1
    assert "There is no draft" in owner.open("/settings/draft").words


def test_forms_change_the_draft_and_nothing_else(app: APIFlask, company: Company) -> None:
    make_pool(company, [company.agent, company.colleague], name="Buyers")
    make_pool(company, [company.agent], name="Sellers")
    for name in ("First", "Second"):
        company.owner.api.post("/rules", {"name": name})
    owner = sign_in(app, company.owner)
    page = owner.open("/settings/draft").press("Begin a draft")
    page = page.press("Move down: First").press("Pause: First")
    page = page.press_link("First").press("Save in the draft", goes_to="pool:Sellers")
    assert "First Paused Every lead fits. Goes to Sellers." in page.words
    assert "rule “First”, paused: no → yes" in page.words
    page = page.press_link("Buyers").press("Save in the draft", weight_0="10", weight_1="5", max_offers="3")
    assert "member " + company.agent.email in page.words
    assert "max offers: 8 → 3" in page.words
    assert [rule["name"] for rule in company.owner.api.get("/rules").json["items"]][:2] == ["First", "Second"]
    page.press("Publish")
    rules = company.owner.api.get("/rules").json["items"]
    assert [(rule["name"], rule["paused"]) for rule in rules][:2] == [("Second", False), ("First", True)]
    assert [each["weight"] for each in company.owner.api.get("/pools").json["items"][0]["members"]] == [10, 5]


def test_a_draft_without_pools_leads_to_those_there_are(app: APIFlask, company: Company) -> None:
    make_pool(company, [company.agent], name="Buyers")
    page = sign_in(app, company.owner).open("/settings/draft").press("Begin a draft")
    data = json.loads(page.form("/settings/draft").fields["file"])
    del data["pools"]
    page = page.press("Save the draft", file=json.dumps(data))
    form = page.form("/settings/draft/rules/1/way")
    assert form.fields["goes_to"] == "pool:Buyers"
    form.send(None)
    assert "Nothing yet: it is as today." in page.browser.open("/settings/draft").words


def test_what_a_draft_cannot_be_is_said_beside_the_field(app: APIFlask, company: Company) -> None:
    make_pool(company, [company.agent], name="Buyers")
    owner = sign_in(app, company.owner)
    assert "There is no draft any more" in owner.open("/settings/draft/pools/1").words
    owner.open("/settings/draft").press("Begin a draft")
    page = owner.open("/settings/draft/pools/1")
    refused = page.press("Save in the draft", status=422, window_seconds="2", weight_0="1001")
    assert "from 5 to 86400" in refused.error_of("window_seconds")
    assert "0 to 1" in refused.error_of("weight_0")
    owner.open("/settings/draft/pools/2", status=404)


def test_a_form_of_a_draft_that_was_changed_since_saves_nothing(app: APIFlask, company: Company) -> None:
    make_pool(company, [company.agent], name="Buyers")
    owner = sign_in(app, company.owner)
    owner.open("/settings/draft").press("Begin a draft")
    page = owner.open("/settings/draft/pools/1")
    page.press("Save in the draft", max_offers="3")
    assert "Somebody changed or ended this draft" in page.press("Save in the draft", status=422, max_offers="4").words
    assert "max offers: 8 → 3" in owner.open("/settings/draft").words


def test_what_makes_no_sense_comes_back_as_it_was_typed(app: APIFlask, company: Company) -> None:
    page = sign_in(app, company.owner).open("/settings/draft").press("Begin a draft")
    assert "not JSON" in page.press("Save the draft", status=422, file="{").error_of("file")
    page = page.press("Save the draft", status=422, file='{"rules": []}')
    assert "default rule is the last one" in page.words
    assert page.press("Replay", status=422, days="0").error_of("days") == "Choose 1 to 366 days."
    assert "thrown away" in page.press("Throw away").words


def test_agents_and_managers_do_not_reach_it(app: APIFlask, company: Company) -> None:
    for person in (company.agent, company.manager):
        sign_in(app, person).open("/settings/draft", status=403)


def test_what_was_changed_since_it_was_looked_at_is_neither_published_nor_thrown_away(
    app: APIFlask, company: Company
) -> None:
    for name in ("First", "Second"):
        company.owner.api.post("/rules", {"name": name, "conditions": {"city": ["Ronda"]}})
    owner, other = (sign_in(app, company.owner) for _ in range(2))
    looked = owner.open("/settings/draft").press("Begin a draft").press("Pause: First")
    other.open("/settings/draft").press("Pause: Second")
    page = looked.press("Publish")
    assert "was changed since you looked, so nothing was published" in page.words
    assert "Somebody changed or ended this draft" in looked.press("Throw away").words
    assert not any(rule["paused"] for rule in company.owner.api.get("/rules").json["items"])
    assert "It counts from the next lead on" in page.press("Publish").words
    assert "There is no draft any more." in page.press("Publish").words


def test_a_version_that_came_meanwhile_is_seen_before_publishing(app: APIFlask, company: Company) -> None:
    company.owner.api.post("/rules", {"name": "First", "conditions": {"city": ["Ronda"]}})
    owner = sign_in(app, company.owner)
    looked = owner.open("/settings/draft").press("Begin a draft").press("Pause: First")
    company.owner.api.post("/rules", {"name": "Second", "conditions": {"city": ["Ronda"]}})
    # The draft is saved once more, where nobody is shown what it would change.
    sign_in(app, company.owner).open("/settings/draft").press("Resume: First").press("Pause: First")
    assert "so nothing was published" in looked.press("Publish").words
    assert "Second" in [rule["name"] for rule in company.owner.api.get("/rules").json["items"]]


def test_what_was_typed_for_a_draft_that_is_gone_is_not_lost(app: APIFlask, company: Company) -> None:
    owner = sign_in(app, company.owner)
    typing = owner.open("/settings/draft").press("Begin a draft")
    sign_in(app, company.owner).open("/settings/draft").press("Throw away")
    page = typing.press("Save the draft", status=422, file='{"rules": []}')
    assert "The draft it was for is gone." in page.words
    kept = page.find(".//textarea")
    assert kept is not None
    assert (kept.text or "").strip() == '{"rules": []}'
