"""What happens when nobody in the line takes a lead."""

from dataclasses import replace

import pytest

from portal.routing import explain
from portal.routing.facts import (
    Asked,
    Asking,
    Cap,
    DefaultMode,
    Delivery,
    Outcome,
    Picker,
    Policy,
    Stage,
    TeamFacts,
    WaitingFor,
    WhenNobody,
)
from portal.routing.ladder import climb
from portal.routing.route import hand_out, match_rules

from .crew import LEAD, NOW, agent, default_rule, id_of, minutes_ago, pool, rows

PAUSED = agent("Pia", available=False)


def user(name, **facts):
    """Somebody of the company, member of no pool."""
    return agent(name, weight=None, **facts)


def climbed(crew=None, everyone=None, lead=LEAD, policy=Policy(), asking=Asking(), team=None):  # noqa: B008 - frozen
    """The end of the ladder of a pool whose line has nobody; `everyone` None is the fallback switched off."""
    crew = crew or pool(PAUSED)
    line = hand_out(lead, crew, match_rules(lead, [default_rule()]), asking, NOW, policy)
    return climb(lead, crew, None if everyone is None else lambda: everyone, line, NOW, policy, asking, team)


def stages(decision):
    return [stage.stage for stage in decision.stages]


def test_a_line_that_chose_somebody_has_no_ladder():
    crew = pool(agent("Ana"))
    with pytest.raises(ValueError, match="chosen nobody"):
        climb(LEAD, crew, None, hand_out(LEAD, crew, None, Asking(), NOW), NOW)


class TestDefaultAssignees:
    def crew(self, *assignees, mode=None):
        return pool(PAUSED, default_assignees=assignees, default_mode=mode)

    @pytest.mark.parametrize(
        ("count", "mode", "outcome"),
        [
            (1, None, Outcome.ASSIGN),
            (1, DefaultMode.TELL, Outcome.TELL),
            (2, None, Outcome.TELL),
            (2, DefaultMode.OWN, Outcome.ASSIGN),
        ],
    )
    def test_one_owns_and_several_are_told_unless_said_otherwise(self, count, mode, outcome):
        assignees = [user("Mia"), user("Max")][:count]
        decision = climbed(self.crew(*assignees, mode=mode))
        assert (decision.stage, decision.outcome) == (Stage.DEFAULT, outcome)
        told = count if outcome is Outcome.TELL else 1
        assert decision.chosen == tuple(one.user_id for one in assignees[:told])

    def test_being_told_leaves_the_lead_with_the_catch_all(self):
        assert climbed(self.crew(user("Mia"), user("Max"))).waiting_for is WaitingFor.CATCH_ALL
        assert climbed(self.crew(user("Mia"))).waiting_for is None

    @pytest.mark.parametrize("mode", DefaultMode)
    def test_the_inactive_are_passed_over(self, mode):
        decision = climbed(self.crew(user("Mia", active=False), user("Max"), mode=mode))
        assert decision.chosen == (id_of("Max"),)

    def test_how_many_are_set_decides_not_how_many_are_active(self):
        assert climbed(self.crew(user("Mia", active=False), user("Max"))).outcome is Outcome.TELL

    @pytest.mark.parametrize(
        "facts",
        [{"available": False}, {"open_leads": 9, "open_cap": 9}, {"asked": Asked.DECLINED}, {"receives": False}],
    )
    def test_own_at_once_away_full_or_asked_before(self, facts):
        assert climbed(self.crew(user("Mia", **facts))).chosen == (id_of("Mia"),)

    def test_all_inactive_is_as_if_there_were_none(self):
        decision = climbed(self.crew(user("Mia", active=False)), everyone=[user("Zoe")])
        assert (decision.stage, decision.chosen) == (Stage.ANY_ACTIVE, (id_of("Zoe"),))

    def test_nobody_else_is_looked_up_when_they_answer(self):
        crew = self.crew(user("Mia"))
        line = hand_out(LEAD, crew, None, Asking(), NOW)
        assert climb(LEAD, crew, lambda: pytest.fail("looked up"), line, NOW).stage is Stage.DEFAULT


