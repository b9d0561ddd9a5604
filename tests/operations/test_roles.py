"""Own roles: made, given, changed for all holders at once; and nobody raises anybody above themselves."""

from __future__ import annotations

from uuid import UUID

import pytest

from portal.errors import Conflict, Forbidden, Invalid, NotFound
from portal.models import OwnRole
from portal.operations.people import add_user, change_user, deactivate, hand_over_ownership
from portal.operations.roles import change_role, delete_role, make_role
from portal.operations.teams import change_team, make_team
from portal.permissions import Right, may, powers, reach_of, rights_of
from portal.queries.people import active_owner_ids
from tests.cast import Company, Person
from tests.consistency import assert_consistent
from tests.factories import holds_too, make_own_role, make_pool, make_user
from tests.factories import make_team as a_team
from tests.operations.acts import arrive
from tests.races.at_once import at_once, refused


def rights(person: Person, company: Company) -> frozenset[Right]:
    with company.inside():
        return rights_of(person.user())


def give(company: Company, person: Person, *roles: str, by: Person | None = None) -> None:
    with company.inside():
        change_user(person.id, by=(by or company.owner).user(), roles=roles)


def test_a_role_given_adds_its_rights_and_counts_at_once(company: Company) -> None:
    with company.inside():
        role = make_role(by=company.owner.user(), name="Dispatcher", grants=["assign", "reports"])
        role_id = str(role.id)
    give(company, company.agent, "agent", role_id)
    assert rights(company.agent, company) == {Right.RECEIVE, Right.ASSIGN, Right.REPORTS}
    give(company, company.agent, "agent")
    assert rights(company.agent, company) == {Right.RECEIVE}
    assert_consistent(company)


def test_changing_a_role_changes_all_who_hold_it(company: Company) -> None:
    role = make_own_role(company, "assign")
    for person in (company.agent, company.colleague):
        holds_too(company, person, role)
    with company.inside():
        change_role(role.id, by=company.owner.user(), grants=["export"])
    for person in (company.agent, company.colleague):
        assert rights(person, company) == {Right.RECEIVE, Right.EXPORT}
    assert_consistent(company)


def test_a_role_somebody_holds_stays(company: Company) -> None:
    role = make_own_role(company, "export")
    holds_too(company, company.agent, role)
    with company.inside(), pytest.raises(Conflict, match="Ana Agent"):
        delete_role(role.id, by=company.owner.user())
    give(company, company.agent, "agent")
    with company.inside():
        delete_role(role.id, by=company.owner.user())
        with pytest.raises(NotFound):
            delete_role(role.id, by=company.owner.user())


def test_the_lesser_of_two_reaches_is_left_out(company: Company) -> None:
    with company.inside():
        role = make_role(by=company.owner.user(), name="HR", grants=["people", "people:team"])
        assert role.grants == ["people"]


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"name": "", "grants": ["export"]}, "name"),
        ({"name": "Owner", "grants": ["export"]}, "name"),
        ({"name": "Taken", "grants": ["export"]}, "name"),
        ({"name": "A\x00b", "grants": ["export"]}, "name"),
        ({"name": "New", "grants": []}, "rights"),
        ({"name": "New", "grants": ["ownership"]}, "rights"),
        ({"name": "New", "grants": ["export:team"]}, "rights"),
        ({"name": "New", "grants": ["everything"]}, "rights"),
    ],
)
def test_what_makes_no_sense_is_refused_by_the_name_of_its_field(
    company: Company, fields: dict[str, object], field: str
) -> None:
    make_own_role(company, "export", name="Taken")
    with company.inside(), pytest.raises(Invalid) as refused:
        make_role(by=company.owner.user(), **fields)  # type: ignore[arg-type]
    assert [error.field for error in refused.value.errors] == [field]


