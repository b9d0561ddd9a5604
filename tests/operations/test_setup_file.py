"""The set-up as a file: out, changed, and in again."""

from __future__ import annotations

import json
from copy import deepcopy
from typing import Any

import pytest
from sqlalchemy import inspect, select

from portal.errors import Conflict, Forbidden, Invalid
from portal.extensions import db
from portal.models import AuditEntry, LedgerAccount, Pool, Rule, Tag, Team
from portal.models import Company as CompanyRow
from portal.operations import setup_file
from portal.operations.setup_apply import apply_setup, plan_setup
from portal.operations.setup_file import COMPANY, LEFT_OUT, POOL, RULE, TAG, TEAM
from portal.operations.setup_told import setup_now
from portal.queries.setup import setup_of
from tests.cast import Company
from tests.factories import make_lead, make_offer, make_pool, make_team
from tests.operations.acts import arrive

Data = dict[str, Any]


def exported(company: Company) -> Data:
    with company.inside():
        return json.loads(json.dumps(setup_now(company.id)))  # type: ignore[no-any-return]


def applied(company: Company, data: Data) -> list[str]:
    with company.inside():
        return [str(each) for each in apply_setup(data, by=company.owner.user())]


def planned(company: Company, data: Data) -> list[str]:
    with company.inside():
        return [str(each) for each in plan_setup(data, by=company.owner.user())]


def complaints(company: Company, data: Any) -> dict[str, str]:
    before = exported(company)
    with company.inside(), pytest.raises(Invalid) as refused:
        apply_setup(data, by=company.owner.user())
    assert exported(company) == before
    return {each.field: each.message for each in refused.value.errors}


@pytest.fixture
def furnished(company: Company) -> Company:
    """A company with two pools, a team, a tag, and a rule for one of the pools."""
    make_pool(company, [company.agent, company.colleague], name="Buyers")
    api = company.owner.api
    api.post("/tags", {"text": "Roof", "kind": "exclusive", "weight": 70})
    north = make_team(company, "North")
    hills = make_team(company, "Hills", parent_id=north.id)
    pool = api.post("/pools", {"name": "Sellers", "picker": "best_match", "team_id": str(hills.id)}).json
    members = [{"user_id": str(company.agent.id), "weight": 5, "priority": -3, "caps": {"open": 4, "week": 9}}]
    api.put(f"/pools/{pool['id']}/members", {"members": members})
    api.patch(f"/pools/{pool['id']}", {"default_assignee_ids": [str(company.colleague.id)]})
    rule = {"name": "Forms", "pool_id": pool["id"], "conditions": {"source": ["form"], "tag": ["Roof"]}}
    hours = {"monday": [["09:00", "17:00"]]}
    assert api.post("/rules", rule | {"strictness": {"source": "exact_or_empty"}, "hours": hours}).status_code == 201
    return company


def test_a_file_holds_everything_by_names(furnished: Company) -> None:
    data = exported(furnished)
    buyers, sellers = data["pools"]
    assert (buyers["name"], sellers["name"], sellers["team"]) == ("Buyers", "Sellers", "North / Hills")
    [seller] = sellers["members"]
    assert seller == {"user": furnished.agent.email, "weight": 5, "priority": -3, "caps": {"open": 4, "week": 9}}
    assert "caps" not in buyers["members"][0], "no limits, nothing to read"
    assert sellers["default_assignees"] == [furnished.colleague.email]
    forms, default = data["rules"]
    assert (forms["name"], forms["pool"], forms["conditions"]["source"]) == ("Forms", "Sellers", ["form"])
    assert default == {"name": "Everything else", "pool": "Buyers", "to_team": None, "default": True}
    assert data["teams"] == []
    assert data["tags"] == [{"text": "Roof", "kind": "exclusive", "weight": 70}]
    assert not any(str(each) in json.dumps(data) for each in (furnished.agent.id, furnished.default_rule_id))


def test_a_round_trip_changes_nothing_at_all(furnished: Company) -> None:
    data = exported(furnished)
    with furnished.inside():
        mark = db.session.scalar(select(CompanyRow.setup_version))
    assert planned(furnished, data) == []
    assert applied(furnished, data) == []
    assert exported(furnished) == data
    with furnished.inside():
        assert db.session.scalar(select(CompanyRow.setup_version)) == mark


