"""The rules of the draft, the company's and those of teams, by the forms of rules that count."""

from __future__ import annotations

import json
from typing import Any
from uuid import UUID

import pytest
from apiflask import APIFlask

from portal.operations import drafts, replays
from portal.operations.teams import change_team
from portal.queries.replays import draft_now, last_replays
from portal.queries.rules import rules as rules_of
from tests.cast import Company
from tests.factories import make_pool, make_team
from tests.operations.acts import arrive
from tests.page import Browser, Page, sign_in

DRAFT = "/settings/draft"


@pytest.fixture
def owner(app: APIFlask, company: Company) -> Browser:
    """With pools, a team and a few rules, and a draft of all that."""
    make_pool(company, [company.agent], name="Buyers", delivery="assign")
    make_pool(company, [company.colleague], name="Sellers", default_rule=False, delivery="assign")
    make_pool(company, [company.colleague], name="Second try", default_rule=False, for_reassignment=True)
    return sign_in(app, company.owner)


@pytest.fixture
def north(company: Company) -> UUID:
    return make_team(company, "North").id


def rule(company: Company, name: str, **fields: Any) -> str:
    made = company.owner.api.post("/rules", {"name": name} | fields)
    assert made.status_code == 201, made.json
    return str(made.json["id"])


def begin(browser: Browser) -> Page:
    return browser.open(DRAFT).press("Begin a draft")


def drafted(company: Company) -> dict[str, Any]:
    """The draft as it is kept."""
    with company.inside():
        draft = draft_now()
        assert draft is not None
        return draft.data


def names(company: Company, team_id: UUID | None = None) -> list[str]:
    """Of the rules that count."""
    with company.inside():
        return [each.name for each in rules_of(team_id)]


def test_a_condition_changed_in_the_draft_shows_in_the_replay_and_counts_once_published(
    owner: Browser, company: Company
) -> None:
    roofs = rule(company, "Roofs", conditions={"lead_type": ["Roof"]}, pool_id=pool_id(company, "Sellers"))
    for _ in range(3):
        arrive(company, lead_type="Window")
    page = begin(owner).press_link("Roofs").press("Save in the draft", lead_type="Roof\nWindow")
    assert "Nothing has changed for leads yet" in page.words
    assert "A lead fits when lead type is Roof or Window." in page.words
    assert "rule “Roofs”, conditions: lead type is Roof → lead type is Roof or Window" in page.words
    assert company.owner.api.get(f"/rules/{roofs}").json["conditions"] == {"lead_type": ["Roof"]}

    page.press("Replay", days="7")
    with company.inside():
        claim = replays.claim_replay(company.id, last_replays(1)[0].id)
        assert claim is not None
        replays.play(claim)
    page = owner.open(DRAFT)
    assert f"{company.agent.name} 3 0 0 0" in page.words
    assert f"{company.colleague.name} 0 3 0 0" in page.words

    page.press("Publish")
    assert company.owner.api.get(f"/rules/{roofs}").json["conditions"] == {"lead_type": ["Roof", "Window"]}
    assert arrive(company, lead_type="Window").owner_id == company.colleague.id


def test_every_field_of_a_rule_can_be_changed(owner: Browser, company: Company, north: UUID) -> None:
    rule(company, "Roofs", conditions={"lead_type": ["Roof"]})
    page = begin(owner).press_link("Roofs")
    assert page.value_of("lead_type") == "Roof"
    page.press(
        "Save in the draft",
        name="All roofs",
        goes_to="team:North",
        source="Fair",
        channel=["web", "phone"],
        country="US",
        region="TX",
        city="Austin",
        postcode="787*",
        language="es",
        tag="leak",
        price_min="1,000",
        price_max="9000",
        has_phone="yes",
        custom="rooms = 3 | 4",
        blank_passes=["city", "price", "custom"],
        hours_kind="these",
        monday="09:00-17:00",
        exceptions="2026-12-24 closed",
    ).press("Publish")
    found = company.owner.api.get("/rules").json["items"][0]
    assert found["name"] == "All roofs"
    assert (found["pool_id"], found["to_team_id"]) == (None, str(north))
    assert found["conditions"] == {
        "source": ["Fair"],
        "lead_type": ["Roof"],
        "tag": ["leak"],
        "country": ["US"],
        "region": ["TX"],
        "city": ["Austin"],
        "postcode": ["787*"],
        "language": ["es"],
        "channel": ["web", "phone"],
        "price": {"min": "1000", "max": "9000"},
        "has_phone": True,
        "fields": {"rooms": {"one_of": ["3", "4"]}},
    }
    assert found["strictness"] == dict.fromkeys(("city", "price", "fields.rooms"), "exact_or_empty")
    assert found["hours"] == {"monday": [["09:00", "17:00"]], "exceptions": {"2026-12-24": []}}