class TestNobodyRaisesAnybodyAboveThemselves:
    """An editor looks after people, and holds neither `assign` nor `export`."""

    @pytest.fixture
    def editor(self, company: Company) -> Person:
        return make_user(company, "Eddy Editor", roles=["editor"])

    @pytest.fixture
    def role(self, company: Company) -> OwnRole:
        return make_own_role(company, "export")

    def test_by_a_role_of_their_own_making(self, company: Company, editor: Person) -> None:
        with company.inside(), pytest.raises(Forbidden):
            make_role(by=editor.user(), name="Mine", grants=["assign"])

    def test_by_changing_a_role_they_hold(self, company: Company, editor: Person) -> None:
        harmless = make_own_role(company, "people")
        holds_too(company, editor, harmless)
        with company.inside(), pytest.raises(Forbidden):
            change_role(harmless.id, by=editor.user(), grants=["people", "company"])

    def test_by_giving_themselves_a_role(self, company: Company, editor: Person, role: OwnRole) -> None:
        for roles in (["admin"], ["editor", "manager"], ["editor", str(role.id)]):
            with company.inside(), pytest.raises(Forbidden):
                change_user(editor.id, by=editor.user(), roles=roles)

    def test_by_giving_it_to_somebody_new(self, company: Company, editor: Person, role: OwnRole) -> None:
        with company.inside(), pytest.raises(Forbidden):
            add_user(by=editor.user(), name="Nia", email="nia@example.com", roles=[str(role.id)])

    def test_nor_lowers_a_role_that_stands_above_them(self, company: Company, editor: Person, role: OwnRole) -> None:
        for act in (lambda by: change_role(role.id, by=by, grants=["people"]), lambda by: delete_role(role.id, by=by)):
            with company.inside(), pytest.raises(Forbidden):
                act(editor.user())

    def test_nor_touches_somebody_who_holds_more_by_a_role_of_the_companys_own(
        self, company: Company, editor: Person, role: OwnRole
    ) -> None:
        holds_too(company, company.agent, role)
        for changes in ({"name": "Changed"}, {"roles": ["agent"]}, {"active": False}):
            with company.inside(), pytest.raises(Forbidden):
                change_user(company.agent.id, by=editor.user(), **changes)  # type: ignore[arg-type]

    def test_by_a_team_in_which_the_same_right_reaches_further(self, company: Company) -> None:
        """`see_all` reaches one's team, and without a team the whole company."""
        north, south = a_team(company, "North").id, a_team(company, "South").id
        person = make_user(company, "Pia People", roles=["editor", "manager"], team_id=north)
        for team_id in (south, None):
            with company.inside(), pytest.raises(Forbidden):
                change_user(person.id, by=person.user(), team_id=team_id)
            with company.inside(), pytest.raises(Forbidden):
                add_user(by=person.user(), name="N", email="n@example.com", roles=["manager"], team_id=team_id)
        elsewhere = make_user(company, "Max South", roles=["manager"], team_id=south)
        with company.inside(), pytest.raises(Forbidden):
            change_user(elsewhere.id, by=person.user(), name="Mine")
        with company.inside():
            add_user(by=person.user(), name="N", email="n@example.com", roles=["manager"], team_id=north)
            add_user(by=person.user(), name="A", email="a@example.com", roles=["agent"], team_id=south)

    def test_and_an_agent_makes_no_roles_at_all(self, company: Company) -> None:
        with company.inside(), pytest.raises(Forbidden):
            make_role(by=company.agent.user(), name="Mine", grants=["receive"])