def test_a_plan_says_what_would_change_and_changes_nothing(furnished: Company) -> None:
    before = exported(furnished)
    wanted = changed(before)
    said = planned(furnished, wanted)
    assert exported(furnished) == before
    assert "~ company settings, presence mode: ignore → skip_offline" in said
    assert "- tag “Roof”" in said
    assert "+ tag “Solar” (kind preferential, weight 50)" in said
    assert "~ pool “Buyers”, window seconds: 300 → 600" in said
    assert f"~ pool “Sellers”, member {furnished.agent.email}: weight 5, -3 points, 4 open, 9 a week → weight 6" in said
    assert f"~ pool “Sellers”, member {furnished.colleague.email}: none → weight 1" in said
    assert any(line.startswith("+ pool “Evenings”") for line in said)
    assert "~ rule “Forms”, paused: no → yes" in said
    assert "~ rule “Everything else”, pool: Buyers → Evenings" in said
    assert applied(furnished, wanted) == said


def changed(before: Data) -> Data:
    wanted = deepcopy(before)
    wanted["company"]["presence_mode"] = "skip_offline"
    wanted["tags"] = [{"text": "Solar"}]
    buyers, sellers = wanted["pools"]
    buyers["window_seconds"] = 600
    sellers["members"] = [{"user": each["user"], "weight": 6} for each in sellers["members"]]
    other = next(each["user"] for each in buyers["members"] if each["user"] != sellers["members"][0]["user"])
    sellers["members"].append({"user": other})
    evenings = {"name": "Evenings", "picker": "single", "single_user": other, "delivery": "assign"}
    wanted["pools"] = [evenings, buyers, sellers]
    wanted["rules"][0]["paused"] = True
    wanted["rules"][1]["pool"] = "Evenings"
    return wanted


def test_what_was_applied_counts_from_the_next_lead_on_and_is_in_the_log(furnished: Company) -> None:
    applied(furnished, changed(exported(furnished)))
    assert exported(furnished)["pools"][1]["name"] == "Evenings"
    assert arrive(furnished, source="phone").owner_id == furnished.colleague.id
    with furnished.inside():
        subjects = set(db.session.scalars(select(AuditEntry.subject)))
    assert subjects >= {"settings", "tag", "pool", "rule"}


def test_members_keep_their_credit_when_the_file_changes_their_weight(furnished: Company) -> None:
    wanted = exported(furnished)
    assert arrive(furnished, source="phone").outcome == "offered"
    with furnished.inside():
        before = credits_of()
    for member in wanted["pools"][0]["members"]:
        member["weight"] = 9
    applied(furnished, wanted)
    with furnished.inside():
        assert credits_of() == before
        assert any(credit for credit in before.values())


def credits_of() -> dict[Any, int]:
    return {(row.pool_id, row.user_id): row.credit for row in db.session.scalars(select(LedgerAccount))}


def test_a_tag_is_a_member_like_a_person(furnished: Company) -> None:
    wanted = exported(furnished)
    wanted["pools"][0]["members"].append({"agent_tag": "Roof", "weight": 2})
    assert applied(furnished, wanted) == ["~ pool “Buyers”, member everybody tagged “Roof”: none → weight 2"]
    wanted["pools"][0]["members"][-1]["priority"] = 0
    assert exported(furnished) == wanted
    assert applied(furnished, wanted) == []


def test_rules_are_put_into_the_order_of_the_file(furnished: Company) -> None:
    wanted = exported(furnished)
    wanted["rules"].insert(0, {"name": "Mail", "pool": None, "conditions": {"source": ["mail"]}})
    applied(furnished, wanted)
    assert [rule["name"] for rule in exported(furnished)["rules"]] == ["Mail", "Forms", "Everything else"]
    wanted["rules"][:2] = reversed(wanted["rules"][:2])
    assert applied(furnished, wanted) == [
        "~ rules, order: Mail · Forms · Everything else → Forms · Mail · Everything else"
    ]
    del wanted["rules"][0]
    assert applied(furnished, wanted) == ["- rule “Forms”"]


def test_what_a_file_leaves_out_stays_as_it_is(furnished: Company) -> None:
    before = exported(furnished)
    assert applied(furnished, {}) == []
    assert applied(furnished, {"pools": [{"name": "Buyers"}, {"name": "Sellers"}]}) == []
    assert exported(furnished) == before