def test_a_rule_made_anew_in_place_of_a_paused_one_is_not_paused(owner: Browser, company: Company) -> None:
    rule(company, "Roofs", conditions={"city": ["Austin"]}, paused=True)
    page = begin(owner)
    page = page.browser.open("/settings/draft/rules/1/delete").press("Delete").press_link("New rule")
    page.press("Make the rule", name="Roofs", city="Ronda").press("Publish")
    [made] = [each for each in company.owner.api.get("/rules").json["items"] if each["name"] == "Roofs"]
    assert (made["paused"], made["conditions"]) == (False, {"city": ["Ronda"]})


def test_saving_a_rule_as_it_is_changes_nothing(owner: Browser, company: Company) -> None:
    fields = {"conditions": {"city": ["Austin"], "price": {"min": "5"}, "fields": {"rooms": {"contains": "3"}}}}
    rule(company, "Roofs", strictness={"city": "exact_or_empty"}, hours={"monday": [["09:00", "17:00"]]}, **fields)
    assert "Nothing yet: it is as today." in begin(owner).press_link("Roofs").press("Save in the draft").words


def test_what_is_wrong_stands_beside_its_field_and_what_was_typed_stays(owner: Browser, company: Company) -> None:
    rule(company, "Roofs")
    page = begin(owner).press_link("Roofs")
    refused = page.press(
        "Save in the draft",
        status=422,
        name="  ",
        price_min="a lot",
        postcode="*",
        hours_kind="these",
        monday="nine",
        custom="rooms",
    )
    assert "Please give the rule a name." in refused.error_of("name")
    assert "compares nothing" in refused.error_of("custom")
    refused = refused.press("Save in the draft", status=422, name="Roofs", custom="")
    assert "not a price" in refused.error_of("price_min")
    assert "A star alone is every postcode" in refused.error_of("postcode")
    assert refused.error_of("monday")
    assert (refused.value_of("price_min"), refused.value_of("monday")) == ("a lot", "nine")
    never = page.press("Save in the draft", status=422, hours_kind="these")
    assert never.error_of("hours_kind")
    assert "Nothing yet: it is as today." in owner.open(DRAFT).words


def test_the_menu_offers_what_the_draft_has_and_what_a_rule_may_name(
    owner: Browser, company: Company, north: UUID
) -> None:
    rule(company, "Roofs")
    page = begin(owner)
    data = json.loads(page.form(DRAFT).fields["file"])
    data["pools"].append({"name": "Brand new"})
    page = page.press("Save the draft", file=json.dumps(data)).press_link("Roofs")
    assert "Brand new" in page.words
    assert "Team North, by its own rules" in page.words
    assert "Second try" not in page.words
    page = page.press("Save in the draft", goes_to="pool:Brand new")
    assert "Goes to Brand new." in page.words


def test_a_rule_is_added_before_the_default_rule(owner: Browser, company: Company) -> None:
    rule(company, "Roofs")
    page = begin(owner).press_link("New rule")
    assert page.h1 == "New rule in the draft"
    assert "give it to nobody" in page.press("Make the rule", status=422, name="Windows").error_of("goes_to")
    page = page.press("Make the rule", name="Windows", lead_type="Window", goes_to="pool:Sellers")
    assert "The rule “Windows” is in the draft." in page.words
    assert "New rule “Windows” pool Sellers, conditions lead type is Window" in page.words
    assert names(company) == ["Roofs", "Everything else"]
    page.press("Publish")
    assert names(company) == ["Roofs", "Windows", "Everything else"]


def test_a_rule_is_added_once_however_often_the_button_is_pressed(owner: Browser, company: Company) -> None:
    begin(owner)
    page = owner.open(f"{DRAFT}/rules/new")
    for _ in range(2):
        assert "The rule “Windows” is in the draft." in page.press("Make the rule", name="Windows", city="Waco").words
    assert [each["name"] for each in drafted(company)["rules"]] == ["Windows", "Everything else"]