class TestLastCall:
    missed = agent("Ana", asked=Asked.MISSED, tie_order=2)
    also = agent("Cy", asked=Asked.MISSED, tie_order=1)
    declined = agent("Ben", asked=Asked.DECLINED)

    def crew(self, *members, **facts):
        return pool(*members, last_call_seconds=600, **facts)

    def test_goes_to_those_who_missed_it_and_not_to_those_who_said_no(self):
        decision = climbed(self.crew(self.missed, self.declined, self.also))
        assert (decision.stage, decision.outcome) == (Stage.LAST_CALL, Outcome.LAST_CALL)
        assert decision.chosen == (id_of("Cy"), id_of("Ana"))
        assert decision.why == "Nobody in the line took it: last call for Ana and Cy. The first to take it has it."

    def test_is_made_once(self):
        crew = self.crew(self.missed, default_assignees=[user("Mia")])
        assert climbed(crew).stage is Stage.LAST_CALL
        assert climbed(crew, asking=Asking(1, last_call_made=True)).stage is Stage.DEFAULT

    def test_is_not_made_where_it_is_off_or_nobody_missed_it(self):
        assert Stage.LAST_CALL not in stages(climbed(pool(self.missed)))
        assert Stage.LAST_CALL not in stages(climbed(self.crew(self.declined)))

    def test_asks_the_gates_again(self):
        decision = climbed(self.crew(replace(self.missed, available=False)))
        assert decision.stage is Stage.WAITING
        assert "Nobody who missed it can take it now." in explain.sentences(decision)


class TestNextPool:
    def crew(self, *members, **facts):
        sellers = replace(pool(*members, **facts), id=id_of("Sellers"), name="Sellers")
        return pool(PAUSED, next_pool=sellers)

    def test_is_looked_at_once_the_line_and_the_defaults_are_used_up(self):
        decision = climbed(self.crew(agent("Sam")))
        assert stages(decision) == [Stage.LINE, Stage.DEFAULT, Stage.NEXT_POOL]
        assert (decision.outcome, decision.chosen, decision.pool_id) == (
            Outcome.OFFER,
            (id_of("Sam"),),
            id_of("Sellers"),
        )
        assert decision.step is None

    def test_comes_after_the_default_assignees(self):
        crew = replace(self.crew(agent("Sam")), default_assignees=[user("Mia")])
        assert climbed(crew).stage is Stage.DEFAULT

    def test_goes_by_the_least_recent_lead_without_turns(self):
        crew = self.crew(agent("Sam", owed=0.9, last_lead_at=minutes_ago(1)), agent("Tom", last_lead_at=minutes_ago(9)))
        assert climbed(crew).chosen == (id_of("Tom"),)

    def test_asks_nobody_who_was_asked(self):
        crew = self.crew(agent("Sam", asked=Asked.DECLINED), agent("Tom", asked=Asked.MISSED), agent("Uma"))
        assert climbed(crew).chosen == (id_of("Uma"),)

    @pytest.mark.parametrize(
        ("delivery", "outcome"), [(Delivery.ASSIGN, Outcome.ASSIGN), (Delivery.BROADCAST, Outcome.BROADCAST)]
    )
    def test_hands_out_in_its_own_way(self, delivery, outcome):
        assert climbed(self.crew(agent("Sam"), delivery=delivery)).outcome is outcome

    def test_may_be_a_pond(self):
        decision = climbed(self.crew(agent("Sam"), delivery=Delivery.POND), everyone=[user("Zoe")])
        assert (decision.stage, decision.outcome, decision.chosen) == (Stage.NEXT_POOL, Outcome.POND, ())

    def test_has_default_assignees_and_a_next_pool_itself(self):
        assert climbed(self.crew(default_assignees=[user("Mia")])).chosen == (id_of("Mia"),)
        third = replace(pool(agent("Tom")), id=id_of("Third"), name="Third")
        decision = climbed(self.crew(next_pool=third))
        assert (decision.pool_id, decision.chosen) == (id_of("Third"), (id_of("Tom"),))

    def test_with_nobody_leads_beyond_the_pools(self):
        decision = climbed(self.crew(), everyone=[user("Zoe")])
        assert stages(decision) == [Stage.LINE, Stage.DEFAULT, Stage.NEXT_POOL, Stage.ANY_ACTIVE]
        assert decision.pool_id == id_of("Buyers")

    def test_is_told_of(self):
        assert explain.sentences(climbed(self.crew(agent("Sam"))))[1:] == [
            "Pool “Buyers”.",
            "Pia: paused.",
            "Nobody in the line can take it.",
            "No default assignees are set.",
            "Sam: next there.",
            "Handed on to pool “Sellers”.",
            "Nobody in the line could take it: Sam is next in pool “Sellers”.",
        ]