def test_a_pool_that_is_left_out_of_the_list_goes_unless_its_offers_are_open(furnished: Company) -> None:
    wanted = exported(furnished)
    wanted["rules"] = wanted["rules"][1:]
    wanted["pools"] = wanted["pools"][:1]
    assert set(applied(furnished, wanted)) == {"- pool “Sellers”", "- rule “Forms”"}


def test_a_pool_with_open_offers_does_not_go(company: Company) -> None:
    pool = make_pool(company, [company.agent], name="Buyers", default_rule=False)
    make_offer(company, make_lead(company), company.agent, pool)
    with company.inside(), pytest.raises(Conflict, match="still open"):
        apply_setup({"tags": [{"text": "Solar"}], "pools": []}, by=company.owner.user())
    assert [each["name"] for each in exported(company)["pools"]] == ["Buyers"]
    assert exported(company)["tags"] == []


class TestWhatMakesNoSense:
    """Everything is refused by its place, with what to do; and nothing of the file is carried out."""

    def test_names_of_nothing_there_is(self, furnished: Company) -> None:
        data = exported(furnished)
        data["pools"][0]["members"][0]["user"] = "nobody@example.com"
        data["pools"][1] |= {"team": "South", "default_assignees": ["ghost@example.com"]}
        data["rules"][0]["pool"] = "Byers"
        assert complaints(furnished, data).keys() == {
            "pools.0.members.0.user", "pools.1.team", "pools.1.default_assignees.0", "rules.0.pool",
        }  # fmt: skip

    def test_values_the_pages_would_not_take(self, furnished: Company) -> None:
        data = exported(furnished)
        data["company"]["presence_mode"] = "skip_offline"
        data["pools"][0]["window_seconds"] = 2
        assert complaints(furnished, data) == {"pools.0.window_seconds": "Use a whole number from 5 to 86400."}

    @pytest.mark.parametrize(
        ("data", "field"),
        [
            ([], "file"),
            ({"pool": []}, "pool"),
            ({"format": 9}, "format"),
            ({"company": []}, "company"),
            ({"company": {"colour": "red"}}, "company.colour"),
            ({"pools": {}}, "pools"),
            ({"team_ids": ["North"]}, "team_ids"),
            ({"pools": ["Buyers"]}, "pools.0"),
            ({"pools": [{"picker": "rotation"}]}, "pools.0.name"),
            ({"pools": [{"name": 5}]}, "pools.0.name"),
            ({"pools": [{"name": []}]}, "pools.0.name"),
            ({"pools": [{"name": "A", "team": ["A"]}]}, "pools.0.team"),
            ({"pools": [{"name": "A", "default_assignees": [{}]}]}, "pools.0.default_assignees.0"),
            ({"pools": [{"name": "A"}, {"name": "A"}]}, "pools.1.name"),
            ({"pools": [{"name": "A", "window_seconds": "long"}]}, "pools.0.window_seconds"),
            ({"pools": [{"name": "A", "window_seconds": True}]}, "pools.0.window_seconds"),
            ({"pools": [{"name": "A", "members": [{}]}]}, "pools.0.members.0.user"),
            ({"pools": [{"name": "A", "members": 3}]}, "pools.0.members"),
            ({"pools": [{"name": "A", "picker": None}]}, "pools.0.picker"),
            ({"pools": [{"name": "A", "picker": "single"}]}, "pools.0.single_user_id"),
            ({"tags": [{"text": "\u200b"}]}, "tags.0.text"),
            ({"rules": []}, "rules"),
            ({"rules": [{"name": "A"}]}, "rules"),
            ({"rules": [{"name": "A", "default": True, "paused": True}]}, "rules.0.paused"),
            ({"rules": [{"name": "A", "conditions": {"colour": 1}}, {"name": "D", "default": True}]},
             "rules.0.conditions.colour"),
            ({"rules": [{"name": "A", "hours": {"noday": []}}, {"name": "D", "default": True}]}, "rules.0.hours.noday"),
        ],
    )  # fmt: skip
    def test_shapes(self, company: Company, data: Any, field: str) -> None:
        found = complaints(company, data)
        assert field in found, found
        assert all(message.endswith(".") for message in found.values())

    def test_limits(self, company: Company) -> None:
        members = [{"user": company.agent.email, "caps": {"open": "5", "year": 3, "day": None}}]
        found = complaints(company, {"pools": [{"name": "A", "members": members}]})
        assert found == {
            "pools.0.members.0.caps.open": "Write a whole number.",
            "pools.0.members.0.caps.year": "There is no such limit. Use open, day, week, month.",
        }
        members[0]["caps"] = {"open": -1}
        found = complaints(company, {"pools": [{"name": "A", "members": members}]})
        assert list(found) == ["pools.0.members.0.caps.open"]

    def test_two_teams_of_one_name(self, company: Company) -> None:
        north = make_team(company, "North / Hills")
        make_team(company, "Hills", parent_id=make_team(company, "North").id)
        assert north.name == "North / Hills"
        found = complaints(company, {"pools": [{"name": "A", "team": "North / Hills"}]})
        assert "Several teams" in found["pools.0.team"]