def test_a_copy_is_paused_right_behind_and_made_once(owner: Browser, company: Company) -> None:
    rule(company, "Roofs", conditions={"lead_type": ["Roof"]})
    rule(company, "Windows")
    listed = begin(owner)
    for _ in range(2):
        page = listed.press("Copy: Roofs")
        assert page.h1 == "Edit Copy of Roofs in the draft"
        assert page.value_of("lead_type") == "Roof"
    page = page.press("Save in the draft", name="More roofs")
    found = [(each["name"], each.get("paused", False)) for each in drafted(company)["rules"]]
    assert found == [("Roofs", False), ("More roofs", True), ("Windows", False), ("Everything else", False)]
    page.press("Resume: More roofs").press("Publish")
    assert names(company) == ["Roofs", "More roofs", "Windows", "Everything else"]


def test_a_rule_is_removed_after_a_question(owner: Browser, company: Company) -> None:
    rule(company, "Roofs")
    page = begin(owner).press_link("Delete: Roofs")
    assert page.h1 == "Delete Roofs in the draft?"
    page = page.press("Delete")
    assert "The rule “Roofs” is out of the draft." in page.words
    assert "Gone rule “Roofs”" in page.words
    assert names(company) == ["Roofs", "Everything else"]
    page.press("Publish")
    assert names(company) == ["Everything else"]


def test_the_default_rule_stays_and_takes_every_lead(owner: Browser, company: Company) -> None:
    page = begin(owner)
    assert owner.open(f"{DRAFT}/rules/1/edit").h1 == "Draft"
    assert "cannot be removed" in owner.open(f"{DRAFT}/rules/1/delete").press("Delete").words
    page = page.form(f"{DRAFT}/rules/1/way").send(goes_to="pool:Sellers")
    assert "rule “Everything else”, pool: Buyers → Sellers" in page.words


