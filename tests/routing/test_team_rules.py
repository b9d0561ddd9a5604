"""A rule may send a lead to a team, whose own list then goes on; without one that fits, the team's own way does."""

from datetime import timedelta

import pytest

from portal.routing import explain
from portal.routing.chain import check_ways
from portal.routing.facts import Asking, LeadFacts, Outcome, Rule, Stage, TeamFacts, TeamRules, WaitingFor
from portal.routing.hours import parse_hours
from portal.routing.ladder import climb
from portal.routing.replay import PastLead, Setup, replay
from portal.routing.route import hand_out, match_rules, without_pool

from .crew import LEAD, NOW, agent, default_rule, id_of, pool


def rule(name, pool_name=None, *, in_team=None, to_team=None, **facts):
    return Rule(
        id_of(name),
        name,
        pool_name and id_of(pool_name),
        team_id=in_team and id_of(in_team),
        to_team_id=to_team and id_of(to_team),
        **facts,
    )


def team(name, *rules, default_pool=None):
    return TeamRules(id_of(name), name, rules, default_pool and id_of(default_pool))


def matched(rules, *teams, lead=LEAD, now=None):
    return match_rules(lead, [*rules, default_rule()], now, {each.id: each for each in teams})


def told(match):
    return [(check.team, check.name, check.met) for check in match.checks]


TO_NORTH = rule("Cold", to_team="North")
ROOFS = rule("Roofs", "Roofers", in_team="North", conditions={"source": ["roof"]})
FORMS = rule("Forms", "Desk", in_team="North", conditions={"source": ["form"]})


class TestTheWalk:
    """`LEAD` came by a form."""

    @pytest.mark.parametrize(
        ("own_rules", "default_pool", "pool_name", "decides"),
        [
            ([FORMS], None, "Desk", "Forms"),
            ([ROOFS, FORMS], "Rest", "Desk", "Forms"),
            ([FORMS, rule("All", "Other", in_team="North")], None, "Desk", "Forms"),
            ([ROOFS], "Rest", "Rest", "Cold"),
            ([], "Rest", "Rest", "Cold"),
            ([rule("Forms", "Desk", in_team="North", paused=True)], "Rest", "Rest", "Cold"),
        ],
    )
    def test_goes_on_with_the_teams_own_list_and_ends_at_its_default_pool(
        self, own_rules, default_pool, pool_name, decides
    ):
        match = matched([TO_NORTH], team("North", *own_rules, default_pool=default_pool))
        assert (match.pool_id, match.rule.name, match.team.name) == (id_of(pool_name), decides, "North")
        assert match.is_routed
        assert not match.is_for_people_of_team

    def test_keeps_every_look_with_the_list_it_was_in(self):
        match = matched([rule("Mail", "Post", conditions={"source": ["mail"]}), TO_NORTH], team("North", ROOFS, FORMS))
        assert told(match) == [
            (None, "Mail", False),
            (None, "Cold", True),
            ("North", "Roofs", False),
            ("North", "Forms", True),
        ]
        assert [check.sends_to for check in match.checks] == [None, "North", None, None]

    def test_never_comes_back_to_the_companys_list(self):
        match = matched([TO_NORTH, rule("All", "Other")], team("North", ROOFS))
        assert (match.pool_id, match.rule.name) == (None, "Cold")

    def test_without_a_rule_or_a_pool_is_for_the_teams_people(self):
        match = matched([TO_NORTH], team("North", ROOFS))
        assert (match.pool_id, match.is_for_people_of_team, match.is_routed) == (None, True, True)

    def test_a_rule_of_a_team_that_names_nowhere_leaves_the_lead_to_a_person(self):
        match = matched([TO_NORTH], team("North", rule("Keep", in_team="North"), default_pool="Rest"))
        assert (match.pool_id, match.is_for_people_of_team, match.is_routed) == (None, False, False)
        assert match.team.name == "North"

    def test_a_team_may_send_on_to_another(self):
        on = rule("South of here", in_team="North", to_team="South", conditions={"source": ["form"]})
        match = matched([TO_NORTH], team("North", on), team("South", default_pool="Beach"))
        assert (match.pool_id, match.rule.name, match.team.name) == (id_of("Beach"), "South of here", "South")

    def test_the_default_rule_may_send_to_a_team(self):
        match = match_rules(
            LEAD,
            [Rule(id_of("Default"), "Default", None, is_default=True, to_team_id=id_of("North"))],
            teams={id_of("North"): team("North", FORMS)},
        )
        assert match.pool_id == id_of("Desk")

    def test_a_rule_of_a_team_counts_in_its_own_hours(self):
        mornings = rule("Mornings", "Desk", in_team="North", hours=parse_hours({"monday": [["09:00", "12:00"]]}, "UTC"))
        north = team("North", mornings, default_pool="Rest")
        # NOW is a Monday, half past nine.
        assert matched([TO_NORTH], north, now=NOW).pool_id == id_of("Desk")
        assert matched([TO_NORTH], north, now=NOW + timedelta(hours=4)).pool_id == id_of("Rest")
        with pytest.raises(ValueError, match="Mornings"):
            matched([TO_NORTH], north)

    def test_ends_where_teams_send_a_lead_round(self):
        there, back = rule("There", in_team="North", to_team="South"), rule("Back", in_team="South", to_team="North")
        match = matched([TO_NORTH], team("North", there, default_pool="Rest"), team("South", back))
        assert (match.pool_id, match.rule.name) == (id_of("Rest"), "Back")
        assert len(match.checks) == 3