def test_only_who_sets_up_distribution_for_the_company_may(company: Company) -> None:
    for person in (company.manager, company.agent):
        with company.inside(), pytest.raises(Forbidden):
            plan_setup({}, by=person.user())


@pytest.mark.parametrize(
    ("table", "fields"),
    [(CompanyRow, COMPANY), (Tag, TAG), (Pool, POOL), (Rule, RULE), (Team, TEAM)],
    ids=lambda each: str(each)[:9],
)
def test_every_column_is_in_the_file_or_left_out_on_purpose(table: Any, fields: Any) -> None:
    columns = {column.key for column in inspect(table).columns}
    told = {each.goes_to for each in fields}
    assert columns - told - LEFT_OUT[table] == set(), "add a line to portal/operations/setup_file.py"
    assert not told & LEFT_OUT[table]


def test_what_operations_can_set_is_in_the_file() -> None:
    for fields, known in setup_file._SET_BY.items():
        told = {each.goes_to for each in fields}
        assert known.keys() - told - {"members", "priorities", "caps", "agent_tags"} <= set().union(*LEFT_OUT.values())


class TestTeams:
    """Their own rules and defaults; the teams themselves are no matter of the file."""

    @pytest.fixture
    def spread(self, furnished: Company) -> Company:
        """The company with rules of two teams, one of which sends leads on to the other."""
        api = furnished.owner.api
        teams = {team["name"]: team["id"] for team in api.get("/teams").json["items"]}
        pools = {pool["name"]: pool["id"] for pool in api.get("/pools").json["items"]}
        for rule in (
            {"name": "The north", "to_team_id": teams["North"], "conditions": {"region": ["North"]}},
            {"name": "Up there", "team_id": teams["North"], "to_team_id": teams["Hills"], "paused": True},
            {"name": "Roofs", "team_id": teams["North"], "pool_id": pools["Sellers"], "conditions": {"tag": ["Roof"]}},
            {"name": "Nobody's", "team_id": teams["Hills"]},
        ):
            assert api.post("/rules", rule).status_code == 201
        defaults = {"default_pool_id": pools["Buyers"], "default_user_id": str(furnished.agent.id)}
        assert api.patch(f"/teams/{teams['North']}", defaults).status_code == 200
        return furnished

    def test_are_told_by_their_names_from_the_top(self, spread: Company) -> None:
        data = exported(spread)
        assert data["rules"][1]["to_team"] == "North"
        north, hills = data["teams"]
        assert (north["name"], north["default_pool"], north["default_user"]) == ("North", "Buyers", spread.agent.email)
        assert [(rule["name"], rule["pool"], rule["to_team"]) for rule in north["rules"]] == [
            ("Up there", None, "North / Hills"),
            ("Roofs", "Sellers", None),
        ]
        assert (hills["name"], [rule["name"] for rule in hills["rules"]]) == ("North / Hills", ["Nobody's"])

    def test_come_in_again_as_they_went_out(self, spread: Company) -> None:
        data = exported(spread)
        assert applied(spread, data) == []
        bare = data | {"teams": [], "rules": [rule for rule in data["rules"] if rule["name"] != "The north"]}
        said = applied(spread, bare)
        assert "- rule “The north”" in said
        assert "- rule “Roofs” of team “North”" in said
        assert "~ team “North”, default pool: Buyers → none" in said
        assert exported(spread)["teams"] == []
        back = applied(spread, data)
        assert "+ rule “Up there” of team “North” (to team North / Hills, paused yes)" in back
        assert exported(spread) == data

    def test_a_file_that_leaves_them_out_leaves_them_as_they_are(self, spread: Company) -> None:
        data = exported(spread)
        assert applied(spread, {key: part for key, part in data.items() if key != "teams"}) == []
        teams = [{"name": team["name"]} for team in data["teams"]]
        assert applied(spread, data | {"teams": teams}) == []

    def test_a_rule_that_says_nothing_of_its_way_keeps_it(self, spread: Company) -> None:
        before = exported(spread)
        teams = [{"name": "North", "rules": [{"name": "Up there"}, {"name": "Roofs"}]}, {"name": "North / Hills"}]
        assert applied(spread, {"teams": teams}) == []
        assert exported(spread) == before

    def test_a_rule_that_names_a_pool_names_no_team_any_more(self, spread: Company) -> None:
        data = exported(spread)
        data["rules"][1] = {"name": "The north", "pool": "Sellers"}
        assert "~ rule “The north”, to team: North → none" in applied(spread, data)

    def test_a_team_known_by_its_id_needs_a_name_people_can_read(self, spread: Company) -> None:
        with spread.inside():
            north = setup_now(spread.id, with_ids=True)["teams"][0]
        assert complaints(spread, {"teams": [north | {"name": ["North"]}]}).keys() == {"teams.0.name"}

    def test_a_rule_leads_to_a_pool_or_to_a_team(self, spread: Company) -> None:
        """One of the two would be new at every look, and each apply would turn the rule round."""
        data = exported(spread)
        data["rules"][1]["pool"] = "Sellers"
        assert complaints(spread, data) == {
            "rules.1.to_team": "A rule sends leads to a pool or to a team. Leave one of the two out."
        }

    def test_lists_are_put_into_another_order(self, spread: Company) -> None:
        data = exported(spread)
        data["teams"][0]["rules"].reverse()
        assert applied(spread, data) == ["~ rules of team “North”, order: Up there · Roofs → Roofs · Up there"]
        assert exported(spread) == data

    def test_ways_are_turned_round_whatever_the_order_of_the_file(self, spread: Company) -> None:
        data = exported(spread)
        north, hills = data["teams"]
        north["rules"][0]["to_team"] = None
        hills["rules"][0]["to_team"] = "North"
        for teams in ([hills, north], [north, hills]):
            planned(spread, data | {"teams": teams})
        applied(spread, data | {"teams": [hills, north]})
        assert exported(spread)["teams"][1]["rules"][0]["to_team"] == "North"

    def test_a_circle_is_refused_by_its_place(self, spread: Company) -> None:
        data = exported(spread)
        data["teams"][1]["rules"][0]["to_team"] = "North"
        assert complaints(spread, data).keys() == {"teams.1.rules.0.to_team_id"}

    @pytest.mark.parametrize(
        ("teams", "place"),
        [
            ("North", "teams"),
            ([{"name": "Nowhere"}], "teams.0.name"),
            ([{"rules": []}], "teams.0.name"),
            ([{"name": "North"}, {"name": "North"}], "teams.1.name"),
            ([{"name": ["North"]}], "teams.0.name"),
            ([{"name": None}], "teams.0.name"),
            ([{"name": "North", "rules": [{"name": "Up there", "id": []}]}], "teams.0.rules.0.id"),
            ([{"name": "North", "rules": [{"name": ["A"]}]}], "teams.0.rules.0.name"),
            ([{"name": "North", "rules": [{"name": "A", "pool": "Buyers", "to_team": "North / Hills"}]}],
             "teams.0.rules.0.to_team"),
            ([{"name": "North", "colour": "red"}], "teams.0.colour"),
            ([{"name": "North", "default_pool": "None such"}], "teams.0.default_pool"),
            ([{"name": "North", "default_user": "nobody@example.com"}], "teams.0.default_user"),
            ([{"name": "North", "rules": [{"pool": "Buyers"}]}], "teams.0.rules.0.name"),
            ([{"name": "North", "rules": [{"name": "A", "default": True}]}], "teams.0.rules.0.default"),
            ([{"name": "North", "rules": [{"name": "A", "to_team": "Nowhere"}]}], "teams.0.rules.0.to_team"),
            (
                [{"name": "North", "rules": [{"name": "A", "conditions": {"moon": "x"}}]}],
                "teams.0.rules.0.conditions.moon",
            ),
        ],
    )  # fmt: skip
    def test_what_makes_no_sense_is_refused_by_its_place(self, spread: Company, teams: Any, place: str) -> None:
        assert complaints(spread, {"teams": teams}).keys() == {place}