class TestRulesOfTeams:
    def test_they_are_made_ordered_paused_copied_and_removed(
        self, owner: Browser, company: Company, north: UUID
    ) -> None:
        rule(company, "To the north", to_team_id=str(north))
        page = begin(owner).press_link("North no rules of its own")
        assert page.h1 == "Rules of North in the draft"
        assert "Leads come here by the rule “To the north”." in page.words
        page = page.press_link("New rule")
        assert page.h1 == "New rule of North in the draft"
        page = page.press("Make the rule", name="Roofs", lead_type="Roof", goes_to="pool:Sellers")
        assert page.h1 == "Rules of North in the draft"
        page = page.press_link("New rule").press("Make the rule", name="Windows", goes_to="pool:Buyers")
        page = page.press("Move up: Windows").press("Pause: Windows").press("Copy: Roofs")
        assert page.h1 == "Edit Copy of Roofs in the draft"
        page = page.press("Save in the draft", name="Tiles", lead_type="Tile")
        page = page.press_link("Delete: Roofs").press("Delete")
        assert names(company, north) == []
        page = owner.open(DRAFT)
        assert "North 2 rules" in page.words
        assert "rule “Tiles” of team “North”" in page.words
        page.press("Publish")
        with company.inside():
            found = [(each.name, each.paused, each.conditions) for each in rules_of(north)]
        assert found == [("Windows", True, {}), ("Tiles", True, {"lead_type": ["Tile"]})]

    def test_a_rule_there_is_keeps_its_identity(self, owner: Browser, company: Company, north: UUID) -> None:
        made = rule(company, "Roofs", team_id=str(north))
        begin(owner)
        page = owner.open(f"{DRAFT}/teams/{north}/rules").press_link("Roofs")
        page.press("Save in the draft", name="All roofs", city="Austin")
        owner.open(DRAFT).press("Publish")
        found = company.owner.api.get(f"/rules/{made}").json
        assert (found["name"], found["conditions"]) == ("All roofs", {"city": ["Austin"]})

    def test_what_no_rule_takes_is_said_there_too(self, owner: Browser, company: Company, north: UUID) -> None:
        begin(owner)
        page = owner.open(f"{DRAFT}/teams/{north}/rules")
        page = page.press("Save in the draft", default_pool_id="Sellers", default_user_id=company.agent.email)
        assert (page.value_of("default_pool_id"), page.value_of("default_user_id")) == ("Sellers", company.agent.email)
        page = owner.open(DRAFT)
        assert "team “North”, default pool: none → Sellers" in page.words
        page.press("Publish")
        assert owner.open(f"/settings/teams/{north}/rules").value_of("default_user_id") == str(company.agent.id)

    def test_a_circle_is_refused_beside_the_field_whichever_rule_was_there_first(
        self, owner: Browser, company: Company, north: UUID
    ) -> None:
        south = make_team(company, "South").id
        rule(company, "On to the south", team_id=str(north))
        rule(company, "On to the north", team_id=str(south))
        begin(owner)
        ways = {north: ("On to the south", "team:South"), south: ("On to the north", "team:North")}
        for first, second in ((north, south), (south, north)):
            name, way = ways[first]
            page = owner.open(f"{DRAFT}/teams/{first}/rules").press_link(name)
            assert "Team " + way.removeprefix("team:") in page.words
            page.press("Save in the draft", goes_to=way)
            name, way = ways[second]
            page = owner.open(f"{DRAFT}/teams/{second}/rules").press_link(name)
            refused = page.press("Save in the draft", status=422, goes_to=way)
            assert "Leads would go round in a circle" in refused.error_of("goes_to")
            owner.open(DRAFT).press("Throw away")
            begin(owner)

    def test_a_team_is_not_offered_its_own_rules(self, owner: Browser, north: UUID) -> None:
        begin(owner)
        assert "Team North, by its own rules" not in owner.open(f"{DRAFT}/teams/{north}/rules/new").words

    def test_a_team_renamed_meanwhile_keeps_what_the_draft_says_of_it(
        self, owner: Browser, company: Company, north: UUID
    ) -> None:
        rule(company, "To the north", to_team_id=str(north))
        rule(company, "Roofs", team_id=str(north))
        begin(owner)
        with company.inside():
            change_team(north, by=company.owner.user(), name="Coast")
        assert "Goes to team Coast" in owner.open(DRAFT).words
        page = owner.open(DRAFT).press_link("To the north")
        assert page.value_of("goes_to") == "team:Coast"
        page.press("Save in the draft", city="Austin")
        page = owner.open(f"{DRAFT}/teams/{north}/rules").press_link("Roofs").press("Save in the draft", city="Waco")
        assert page.h1 == "Rules of Coast in the draft"
        owner.open(DRAFT).press("Publish")
        with company.inside():
            assert [each.conditions for each in rules_of(north)] == [{"city": ["Waco"]}]