class TestWhoLooksAfterPeopleOfTheirTeam:
    """`people:team` reaches one's own team and those below, and ends there."""

    @pytest.fixture
    def north(self, company: Company) -> UUID:
        return a_team(company, "North").id

    @pytest.fixture
    def lead(self, company: Company, north: UUID) -> Person:
        person = make_user(company, "Lea Leader", roles=["agent"], team_id=north)
        holds_too(company, person, make_own_role(company, "people:team", "distribution:team"))
        return person

    def test_reaches_own_team_and_below(self, company: Company, lead: Person, north: UUID) -> None:
        below = a_team(company, "North, below", parent_id=north).id
        a_team(company, "South")
        with company.inside():
            assert reach_of(lead.user(), Right.PEOPLE) == {north, below}
            nia = add_user(by=lead.user(), name="Nia", email="nia@example.com", team_id=below)
            change_user(nia.id, by=lead.user(), name="Nia N", team_id=north)
            deactivate(nia.id, by=lead.user())

    def test_sees_nobody_elsewhere(self, company: Company, lead: Person) -> None:
        south = make_user(company, "Sam South", team_id=a_team(company, "South").id)
        for person in (south, company.agent):
            assert lead.api.get(f"/users/{person.id}").status_code == 404
            assert lead.api.patch(f"/users/{person.id}", {"name": "X"}).status_code == 404
            assert lead.api.post(f"/users/{person.id}/deactivate", {}).status_code == 404
        assert {one["id"] for one in lead.api.get("/users").json["items"]} == {str(lead.id)}

    def test_sends_nobody_elsewhere(self, company: Company, lead: Person, north: UUID) -> None:
        south, person = a_team(company, "South").id, make_user(company, "Nora North", team_id=north)
        for elsewhere in (south, None):
            with company.inside(), pytest.raises(Invalid) as refused:
                change_user(person.id, by=lead.user(), team_id=elsewhere)
            assert [error.field for error in refused.value.errors] == ["team_id"]
            with company.inside(), pytest.raises(Invalid):
                add_user(by=lead.user(), name="Nia", email="nia@example.com", team_id=elsewhere)

    def test_moves_no_team_out_of_reach(self, company: Company, lead: Person, north: UUID) -> None:
        south, below = a_team(company, "South").id, a_team(company, "North, below", parent_id=north).id
        with company.inside():
            make_team(by=lead.user(), name="North, deeper", parent_id=below)
            with pytest.raises(Invalid):
                make_team(by=lead.user(), name="Top")
            with pytest.raises(Invalid):
                change_team(below, by=lead.user(), parent_id=south)
            with pytest.raises(Invalid):
                change_team(north, by=lead.user(), parent_id=south)
            with pytest.raises(NotFound):
                change_team(south, by=lead.user(), name="Mine")

    def test_makes_no_roles_and_points_no_rules(self, company: Company, lead: Person) -> None:
        with company.inside(), pytest.raises(Forbidden):
            make_role(by=lead.user(), name="Mine", grants=["receive"])
        assert lead.api.patch(f"/rules/{company.default_rule_id}", {"pool_id": None}).status_code == 403

    def test_sets_up_pools_of_their_team_only(self, company: Company, lead: Person, north: UUID) -> None:
        theirs = company.owner.api.post("/pools", {"name": "Company"}).json["id"]
        assert lead.api.post("/pools", {"name": "Mine"}).status_code == 422
        mine = lead.api.post("/pools", {"name": "North", "team_id": str(north)}).json["id"]
        assert {pool["id"] for pool in lead.api.get("/pools").json["items"]} == {mine}
        for path in (f"/pools/{theirs}", f"/pools/{theirs}/next", f"/pools/{theirs}/ledger"):
            assert lead.api.get(path).status_code == 404
        assert lead.api.patch(f"/pools/{theirs}", {"name": "Mine now"}).status_code == 404
        assert lead.api.delete(f"/pools/{theirs}").status_code == 404
        assert lead.api.patch(f"/pools/{mine}", {"team_id": None}).status_code == 422

    def test_without_a_team_reaches_nobody(self, company: Company) -> None:
        nowhere = make_user(company, "Nick Nowhere")
        holds_too(company, nowhere, make_own_role(company, "people:team"))
        with company.inside():
            assert reach_of(nowhere.user(), Right.PEOPLE) == frozenset()
            with pytest.raises(NotFound):
                change_user(company.agent.id, by=nowhere.user(), name="X")


@pytest.mark.parametrize("grants", [["export"], ["assign"], ["insights"]])
def test_rights_about_leads_need_a_lead_to_see(company: Company, grants: list[str]) -> None:
    editor, role = make_user(company, roles=["editor"]), make_own_role(company, *grants)
    with company.inside():
        change_user(editor.id, by=company.owner.user(), roles=["editor", str(role.id)])
        with pytest.raises(Invalid) as refused:
            change_user(editor.id, by=company.owner.user(), lead_access=[])
        assert [error.field for error in refused.value.errors] == ["lead_access"]


def test_ownership_goes_to_one_and_leaves_the_other_an_admin(company: Company) -> None:
    with company.inside():
        hand_over_ownership(company.agent.id, by=company.owner.user())
    with company.inside():
        assert may(company.agent.user(), Right.OWNERSHIP)
        assert not may(company.owner.user(), Right.OWNERSHIP)
        assert may(company.owner.user(), Right.COMPANY)
        assert Right.RECEIVE in powers(company.agent.user()).held
        with pytest.raises(Forbidden):
            hand_over_ownership(company.owner.id, by=company.owner.user())


def test_of_two_hand_overs_at_once_one_counts(company: Company) -> None:
    def hand_over(to: Person) -> None:
        with company.inside():
            hand_over_ownership(to.id, by=company.owner.user())

    results = at_once(lambda: hand_over(company.agent), lambda: hand_over(company.colleague))
    assert [type(each) for each in refused(results)] == [Forbidden]
    with company.inside():
        assert len(active_owner_ids()) == 1


def test_ownership_goes_to_nobody_who_is_gone_or_elsewhere(company: Company, other_company: Company) -> None:
    gone = make_user(company, "Gone", active=False)
    for to in (gone.id, other_company.agent.id, company.owner.id):
        with company.inside(), pytest.raises(Invalid):
            hand_over_ownership(to, by=company.owner.user())


def test_open_leads_go_along_when_their_owner_changes_teams(company: Company) -> None:
    north, south = a_team(company, "North").id, a_team(company, "South").id
    rep = make_user(company, "Remy Rep", team_id=north)
    make_pool(company, [rep], delivery="assign")
    lead = arrive(company)
    with company.inside():
        change_user(rep.id, by=company.owner.user(), team_id=south)
    assert company.owner.api.get(f"/leads/{lead.lead_id}").json["team_id"] == str(south)
    assert_consistent(company)