def test_another_companys_people_are_unknown(company: Company, other_company: Company) -> None:
    members = [{"user": other_company.agent.email}]
    assert complaints(company, {"pools": [{"name": "A", "members": members}]}).keys() == {"pools.0.members.0.user"}


def test_a_plan_leaves_nothing_behind_in_what_is_kept_ready(furnished: Company) -> None:
    with furnished.inside():
        ready = setup_of(furnished.id)
        plan_setup({"tags": [{"text": "Solar"}]}, by=furnished.owner.user())
        assert setup_of(furnished.id) is ready


def test_pools_that_lead_on_to_each_other_are_turned_round_and_taken_away(company: Company) -> None:
    """Whatever the order of the changes: what counts is the set-up as a whole."""
    last = make_pool(company, [company.agent], name="Last", default_rule=False)
    middle = make_pool(company, [company.agent], name="Middle", default_rule=False, next_pool_id=last.id)
    make_pool(company, [company.agent], name="First", default_rule=False, next_pool_id=middle.id)
    data = exported(company)
    ways = {"Last": "Middle", "Middle": "First", "First": None}
    turned = data | {"pools": [pool | {"next_pool": ways[pool["name"]]} for pool in data["pools"]]}
    assert len(applied(company, turned)) == 3
    assert planned(company, turned) == []
    assert applied(company, data | {"pools": []})
    assert exported(company)["pools"] == []