class TestMeanwhile:
    def test_a_rule_somebody_else_changed_is_not_overwritten_and_what_was_typed_stays(
        self, owner: Browser, company: Company
    ) -> None:
        rule(company, "Roofs")
        mine = begin(owner).press_link("Roofs")
        owner.open(DRAFT).press_link("Roofs").press("Save in the draft", city="Austin")
        refused = mine.press("Save in the draft", status=422, city="Waco")
        assert "Somebody changed or moved this rule of the draft" in refused.words
        assert refused.value_of("city") == "Waco"
        assert drafted(company)["rules"][0]["conditions"] == {"city": ["Austin"]}

    def test_a_rule_that_was_moved_or_removed_is_told_likewise(self, owner: Browser, company: Company) -> None:
        for name in ("First", "Second"):
            rule(company, name)
        first, last = begin(owner).press_link("First"), owner.open(DRAFT).press_link("Second")
        owner.open(DRAFT).press("Move down: First")
        assert "changed or moved" in first.press("Save in the draft", status=422, city="Waco").words
        for name in ("First", "Second"):
            owner.open(DRAFT).press_link(f"Delete: {name}").press("Delete")
        for page in (first, last):
            refused = page.press("Save in the draft", status=422, city="Waco")
            assert "changed or moved" in refused.words
            assert refused.value_of("city") == "Waco"

    def test_changes_elsewhere_in_the_draft_are_kept_beside_it(self, owner: Browser, company: Company) -> None:
        for name in ("First", "Second"):
            rule(company, name)
        first = begin(owner).press_link("First")
        owner.open(DRAFT).press_link("Second").press("Save in the draft", city="Austin")
        first.press("Save in the draft", city="Waco")
        cities = [each["conditions"]["city"] for each in drafted(company)["rules"][:2]]
        assert cities == [["Waco"], ["Austin"]]

    def test_a_button_seen_in_an_older_draft_does_nothing_and_says_so(self, owner: Browser, company: Company) -> None:
        for name in ("First", "Second"):
            rule(company, name)
        listed = begin(owner)
        asked = owner.open(f"{DRAFT}/rules/1/delete")
        listed.press("Pause: Second")
        before = drafted(company)
        for page in (
            listed.press("Move down: First"),
            listed.press("Pause: First"),
            listed.press("Copy: First"),
            listed.form(f"{DRAFT}/rules/3/way").send(goes_to="pool:Sellers"),
            asked.press("Delete"),
        ):
            assert "Somebody changed or ended this draft since you opened it" in page.words
        assert drafted(company) == before

    def test_a_form_whose_draft_was_ended_keeps_what_was_typed(
        self, owner: Browser, company: Company, north: UUID
    ) -> None:
        rule(company, "Roofs")
        begin(owner)
        edit, new = owner.open(f"{DRAFT}/rules/1/edit"), owner.open(f"{DRAFT}/teams/{north}/rules/new")
        rest = owner.open(f"{DRAFT}/teams/{north}/rules")
        owner.open(DRAFT).press("Throw away")
        for page in (
            edit.press("Save in the draft", status=422, city="Waco"),
            new.press("Make the rule", status=422, name="Windows", city="Waco"),
        ):
            assert "Somebody changed or ended this draft" in page.words
            assert page.value_of("city") == "Waco"
        refused = rest.press("Save in the draft", status=422, default_pool_id="Sellers")
        assert "Somebody changed or ended this draft" in refused.words
        with company.inside():
            assert draft_now() is None

    @pytest.mark.parametrize("path", ["rules/new", "rules/1/edit", "rules/1/delete", "teams/{north}/rules"])
    def test_a_page_of_no_draft_leads_to_where_one_is_begun(self, owner: Browser, north: UUID, path: str) -> None:
        page = owner.open(f"{DRAFT}/{path.format(north=north)}")
        assert "There is no draft any more" in page.words


class TestWhatADraftLeavesOut:
    def save(self, company: Company, **data: Any) -> None:
        with company.inside():
            drafts.save_draft(data, by=company.owner.user())

    def test_lists_it_leaves_out_stay_as_they_are_and_are_not_changed_here(
        self, owner: Browser, company: Company, north: UUID
    ) -> None:
        self.save(company, pools=[{"name": name} for name in ("Buyers", "Sellers", "Second try")])
        page = owner.open(DRAFT)
        assert "The draft leaves the rules out, so they stay as they are." in page.words
        assert "The draft leaves the teams out, so their rules stay as they are." in page.words
        assert "leaves these rules out" in owner.open(f"{DRAFT}/rules/new").words
        page = owner.open(f"{DRAFT}/teams/{north}/rules")
        assert "leaves the rules of this team out" in page.words
        assert "New rule" not in page.words

    def test_a_field_a_rule_leaves_out_is_shown_as_it_is(self, owner: Browser, company: Company) -> None:
        rule(company, "Roofs", conditions={"lead_type": ["Roof"]}, pool_id=pool_id(company, "Sellers"))
        self.save(company, rules=[{"name": "Roofs", "paused": True}, {"name": "Everything else", "default": True}])
        page = owner.open(DRAFT)
        assert "Roofs Paused A lead fits when lead type is Roof. Goes to Sellers." in page.words
        assert "takes every lead. Goes to Buyers." in page.words
        page = page.press_link("Roofs")
        assert (page.value_of("lead_type"), page.value_of("goes_to")) == ("Roof", "pool:Sellers")


def test_those_without_the_right_for_the_whole_company_do_not_reach_it(
    app: APIFlask, company: Company, north: UUID
) -> None:
    for person in (company.agent, company.manager):
        browser = sign_in(app, person)
        for path in ("rules/new", "rules/1/edit", "rules/1/delete", f"teams/{north}/rules", f"teams/{north}/rules/new"):
            browser.open(f"{DRAFT}/{path}", status=403)


def pool_id(company: Company, name: str) -> str:
    pools = company.owner.api.get("/pools").json["items"]
    return next(str(pool["id"]) for pool in pools if pool["name"] == name)
