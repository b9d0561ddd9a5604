"""The rules of a team, on a page of their own."""

from __future__ import annotations

from uuid import UUID

import pytest
from apiflask import APIFlask

from portal.queries.people import team_named
from portal.queries.rules import default_rule
from portal.queries.rules import rules as rules_of
from tests.cast import Company, Person
from tests.factories import holds_too, make_own_role, make_pool, make_team, make_user
from tests.page import Browser, sign_in


@pytest.fixture
def owner(app: APIFlask, company: Company) -> Browser:
    return sign_in(app, company.owner)


@pytest.fixture
def north(company: Company) -> UUID:
    return make_team(company, "North").id


def names(company: Company, team_id: UUID) -> list[str]:
    with company.inside():
        return [rule.name for rule in rules_of(team_id)]


def make_rule(company: Company, name: str, **fields: object) -> str:
    made = company.owner.api.post("/rules", {"name": name} | {key: str(each) for key, each in fields.items()})
    assert made.status_code == 201
    return str(made.json["id"])


def test_the_way_leads_from_the_rules_through_the_team_and_back(owner: Browser, company: Company, north: UUID) -> None:
    page = owner.open("/settings/rules")
    assert "North no rules of its own" in page.words
    page = page.press_link("North no rules of its own")
    assert page.h1 == "Rules of North"
    assert "No rule sends leads to this team yet" in page.words
    page = page.press_link("New rule").press("Make the rule", name="Roofs", lead_type="Roof")
    assert page.h1 == "Rules of North"
    assert "lead type is Roof" in page.words
    assert names(company, north) == ["Roofs"]
    assert page.press_link("Roofs").press("Save", name="All roofs").h1 == "Rules of North"
    assert names(company, north) == ["All roofs"]


def test_the_default_rule_sends_leads_to_a_team_and_its_pool_gets_them(
    owner: Browser, company: Company, north: UUID
) -> None:
    pool = make_pool(company, [company.agent], name="Desk", default_rule=False)
    with company.inside():
        menu = f"rule-{default_rule().id.hex}-goes_to"
    page = owner.open("/settings/rules").press("Save", **{menu: f"team:{north}"})
    assert "Goes to team North, by its own rules." in page.words
    page = owner.open(f"/settings/teams/{north}/rules")
    assert "Leads come here by the rule “Everything else”" in page.words
    page = page.press("Save", default_pool_id=str(pool.id), default_user_id=str(company.colleague.id))
    assert f"offered to {company.agent.name}" in page.words
    with company.inside():
        team = team_named(north)
        assert (team.default_pool_id, team.default_user_id) == (pool.id, company.colleague.id)
    assert "What none of them takes goes to the pool Desk" in owner.open(f"/settings/teams/{north}").words
    assert "Gets what the rules of North do not take" in owner.open(f"/pools/{pool.id}").words


def test_rules_are_moved_paused_copied_and_deleted_within_their_list(
    owner: Browser, company: Company, north: UUID
) -> None:
    make_rule(company, "Of the company")
    for name in "AB":
        make_rule(company, name, team_id=north)
    page = owner.open(f"/settings/teams/{north}/rules").press("Move down: A")
    assert (page.h1, names(company, north)) == ("Rules of North", ["B", "A"])
    page = page.press("Pause: B")
    assert (page.h1, "“B” is paused" in page.words) == ("Rules of North", True)
    page.press("Copy: A")
    assert names(company, north) == ["B", "A", "Copy of A"]
    page = owner.open(f"/settings/teams/{north}/rules").press_link("Delete: A").press("Delete")
    assert (page.h1, names(company, north)) == ("Rules of North", ["B", "Copy of A"])


def test_the_order_of_a_list_is_sent_as_a_whole(owner: Browser, company: Company, north: UUID) -> None:
    ids = [make_rule(company, name, team_id=north) for name in "ABC"]
    token = owner.open(f"/settings/teams/{north}/rules").form("/settings/rules/order").fields["csrf_token"]
    page = owner.post("/settings/rules/order", {"csrf_token": token, "rule": [ids[2], ids[0], ids[1]]})
    assert (page.h1, names(company, north)) == ("Rules of North", ["C", "A", "B"])
    others = make_rule(company, "Of the company")
    owner.post("/settings/rules/order", {"csrf_token": token, "rule": [*ids, others]}, status=409)
    assert names(company, north) == ["C", "A", "B"]


def test_a_way_that_goes_round_is_refused_at_the_menu(owner: Browser, company: Company, north: UUID) -> None:
    south = make_team(company, "South").id
    make_rule(company, "There", team_id=north, to_team_id=south)
    page = owner.open(f"/settings/teams/{south}/rules/new")
    page = page.press("Make the rule", status=422, name="Back", goes_to=f"team:{north}")
    assert "“North” → “South” → “North”" in page.error_of("goes_to")


class TestWhoLeadsATeam:
    """Somebody whose right to set up distribution ends at their team."""

    @pytest.fixture
    def lead(self, company: Company, north: UUID) -> Person:
        person = make_user(company, "Lea Leader", team_id=north)
        holds_too(company, person, make_own_role(company, "distribution:team"))
        return person

    def test_is_shown_the_lists_of_their_teams_alone(
        self, app: APIFlask, company: Company, lead: Person, north: UUID
    ) -> None:
        make_team(company, "South")
        make_rule(company, "Of the company", to_team_id=north)
        page = sign_in(app, lead).open("/settings/rules")
        assert "North" in page.words
        assert "South" not in page.words
        assert "Of the company" not in page.words
        page = page.press_link("North no rules of its own").press_link("New rule")
        page.press("Make the rule", name="Ours", city="Ronda")
        assert names(company, north) == ["Ours"]

    def test_opens_no_other_list_and_no_rule_of_it(self, app: APIFlask, company: Company, lead: Person) -> None:
        south = make_team(company, "South").id
        theirs, companys = make_rule(company, "Theirs", team_id=south), make_rule(company, "Of the company")
        browser = sign_in(app, lead)
        for address in (f"/settings/teams/{south}/rules", f"/settings/teams/{south}/rules/new"):
            browser.open(address, status=404)
        for rule_id, status in ((theirs, 404), (companys, 403)):
            for act in ("edit", "delete"):
                browser.open(f"/settings/rules/{rule_id}/{act}", status=status)
        browser.open("/settings/rules/new", status=403)

    def test_keeps_a_pool_out_of_reach_that_somebody_else_chose(
        self, app: APIFlask, company: Company, lead: Person, north: UUID
    ) -> None:
        pool = make_pool(company, name="Of the company").id
        rule_id = make_rule(company, "Ours", team_id=north, pool_id=pool)
        page = sign_in(app, lead).open(f"/settings/rules/{rule_id}/edit")
        assert "Where they go now" in page.words
        page.press("Save", name="Still ours")
        kept = company.owner.api.get(f"/rules/{rule_id}").json
        assert (kept["name"], kept["pool_id"]) == ("Still ours", str(pool))