class TestTheTeam:
    def team(self, *others, default=None):
        return TeamFacts(id_of("North"), default, others)

    def test_gives_it_to_its_default_user_first(self):
        team = self.team(user("Yan"), default=user("Dot", last_lead_at=NOW))
        decision = climbed(team=team, everyone=[user("Zoe")])
        assert (decision.stage, decision.outcome, decision.chosen) == (Stage.TEAM, Outcome.ASSIGN, (id_of("Dot"),))

    def test_then_to_whoever_of_it_waits_longest(self):
        others = [user("Yan", last_lead_at=minutes_ago(5)), user("Xia", last_lead_at=minutes_ago(9))]
        for default in (None, user("Dot", available=False), user("Dot", asked=Asked.DECLINED)):
            assert climbed(team=self.team(*others, default=default)).chosen == (id_of("Xia"),)

    def test_looks_at_its_default_user_once(self):
        dot = user("Dot", available=False)
        decision = climbed(team=self.team(dot, default=dot))
        assert [row["name"] for row in rows(decision) if row["stage"] == Stage.TEAM] == ["Dot"]

    def test_comes_before_the_rest_of_the_company_and_only_where_there_is_one(self):
        assert climbed(team=self.team(user("Yan")), everyone=[user("Zoe")]).why == (
            "Nobody in the line could take it, so it goes to Yan, of the team."
        )
        assert climbed(team=self.team(user("Yan", active=False)), everyone=[user("Zoe")]).chosen == (id_of("Zoe"),)
        assert Stage.TEAM not in stages(climbed(team=self.team()))
        assert Stage.TEAM not in stages(climbed())


class TestLimitsOfThePool:
    """The lead stays the pool's on the rungs above it, so what it lets its members have counts there as well."""

    full = agent("Ana", pool_caps=(Cap("open leads", 2, 2, "Buyers", id_of("Buyers")),))

    @pytest.mark.parametrize("rung", ["team", "everyone"])
    def test_whoever_is_full_there_is_passed_by(self, rung):
        people = [user("Ana"), user("Zoe", last_lead_at=NOW)]
        team = TeamFacts(id_of("North"), None, people) if rung == "team" else None
        decision = climbed(pool(self.full), None if team else people, team=team)
        assert decision.chosen == (id_of("Zoe"),)
        assert "Ana: at 2 of 2 open leads in Buyers." in explain.sentences(decision)

    def test_the_last_resort_looks_past_them(self):
        decision = climbed(pool(self.full), [user("Ana")])
        assert decision.chosen == (id_of("Ana"),)
        assert decision.set_aside[0].gate == "pool_open_cap"


class TestWaitingForItsOwn:
    def crew(self, *members, **facts):
        return pool(*members, when_nobody_available=WhenNobody.WAIT, default_assignees=[user("Mia")], **facts)

    @pytest.mark.parametrize(
        "member", [PAUSED, agent("Ana", open_leads=1, open_cap=1), agent("Ana", open_leads=2, open_cap=1)]
    )
    def test_a_pool_holds_its_leads_while_its_people_are_away_or_full(self, member):
        decision = climbed(self.crew(member, agent("Ben", active=False)), everyone=[user("Zoe")])
        assert (stages(decision), decision.waiting_for) == ([Stage.LINE, Stage.WAITING], WaitingFor.ROUTING)
        assert decision.why == "Its people are away, off hours or full, and the pool waits for them."

    @pytest.mark.parametrize(
        "members",
        [
            (),
            (agent("Ana", active=False),),
            (PAUSED, agent("Ana", asked=Asked.DECLINED)),
            (agent("Ana", asked=Asked.MISSED),),
        ],
    )
    def test_not_when_nobody_is_active_or_somebody_had_it_before(self, members):
        assert climbed(self.crew(*members)).stage is Stage.DEFAULT

    def test_not_when_the_line_is_used_up(self):
        crew = self.crew(agent("Ana"), PAUSED, max_offers=1)
        assert climbed(crew, asking=Asking(1)).stage is Stage.DEFAULT

    def test_not_where_the_pool_falls_back(self):
        assert climbed(pool(PAUSED, default_assignees=[user("Mia")])).stage is Stage.DEFAULT

    def test_holds_for_a_named_user_too(self):
        crew = self.crew(agent("Ana", available=False), picker=Picker.SINGLE, single_user=id_of("Ana"))
        assert climbed(crew).stage is Stage.WAITING


