"""Teams with rules of their own: rules send leads to a team, and there its own list, pool or people take them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import select

from portal.errors import Conflict, Forbidden, Invalid, NotFound
from portal.models import AuditEntry, OwnRole, Rule
from portal.operations import rules, teams
from portal.operations.pools import delete_pool
from portal.queries.people import team_named
from portal.queries.pool_ties import teams_sending
from portal.queries.rules import rules as rules_of
from tests.cast import Company, Person
from tests.consistency import assert_consistent
from tests.factories import holds_too, make_own_role, make_pool, make_team, make_user
from tests.operations import sights
from tests.operations.acts import arrive, change_company, change_user, decline, drain, miss


@pytest.fixture
def north(company: Company) -> UUID:
    """A team that gets what comes from the north."""
    team = make_team(company, "North").id
    make(company, name="The north", to_team_id=team, conditions={"region": ["North"]})
    return team


@pytest.fixture
def usual(company: Company) -> UUID:
    """Where everything else goes."""
    return make_pool(company, [company.agent], name="Usual").id


def make(company: Company, *, by: Person | None = None, **fields: Any) -> Rule:
    with company.inside():
        return rules.make_rule(by=(by or company.owner).user(), **fields)


def change(company: Company, rule_id: UUID, *, by: Person | None = None, **fields: Any) -> None:
    with company.inside():
        rules.change_rule(rule_id, by=(by or company.owner).user(), **fields)


def set_team(company: Company, team_id: UUID, *, by: Person | None = None, **fields: Any) -> None:
    with company.inside():
        teams.change_team(team_id, by=(by or company.owner).user(), **fields)


def from_the_north(company: Company, **told: Any) -> Any:
    return arrive(company, location={"region": "North"}, **told)


def names(company: Company, team_id: UUID | None = None) -> list[str]:
    with company.inside():
        return [rule.name for rule in rules_of(team_id)]


def pool_for(company: Company, *members: Person, **columns: Any) -> UUID:
    return make_pool(company, members, default_rule=False, **columns).id


class TestALeadSentToATeam:
    """Its own list first, then its default pool, then its people."""

    def test_goes_by_the_teams_own_rule_and_says_so(self, company: Company, north: UUID, usual: UUID) -> None:
        roofs = pool_for(company, company.colleague, name="Roofs")
        own = make(company, name="Roofs", team_id=north, pool_id=roofs, conditions={"lead_type": ["Roof"]})
        taken = from_the_north(company, lead_type="Roof")
        assert (taken.pool_id, taken.rule_id) == (roofs, own.id)
        assert arrive(company, lead_type="Roof").pool_id == usual
        kept = sights.decisions(company, taken.lead_id)[0].data
        assert [(row["name"], row.get("team"), row.get("sends_to")) for row in kept["rules"]] == [
            ("The north", None, "North"),
            ("Roofs", "North", None),
        ]
        assert sights.lead(company, taken.lead_id).team_id == north
        assert_consistent(company)

    def test_goes_to_the_default_pool_when_no_rule_of_the_team_takes_it(
        self, company: Company, north: UUID, usual: UUID
    ) -> None:
        rest = pool_for(company, company.colleague, name="Rest")
        make(company, name="Roofs", team_id=north, pool_id=usual, conditions={"lead_type": ["Roof"]})
        set_team(company, north, default_pool_id=rest)
        taken = from_the_north(company)
        assert (taken.pool_id, sights.lead(company, taken.lead_id).team_id) == (rest, north)
        with company.inside():
            assert teams_sending(rest) == ["North"]

    def test_goes_to_the_default_user_at_once_where_the_team_names_no_pool(
        self, company: Company, north: UUID, usual: UUID
    ) -> None:
        make_user(company, "Remy Rep", team_id=north)
        set_team(company, north, default_user_id=company.colleague.id)
        taken = from_the_north(company)
        assert (taken.outcome, taken.owner_id, taken.pool_id) == ("assigned", company.colleague.id, None)
        [kept] = sights.decisions(company, taken.lead_id)
        assert (kept.stage, kept.data["why"]) == ("team", f"It goes to {company.colleague.name}, of team “North”.")
        assert ("assigned", company.colleague.id) in sights.told(company, taken.lead_id)
        assert_consistent(company)

    def test_goes_to_the_others_of_the_team_least_recent_first(
        self, company: Company, north: UUID, usual: UUID
    ) -> None:
        people = {make_user(company, name, team_id=north).id for name in ("Remy Rep", "Rosa Rep")}
        owners = [from_the_north(company).owner_id for _ in range(4)]
        assert set(owners[:2]) == set(owners[2:]) == people

    def test_waits_with_an_alarm_and_goes_to_the_team_once_somebody_is_there(
        self, company: Company, north: UUID, usual: UUID
    ) -> None:
        change_company(company, fallback_any_active=False)
        rep = make_user(company, "Remy Rep", team_id=north, available=False)
        leader = make_user(company, "Mia Manager", roles=["manager"], team_id=north)
        other = make_user(company, "Max South", roles=["manager"], team_id=make_team(company, "South").id)
        taken = from_the_north(company)
        assert (taken.state, taken.waiting_for, taken.pool_id) == ("unassigned", "routing", None)
        assert sights.lead(company, taken.lead_id).team_id == north
        told = sights.told(company, taken.lead_id)
        assert ("alarm", leader.id) in told
        assert ("alarm", other.id) not in told
        change_user(company, rep, available=True)
        drain(company)
        assert sights.lead(company, taken.lead_id).owner_id == rep.id
        assert_consistent(company)

    def test_many_that_waited_are_shared_in_the_team_as_they_would_have_been(
        self, company: Company, north: UUID, usual: UUID
    ) -> None:
        change_company(company, fallback_any_active=False)
        reps = [make_user(company, name, team_id=north, available=False) for name in ("Remy Rep", "Rosa Rep")]
        waiting = [from_the_north(company).lead_id for _ in range(4)]
        for rep in reps:
            change_user(company, rep, available=True)
        drain(company)
        owners = [sights.lead(company, lead_id).owner_id for lead_id in waiting]
        assert [owners.count(rep.id) for rep in reps] == [2, 2]
        assert_consistent(company)

    def test_that_nobody_takes_in_the_pool_goes_to_the_team_of_the_rule(
        self, company: Company, north: UUID, usual: UUID
    ) -> None:
        """Whatever team the pool is of: the lead is the rule's team's."""
        south = make_team(company, "South").id
        make_user(company, "Sam South", team_id=south)
        rep = make_user(company, "Remy Rep", team_id=north)
        shared = pool_for(company, company.colleague, name="Shared", team_id=south)
        make(company, name="All", team_id=north, pool_id=shared)
        taken = from_the_north(company)
        assert sights.lead(company, taken.lead_id).team_id == north
        decline(company.colleague, sights.open_offer(company, taken.lead_id).id)
        assert sights.lead(company, taken.lead_id).owner_id == rep.id

    def test_goes_to_its_own_team_from_a_pool_two_teams_share(self, company: Company, north: UUID, usual: UUID) -> None:
        south = make_team(company, "South").id
        make(company, name="The south", to_team_id=south, conditions={"region": ["South"]})
        reps = {team: make_user(company, name, team_id=team) for team, name in ((north, "Remy"), (south, "Sam"))}
        shared = pool_for(company, name="Shared")
        for team in reps:
            set_team(company, team, default_pool_id=shared)
        for region, team in (("North", north), ("South", south), ("North", north)):
            taken = arrive(company, location={"region": region})
            assert taken.owner_id == reps[team].id

    def test_that_was_missed_is_passed_on_in_the_pool_it_is_in(
        self, company: Company, north: UUID, usual: UUID
    ) -> None:
        rest = pool_for(company, company.colleague, company.agent, name="Rest")
        set_team(company, north, default_pool_id=rest)
        taken = from_the_north(company)
        first = sights.open_offer(company, taken.lead_id)
        miss(company, first.id)
        second = sights.open_offer(company, taken.lead_id)
        assert (second.pool_id, second.user_id != first.user_id) == (rest, True)
        assert sights.lead(company, taken.lead_id).team_id == north

    def test_goes_on_to_another_team(self, company: Company, north: UUID, usual: UUID) -> None:
        hills = make_team(company, "Hills", parent_id=north).id
        set_team(company, hills, default_pool_id=pool_for(company, company.colleague, name="Hills"))
        make(company, name="Up there", team_id=north, to_team_id=hills)
        taken = from_the_north(company)
        assert sights.lead(company, taken.lead_id).team_id == hills
        assert sights.offers(company, taken.lead_id)[0].user_id == company.colleague.id

    def test_the_default_rule_may_send_everything_to_a_team(self, company: Company, north: UUID, usual: UUID) -> None:
        rep = make_user(company, "Remy Rep", team_id=north)
        change(company, company.default_rule_id, to_team_id=north)
        assert arrive(company).owner_id == rep.id

    def test_goes_by_a_default_pool_at_once_once_it_is_changed(
        self, company: Company, north: UUID, usual: UUID
    ) -> None:
        """What is kept ready in memory follows the team."""
        first, second = (pool_for(company, company.colleague, name=name) for name in "AB")
        for pool_id in (first, second):
            set_team(company, north, default_pool_id=pool_id)
            assert from_the_north(company).pool_id == pool_id


class TestWhereARuleStandsAndLeads:
    def test_naming_a_team_lets_go_of_the_pool_and_the_other_way_round(
        self, company: Company, north: UUID, usual: UUID
    ) -> None:
        rule = make(company, name="All", pool_id=usual)
        for wanted, (pool_id, team_id) in (
            ({"to_team_id": north}, (None, north)),
            ({"pool_id": usual}, (usual, None)),
            ({"pool_id": None}, (None, None)),
        ):
            change(company, rule.id, **wanted)
            kept = sights.rows(company, select(Rule).where(Rule.id == rule.id))[0]
            assert (kept.pool_id, kept.to_team_id) == (pool_id, team_id)

    def test_both_at_once_is_refused(self, company: Company, north: UUID, usual: UUID) -> None:
        assert refused(company, name="All", pool_id=usual, to_team_id=north) == ["to_team_id"]

    def test_another_companys_team_is_unknown_by_its_field(
        self, company: Company, other_company: Company, north: UUID
    ) -> None:
        theirs, their_pool = make_team(other_company).id, make_pool(other_company).id
        assert refused(company, name="All", to_team_id=theirs) == ["to_team_id"]
        assert refused(company, name="All", team_id=theirs) == ["team_id"]
        with company.inside(), pytest.raises(Invalid) as wrong:
            teams.change_team(north, by=company.owner.user(), default_pool_id=their_pool)
        assert [error.field for error in wrong.value.errors] == ["default_pool_id"]

    def test_teams_that_would_send_leads_round_are_refused_with_the_way(self, company: Company, north: UUID) -> None:
        south, west = make_team(company, "South").id, make_team(company, "West").id
        make(company, name="N to S", team_id=north, to_team_id=south, paused=True)
        make(company, name="S to W", team_id=south, to_team_id=west)
        for wanted in ({"team_id": west, "to_team_id": north}, {"team_id": north, "to_team_id": north}):
            with company.inside(), pytest.raises(Invalid) as wrong:
                rules.make_rule(by=company.owner.user(), name="Back", **wanted)  # type: ignore[arg-type]
            [error] = wrong.value.errors
            assert error.field == "to_team_id"
            assert "“North” → " in error.message
        assert names(company, west) == []

    def test_the_default_rule_stays_in_the_companys_list(self, company: Company, north: UUID) -> None:
        with company.inside(), pytest.raises(Invalid) as wrong:
            rules.change_rule(company.default_rule_id, by=company.owner.user(), team_id=north)
        assert [error.field for error in wrong.value.errors] == ["team_id"]

    def test_each_list_has_an_order_of_its_own(self, company: Company, north: UUID) -> None:
        ours = [make(company, name=name, team_id=north).id for name in "ABC"]
        others = [make(company, name=name).id for name in "XY"]
        with company.inside():
            by = company.owner.user()
            rules.order_rules([ours[2], ours[0], ours[1]], by=by)
            rules.move_rule(ours[1], -1, by=by)
            rules.move_rule(others[1], -5, by=by)
            for wrong in ([*ours, others[0]], ours[:2], [*ours, company.default_rule_id]):
                with pytest.raises(Invalid):
                    rules.order_rules(wrong, by=by)
        assert names(company, north) == ["C", "B", "A"]
        assert names(company) == ["Y", "The north", "X", "Everything else"]

    def test_a_copy_stands_behind_in_the_same_list(self, company: Company, north: UUID, usual: UUID) -> None:
        first = make(company, name="A", team_id=north, pool_id=usual)
        make(company, name="B", team_id=north)
        with company.inside():
            copy = rules.copy_rule(first.id, by=company.owner.user())
            assert (copy.team_id, copy.pool_id, copy.paused) == (north, usual, True)
        assert names(company, north) == ["A", "Copy of A", "B"]

    def test_a_rule_moved_to_another_list_is_its_last(self, company: Company, north: UUID) -> None:
        make(company, name="A", team_id=north)
        moved = make(company, name="B")
        change(company, moved.id, team_id=north)
        assert names(company, north) == ["A", "B"]
        change(company, moved.id, team_id=None)
        assert names(company) == ["The north", "B", "Everything else"]

    def test_the_log_names_list_and_team(self, company: Company, north: UUID, usual: UUID) -> None:
        rule = make(company, name="A", team_id=north, pool_id=usual)
        with company.inside():
            rules.order_rules([rule.id], by=company.owner.user())
        set_team(company, north, default_pool_id=usual)
        entries = sights.rows(company, select(AuditEntry).order_by(AuditEntry.id))
        added = next(entry for entry in entries if entry.subject_id == rule.id)
        assert (added.after["team"], added.after["pool"]) == ("North", "Usual")
        assert (entries[-1].before, entries[-1].after) == ({"default_pool": None}, {"default_pool": "Usual"})


def refused(company: Company, **fields: Any) -> list[str]:
    with company.inside(), pytest.raises(Invalid) as wrong:
        rules.make_rule(by=company.owner.user(), **fields)
    return [error.field for error in wrong.value.errors]


class TestWhatHoldsATeamAndAPool:
    def test_a_team_with_rules_or_that_rules_name_stays(self, company: Company, north: UUID) -> None:
        own = make(company, name="Own", team_id=north)
        with company.inside():
            by = company.owner.user()
            with pytest.raises(Conflict, match="rules of its own, such as “Own”"):
                teams.delete_team(north, by=by)
            rules.delete_rule(own.id, by=by)
            with pytest.raises(Conflict, match="The rule “The north” sends leads to this team"):
                teams.delete_team(north, by=by)
            rules.delete_rule(rules_of()[0].id, by=by)
            teams.delete_team(north, by=by)

    def test_a_teams_default_pool_stays(self, company: Company, north: UUID) -> None:
        rest = pool_for(company, name="Rest")
        set_team(company, north, default_pool_id=rest)
        with company.inside():
            by = company.owner.user()
            with pytest.raises(Conflict, match="The team “North” sends its leads to this pool by default"):
                delete_pool(rest, by=by)
            teams.change_team(north, by=by, default_pool_id=None)
            delete_pool(rest, by=by)


class TestWhoMay:
    """`distribution:team` reaches the lists and pools of one's own team and those below."""

    @pytest.fixture
    def role(self, company: Company) -> OwnRole:
        return make_own_role(company, "distribution:team")

    @pytest.fixture
    def lead(self, company: Company, role: OwnRole, north: UUID) -> Person:
        person = make_user(company, "Lea Leader", team_id=north)
        holds_too(company, person, role)
        return person

    def test_set_up_the_lists_of_their_teams(self, company: Company, lead: Person, north: UUID) -> None:
        hills = make_team(company, "Hills", parent_id=north).id
        pool = pool_for(company, name="Ours", team_id=hills)
        first = make(company, by=lead, name="A", team_id=north, to_team_id=hills)
        second = make(company, by=lead, name="B", team_id=north, pool_id=pool)
        with company.inside():
            by = lead.user()
            rules.change_rule(first.id, by=by, paused=True)
            rules.order_rules([second.id, first.id], by=by)
            rules.move_rule(second.id, 1, by=by)
            rules.delete_rule(rules.copy_rule(first.id, by=by).id, by=by)
            teams.change_team(hills, by=by, default_pool_id=pool, default_user_id=lead.id)
        assert names(company, north) == ["A", "B"]

    def test_and_no_others(self, company: Company, lead: Person, north: UUID, usual: UUID) -> None:
        south = make_team(company, "South").id
        theirs = make(company, name="Theirs", team_id=south, pool_id=usual).id
        companys = make(company, name="Ours").id
        acts: list[tuple[Callable[[], object], type[Exception]]] = [
            (lambda: rules.make_rule(by=lead.user(), name="Mine"), Forbidden),
            (lambda: rules.make_rule(by=lead.user(), name="Mine", team_id=south), NotFound),
            (lambda: rules.make_rule(by=lead.user(), name="Mine", team_id=north, pool_id=usual), Invalid),
            (lambda: rules.make_rule(by=lead.user(), name="Mine", team_id=north, to_team_id=south), Invalid),
            (lambda: rules.change_rule(companys, by=lead.user(), paused=True), Forbidden),
            (lambda: rules.change_rule(theirs, by=lead.user(), paused=True), NotFound),
            (lambda: rules.change_rule(theirs, by=lead.user(), team_id=north), NotFound),
            (lambda: rules.copy_rule(theirs, by=lead.user()), NotFound),
            (lambda: rules.move_rule(theirs, 1, by=lead.user()), NotFound),
            (lambda: rules.delete_rule(theirs, by=lead.user()), NotFound),
            (lambda: rules.order_rules([theirs], by=lead.user()), NotFound),
            (lambda: teams.change_team(south, by=lead.user(), default_pool_id=None), NotFound),
            (lambda: teams.change_team(north, by=lead.user(), default_pool_id=usual), Invalid),
            (lambda: teams.change_team(north, by=lead.user(), name="Mine"), Forbidden),
        ]
        for act, error in acts:
            with company.inside(), pytest.raises(error):
                act()

    def test_nor_does_looking_after_people_reach_further(
        self, company: Company, lead: Person, north: UUID, usual: UUID
    ) -> None:
        holds_too(company, lead, make_own_role(company, "people", name="People"))
        south = make_team(company, "South", default_pool_id=usual).id
        with company.inside(), pytest.raises(NotFound):
            teams.change_team(south, by=lead.user(), name="South", default_pool_id=None)
        with company.inside():
            teams.change_team(south, by=lead.user(), default_user_id=lead.id)
            assert team_named(south).default_user_id == lead.id

    def test_copy_a_rule_whose_pool_somebody_else_chose(
        self, company: Company, lead: Person, north: UUID, usual: UUID
    ) -> None:
        rule = make(company, name="A", team_id=north, pool_id=usual)
        with company.inside():
            assert rules.copy_rule(rule.id, by=lead.user()).pool_id == usual

    def test_leave_a_pool_as_it_is_that_somebody_else_chose(
        self, company: Company, lead: Person, north: UUID, usual: UUID
    ) -> None:
        rule = make(company, name="A", team_id=north, pool_id=usual)
        change(company, rule.id, by=lead, name="Changed", pool_id=usual)
        assert names(company, north) == ["Changed"]

    def test_may_not_take_a_rule_to_a_list_out_of_reach(self, company: Company, lead: Person, north: UUID) -> None:
        rule = make(company, by=lead, name="A", team_id=north)
        for team_id, error in ((None, Forbidden), (make_team(company, "South").id, Invalid)):
            with company.inside(), pytest.raises(error):
                rules.change_rule(rule.id, by=lead.user(), team_id=team_id)
