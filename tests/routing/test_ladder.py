"""What happens when nobody in the line takes a lead."""

from dataclasses import replace

import pytest

from portal.routing.facts import Asked, Asking, DefaultMode, Outcome, Stage, WaitingFor
from portal.routing.ladder import climb
from portal.routing.route import hand_out, match_rules

from .crew import LEAD, NOW, agent, default_rule, id_of, minutes_ago, pool

PAUSED = agent("Pia", available=False)


def user(name, **facts):
    """Somebody of the company, member of no pool."""
    return agent(name, weight=None, **facts)


def climbed(crew=None, everyone=None, lead=LEAD):
    """The end of the ladder of a pool whose line has nobody; `everyone` None is the fallback switched off."""
    crew = crew or pool(PAUSED)
    line = hand_out(lead, crew, match_rules(lead, [default_rule()]), Asking(), NOW)
    return climb(lead, crew, None if everyone is None else lambda: everyone, line, NOW)


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
        said = decision.verdicts[-1]
        assert (said.eligible, said.gate is not None) == (True, True)

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
        assert [(verdict.stage, verdict.name, verdict.gate) for verdict in decision.verdicts] == [
            (Stage.LINE, "Pia", "available"),
            (Stage.ANY_ACTIVE, "Zoe", "active"),
        ]
        assert decision.rule_id == id_of("Default")