class TestAnyActiveUser:
    def test_gets_it_at_once_without_a_turn(self):
        decision = climbed(everyone=[user("Zoe")])
        assert (decision.stage, decision.outcome, decision.step) == (Stage.ANY_ACTIVE, Outcome.ASSIGN, None)

    def test_is_whoever_waits_longest_for_a_lead(self):
        everyone = [user("Zoe", last_lead_at=minutes_ago(5)), user("Yan", last_lead_at=minutes_ago(9))]
        assert climbed(everyone=everyone).chosen == (id_of("Yan"),)
        assert climbed(everyone=[*everyone, user("Wim")]).chosen == (id_of("Wim"),)

    def test_level_users_come_in_the_order_they_are_given(self):
        for first, second in [("Zoe", "Yan"), ("Yan", "Zoe")]:
            assert climbed(everyone=[user(first), user(second)]).chosen == (id_of(first),)
            same = [user(name, last_lead_at=NOW) for name in (first, second)]
            assert climbed(everyone=same).chosen == (id_of(first),)

    @pytest.mark.parametrize("facts", [{"available": False}, {"open_leads": 5, "open_cap": 5}])
    def test_passing_every_gate_comes_before_waiting_longer(self, facts):
        everyone = [user("Zoe", **facts), user("Yan", last_lead_at=NOW)]
        assert climbed(everyone=everyone).chosen == (id_of("Yan"),)

    @pytest.mark.parametrize("facts", [{"available": False}, {"open_leads": 5, "open_cap": 5}])
    def test_pauses_and_caps_are_set_aside_when_nobody_is_left(self, facts):
        decision = climbed(everyone=[user("Zoe", **facts)])
        assert decision.chosen == (id_of("Zoe"),)
        said = rows(decision)[-1]
        assert (said["eligible"], said["gate"] is not None) == (True, True)

    @pytest.mark.parametrize(
        "facts", [{"active": False}, {"receives": False}, {"asked": Asked.DECLINED}, {"asked": Asked.MISSED}]
    )
    def test_is_never_somebody_asked_before_inactive_or_without_the_role(self, facts):
        decision = climbed(everyone=[user("Zoe", **facts)])
        assert (decision.stage, decision.chosen) == (Stage.WAITING, ())

    def test_is_never_the_owner_it_is_taken_from(self):
        lead = replace(LEAD, taken_from=id_of("Zoe"))
        assert climbed(everyone=[user("Zoe")], lead=lead).stage is Stage.WAITING

    def test_is_not_looked_up_when_the_fallback_is_off(self):
        assert climbed(everyone=None).stage is Stage.WAITING
        off = Policy(fallback_any_active=False)
        assert climbed(everyone=[user("Zoe")], policy=off).stage is Stage.WAITING


class TestWaiting:
    def test_is_for_routing(self):
        decision = climbed(everyone=[])
        assert (decision.stage, decision.outcome, decision.chosen) == (Stage.WAITING, Outcome.WAIT, ())
        assert decision.waiting_for is WaitingFor.ROUTING

    def test_the_whole_way_is_kept(self):
        decision = climbed(everyone=[user("Zoe", active=False)])
        assert [stage.stage for stage in decision.stages] == [
            Stage.LINE,
            Stage.DEFAULT,
            Stage.ANY_ACTIVE,
            Stage.WAITING,
        ]
        assert [(row["stage"], row["name"], row["gate"]) for row in rows(decision)] == [
            (Stage.LINE, "Pia", "available"),
            (Stage.ANY_ACTIVE, "Zoe", "active"),
        ]
        assert decision.rule_id == id_of("Default")