class TestTheTeamsPeople:
    """Who gets a lead where the team names no pool for it."""

    MATCH = matched([TO_NORTH], team("North", ROOFS))

    def climbed(self, *others, default=None, everyone=None):
        line = without_pool(LEAD, self.MATCH, NOW)
        people = TeamFacts(id_of("North"), default, others)
        return climb(LEAD, None, None if everyone is None else lambda: everyone, line, NOW, team=people)

    def user(self, name, **facts):
        return agent(name, weight=None, **facts)

    def test_the_default_user_has_it_at_once(self):
        decision = self.climbed(self.user("Yan"), default=self.user("Dot", last_lead_at=NOW))
        assert (decision.stage, decision.outcome, decision.chosen) == (Stage.TEAM, Outcome.ASSIGN, (id_of("Dot"),))
        assert (decision.pool_id, decision.rule_id) == (None, id_of("Cold"))

    def test_then_others_of_the_team_then_anybody(self):
        away = self.user("Dot", available=False)
        assert self.climbed(self.user("Yan"), default=away, everyone=[self.user("Zoe")]).chosen == (id_of("Yan"),)
        assert self.climbed(default=away, everyone=[self.user("Zoe")]).stage is Stage.ANY_ACTIVE

    def test_with_nobody_it_waits_with_an_alarm(self):
        decision = self.climbed()
        assert (decision.stage, decision.waiting_for) == (Stage.WAITING, WaitingFor.ROUTING)

    def test_is_told_in_sentences(self):
        assert explain.sentences(self.climbed(default=self.user("Dot"))) == [
            "Rule “Cold”: met, restricts nothing; it sends the lead to team “North”.",
            "Team “North”, rule “Roofs”: not met, source is not roof.",
            "Team “North” names no pool for it.",
            "Dot: takes it.",
            "It goes to Dot, of team “North”.",
        ]
        assert self.climbed(everyone=[self.user("Zoe")]).why == (
            "Nobody of team “North” can take it, so it goes to Zoe, whose last lead is the least recent."
        )


def test_a_default_pool_is_told_of():
    match = matched([TO_NORTH], team("North", ROOFS, default_pool="Buyers"))
    assert explain.sentences(hand_out(LEAD, pool(agent("Ana")), match, Asking(), NOW))[:4] == [
        "Rule “Cold”: met, restricts nothing; it sends the lead to team “North”.",
        "Team “North”, rule “Roofs”: not met, source is not roof.",
        "No rule of team “North” takes it, so it goes to the team's default pool.",
        "Pool “Buyers”.",
    ]


def test_leads_of_days_gone_by_go_through_a_teams_list():
    desk = pool(agent("Ana"))
    setup = Setup(
        [TO_NORTH, default_rule()],
        {desk.id: desk},
        teams={
            id_of("North"): team("North", rule("Forms", "Buyers", in_team="North", conditions={"source": ["form"]}))
        },
        people={id_of("North"): TeamFacts(id_of("North"), agent("Dot", weight=None))},
    )
    leads = [PastLead(LeadFacts(source=source), NOW) for source in ("form", "mail", "form")]
    tally = replay(leads, setup)
    assert tally.received == {id_of("Ana"): 2, id_of("Dot"): 1}
    assert tally.by_rule == {id_of("Forms"): 2, id_of("Cold"): 1}
    assert tally.stages == {Stage.LINE: 2, Stage.TEAM: 1}


class TestTeamsThatSendLeadsRound:
    @pytest.mark.parametrize(
        ("ways", "loop"),
        [
            ({}, None),
            ({"A": ["B", "C"], "B": ["C"], "C": []}, None),
            ({"A": ["B"], "B": ["X"]}, None),
            ({"A": ["A"]}, ["A"]),
            ({"A": ["B", "C"], "B": [], "C": ["A"]}, ["A", "C"]),
            ({"A": ["B"], "B": ["C"], "C": ["D"], "D": ["B"]}, ["B", "C", "D"]),
        ],
    )
    def test_are_found_and_the_way_is_told(self, ways, loop):
        ids = {id_of(name): [id_of(each) for each in ahead] for name, ahead in ways.items()}
        assert check_ways(ids) == (loop and tuple(map(id_of, loop)))

    def test_a_long_way_is_looked_through_without_getting_lost(self):
        ways = {id_of(f"{place}"): [id_of(f"{place + 1}"), id_of(f"{place + 2}")] for place in range(3000)}
        assert check_ways(ways) is None