def test_a_circle_in_a_file_is_named_as_a_whole(company: Company) -> None:
    for name in ("One", "Two"):
        make_pool(company, [company.agent], name=name, default_rule=False)
    data = exported(company)
    ways = {"One": "Two", "Two": "One"}
    circle = data | {"pools": [pool | {"next_pool": ways[pool["name"]]} for pool in data["pools"]]}
    [why] = complaints(company, circle).values()
    assert why.startswith("Leads would go round for ever:")


def test_a_pool_for_reassignments_and_one_for_new_leads_change_places(company: Company) -> None:
    """Whatever the order of the file; and one that new leads still come to is refused by its place."""
    for name, group in (("First", False), ("Movers", True), ("Others", False)):
        make_pool(company, [company.agent], name=name, default_rule=False, for_reassignment=group)
    data = exported(company)
    first, movers, others = data["pools"]
    first["next_pool"], movers["for_reassignment"], others["for_reassignment"] = "Movers", False, True
    for order in ([first, movers, others], [others, movers, first]):
        assert len(planned(company, data | {"pools": order})) == 3
    new = [{"name": "Brand-new", "for_reassignment": True}]
    assert len(planned(company, data | {"pools": [first, movers, others, *new]})) == 4
    data["rules"][-1]["pool"] = "Others"
    assert complaints(company, data).keys() == {"pools.2.for_reassignment"}


def test_conditions_and_hours_are_told_as_they_were_and_are(company: Company) -> None:
    rule = {"name": "Forms", "pool": None, "conditions": {"source": ["form"]}}
    data = exported(company)
    with_rule = data | {"rules": [rule, *data["rules"]]}
    [made] = applied(company, with_rule)
    assert made == "+ rule “Forms” (conditions source is form)"
    other = data | {"rules": [rule | {"conditions": {"source": ["mail"]}}, *data["rules"]]}
    [changed_conditions] = planned(company, other)
    assert changed_conditions == "~ rule “Forms”, conditions: source is form → source is mail"
    hours = data | {"rules": [rule | {"hours": {"monday": [["09:00", "17:00"]]}}, *data["rules"]]}
    [changed_hours] = planned(company, hours)
    assert changed_hours == "~ rule “Forms”, hours: at all hours → Mon 09:00-17:00"
