"""From a lead to a decision."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from portal.routing.facts import (
    NANO,
    Asked,
    Asking,
    Credit,
    Delivery,
    LeadFacts,
    Outcome,
    Refusal,
    Rule,
    Stage,
    WaitingFor,
)
from portal.routing.hours import parse_hours
from portal.routing.route import hand_out, match_rules, unrouted, who_is_next

from .crew import LEAD, NOW, agent, default_rule, id_of, minutes_ago, pool, rows

FIRST = Asking()


def look(crew, asking=FIRST, lead=LEAD):
    return hand_out(lead, crew, None, asking, NOW)


class TestRules:
    def test_the_default_rule_takes_every_lead(self):
        match = match_rules(LEAD, [default_rule()])
        assert match.rule == default_rule()
        assert [(check.name, check.met, check.why) for check in match.checks] == [("Default", True, "takes every lead")]

    def test_the_first_rule_met_wins_and_later_ones_are_not_looked_at(self):
        paused = Rule(id_of("Paused"), "Paused", id_of("Sellers"), paused=True)
        everything = Rule(id_of("All"), "All", id_of("Sellers"))
        match = match_rules(LEAD, [paused, everything, default_rule()])
        assert match.rule is everything
        assert [(check.name, check.met) for check in match.checks] == [("Paused", False), ("All", True)]

    def test_the_default_rule_cannot_be_paused(self):
        assert match_rules(LEAD, [default_rule(paused=True)]).rule is not None

    def test_without_rules_none_is_met(self):
        assert match_rules(LEAD, []).rule is None

    def test_conditions_nobody_knows_are_not_passed_over(self):
        odd = Rule(id_of("Odd"), "Odd", id_of("Sellers"), conditions={"moon": "full"})
        with pytest.raises(ValueError, match="'Odd': unknown conditions moon"):
            match_rules(LEAD, [odd, default_rule()])

    def test_a_rule_without_a_pool_leaves_the_lead_to_a_person(self):
        decision = unrouted(LEAD, match_rules(LEAD, [replace(default_rule(), pool_id=None)]), NOW)
        assert (decision.outcome, decision.stage, decision.chosen) == (Outcome.WAIT, Stage.WAITING, ())
        assert decision.waiting_for is WaitingFor.PERSON


class TestTheLine:
    @pytest.mark.parametrize(
        ("delivery", "outcome"), [(Delivery.ASSIGN, Outcome.ASSIGN), (Delivery.OFFER, Outcome.OFFER)]
    )
    def test_the_delivery_says_what_happens_with_the_chosen(self, delivery, outcome):
        decision = look(pool(agent("Ana"), delivery=delivery))
        assert (decision.stage, decision.outcome, decision.chosen) == (Stage.LINE, outcome, (id_of("Ana"),))

    def test_names_lead_pool_rule_and_moment(self):
        match = match_rules(LEAD, [default_rule()])
        decision = hand_out(LEAD, pool(agent("Ana")), match, FIRST, NOW)
        assert (decision.lead_id, decision.pool_id, decision.rule_id) == (LEAD.id, id_of("Buyers"), id_of("Default"))
        assert (decision.rules, decision.at) == (match.checks, NOW)

    def test_only_the_eligible_take_part_and_the_others_are_frozen(self):
        crew = pool(agent("Ana", owed=0.9, available=False), agent("Ben", owed=-0.9), agent("Cy", weight=0))
        decision = look(crew)
        assert decision.chosen == (id_of("Ben"),)
        assert decision.step.deltas() == {id_of("Ben"): 0}

    def test_every_member_has_a_verdict_with_credit_before_and_after(self):
        crew = pool(agent("Ana", weight=3, owed=0.2), agent("Ben", owed=-0.3), agent("Cy", owed=0.1, available=False))
        ana, ben, cy = rows(look(crew))
        assert (ana["eligible"], ana["gate"], ana["reason"], ana["weight"]) == (True, None, None, 3)
        assert (ana["credit_before"], ana["credit_after"]) == (NANO // 5, NANO // 5 + 3 * NANO // 4 - NANO)
        assert (ben["credit_before"], ben["credit_after"]) == (-3 * NANO // 10, -3 * NANO // 10 + NANO // 4)
        assert (cy["eligible"], cy["gate"], cy["reason"]) == (False, "available", "paused")
        assert (cy["credit_before"], cy["credit_after"]) == (NANO // 10, NANO // 10)

    def test_the_first_offer_is_a_step_on_the_turn_credit_and_later_ones_on_the_second(self):
        crew = pool(agent("Ana", owed=0.5, second=-0.5), agent("Ben", owed=-0.5, second=0.5))
        first, later = look(crew), look(crew, Asking(offers_made=1))
        assert (first.step.credit, first.chosen) == (Credit.TURN, (id_of("Ana"),))
        assert (later.step.credit, later.chosen) == (Credit.SECOND, (id_of("Ben"),))
        assert [row["credit_before"] for row in rows(later)] == [-NANO // 2, NANO // 2]

    def test_those_asked_before_are_passed_over(self):
        crew = pool(agent("Ana", asked=Asked.DECLINED), agent("Ben", asked=Asked.MISSED), agent("Cy"))
        assert look(crew, Asking(offers_made=2)).chosen == (id_of("Cy"),)

    def test_the_owner_it_is_taken_from_does_not_take_part(self):
        lead = replace(LEAD, taken_from=id_of("Ana"))
        assert look(pool(agent("Ana", owed=0.9), agent("Ben")), lead=lead).chosen == (id_of("Ben"),)

    @pytest.mark.parametrize(
        ("max_offers", "made", "asked"), [(3, 2, True), (3, 3, False), (3, 4, False), (0, 99, True)]
    )
    def test_max_offers_ends_the_line_and_0_is_no_limit(self, max_offers, made, asked):
        decision = look(pool(agent("Ana"), max_offers=max_offers), Asking(offers_made=made))
        assert (decision.outcome is Outcome.OFFER, bool(decision.chosen)) == (asked, asked)
        assert [row["eligible"] for row in rows(decision)] == [True]

    def test_max_offers_does_not_limit_assigning(self):
        crew = pool(agent("Ana"), max_offers=1, delivery=Delivery.ASSIGN)
        assert look(crew, Asking(offers_made=1)).chosen == (id_of("Ana"),)

    @pytest.mark.parametrize("crew", [pool(), pool(agent("Ana", available=False), agent("Ben", active=False))])
    def test_nobody_there_is_a_wait_on_the_line(self, crew):
        decision = look(crew)
        assert (decision.stage, decision.outcome, decision.chosen) == (Stage.LINE, Outcome.WAIT, ())
        assert (decision.step, decision.waiting_for) == (None, None)


class TestSecondChances:
    def missed(self, name, **facts):
        return agent(name, asked=Asked.MISSED, **facts)

    def test_come_before_anybody_not_yet_asked_in_the_order_of_pressing(self):
        crew = pool(self.missed("Ana"), agent("Ben", owed=0.9), self.missed("Cy"))
        decision = look(crew, Asking(2, (id_of("Cy"), id_of("Ana"))))
        assert (decision.stage, decision.outcome) == (Stage.SECOND_CHANCE, Outcome.OFFER)
        assert decision.chosen == (id_of("Cy"),)

    def test_play_no_turn(self):
        decision = look(pool(self.missed("Ana")), Asking(1, (id_of("Ana"),)))
        assert decision.step is None
        assert [(row["credit_before"], row["credit_after"]) for row in rows(decision)] == [(None, None)]

    def test_are_not_counted_in_max_offers(self):
        crew = pool(self.missed("Ana"), agent("Ben"), max_offers=1)
        assert look(crew, Asking(1, (id_of("Ana"),))).chosen == (id_of("Ana"),)

    def test_are_checked_again(self):
        crew = pool(self.missed("Ana", available=False), self.missed("Cy"), agent("Ben"))
        decision = look(crew, Asking(2, (id_of("Ana"), id_of("Cy"))))
        assert decision.chosen == (id_of("Cy"),)
        assert [row["reason"] for row in rows(decision)] == ["paused", None]

    def test_are_passed_over_for_the_line_when_none_can_take_it(self):
        crew = pool(self.missed("Ana", available=False), agent("Ben"))
        decision = look(crew, Asking(1, (id_of("Ana"),)))
        assert (decision.stage, decision.chosen) == (Stage.LINE, (id_of("Ben"),))
        assert [(row["stage"], row["name"], row["reason"]) for row in rows(decision)] == [
            (Stage.SECOND_CHANCE, "Ana", "paused"),
            (Stage.LINE, "Ana", "paused"),
            (Stage.LINE, "Ben", None),
        ]

    def test_are_lost_by_leaving_the_pool(self):
        assert look(pool(agent("Ben")), Asking(1, (id_of("Ana"),))).chosen == (id_of("Ben"),)

    def test_of_those_who_asked_only_one_gets_it_in_a_pool_that_assigns(self):
        crew = pool(self.missed("Ana"), delivery=Delivery.ASSIGN)
        assert look(crew, Asking(1, (id_of("Ana"),))).outcome is Outcome.ASSIGN


class TestWhoIsNext:
    def names(self, crew, count):
        return [turn.name for turn in who_is_next(crew, count, NOW)]

    def test_is_the_order_to_come(self):
        crew = pool(agent("Ana", weight=2), agent("Ben", tie_order=1, last_lead_at=minutes_ago(3)))
        assert self.names(crew, 3).count("Ana") == 2
        assert who_is_next(crew, 1, NOW) == [(id_of("Ana"), "Ana", 2 * NANO // 3)]

    def test_is_what_then_happens(self):
        crew = pool(*(agent(name, weight=weight) for name, weight in [("Ana", 5), ("Ben", 3), ("Cy", 1)]))
        assert who_is_next(crew, 1, NOW)[0].user_id == look(crew).chosen[0]

    def test_ends_where_caps_are_full(self):
        crew = pool(agent("Ana", open_leads=3, open_cap=5), delivery=Delivery.ASSIGN)
        assert self.names(crew, 10) == ["Ana", "Ana"]

    def test_leaves_the_pool_as_it_is(self):
        crew = pool(agent("Ana"), agent("Ben"))
        assert self.names(crew, 5) == self.names(crew, 5)

    def test_is_empty_where_nobody_is_there(self):
        assert self.names(pool(), 3) == []


def test_refusals_stand_beside_the_candidates():
    decision = look(pool(agent("Ana"), agent("Ben", available=False)), lead=LeadFacts())
    assert decision.refusals == (None, Refusal("available", "paused"))


class TestALeadHandedOn:
    """It came from another pool that led on to this one: turns are none of its business here."""

    @pytest.mark.parametrize("offers_made", [0, 2])
    def test_goes_by_the_least_recent_lead_and_plays_no_turn(self, offers_made):
        crew = pool(agent("Ana", owed=0.9, last_lead_at=minutes_ago(1)), agent("Ben", last_lead_at=minutes_ago(9)))
        decision = look(crew, Asking(offers_made, handed_on=True))
        assert (decision.stage, decision.chosen) == (Stage.NEXT_POOL, (id_of("Ben"),))
        assert (decision.credit, decision.step) == (None, None)

    def test_still_counts_offers_towards_the_most(self):
        decision = look(pool(agent("Ana"), max_offers=2), Asking(2, handed_on=True))
        assert (decision.stage, decision.outcome) == (Stage.NEXT_POOL, Outcome.WAIT)


class TestWindows:
    def test_all_time_counts_where_no_working_time_is_set(self):
        assert pool().end_of(NOW, 600) == NOW + timedelta(minutes=10)

    def test_outside_the_working_time_they_stand_still(self):
        # 2 March 2026 is a Monday, and NOW half past nine.
        mornings = parse_hours({"monday": [["09:00", "09:35"]], "tuesday": [["09:00", "10:00"]]}, "UTC")
        assert pool(timed_by=mornings).end_of(NOW, 600) == datetime(2026, 3, 3, 9, 5, tzinfo=UTC)

    def test_a_lead_is_not_stuck_where_working_time_has_run_out(self):
        over = parse_hours({"exceptions": {"2026-03-02": [["09:00", "09:31"]]}}, "UTC")
        assert pool(timed_by=over).end_of(NOW, 600) == NOW + timedelta(minutes=10)
