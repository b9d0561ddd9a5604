"""The turn ledger by example; its bounds are in test_ledger_bounds."""

from dataclasses import replace

import pytest

from portal.routing import ledger
from portal.routing.explain import sentences
from portal.routing.facts import NANO, Asking, Cap, Credit, Delivery, Outcome
from portal.routing.ledger import Holding, TieBreak
from portal.routing.route import hand_out

from .crew import LEAD, NOW, agent, id_of, minutes_ago, pool

THIRD = NANO // 3


def turn(*members, credit=Credit.TURN):
    return ledger.step(members, credit)


def order(pool_facts, count):
    """The names of the next `count` people the pool hands a lead to."""
    names = {member.user_id: member.name for member in pool_facts.members}
    took = []
    for _ in range(count):
        decision = hand_out(LEAD, pool_facts, None, Asking(), NOW)
        took.append(names[decision.chosen[0]])
        pool_facts = ledger.apply(pool_facts, decision, NOW)
    return took


def test_everybody_in_line_is_entitled_by_weight_and_the_chosen_pays_what_was_handed_out():
    step = turn(agent("Ana", weight=10), agent("Ben", weight=5))
    assert (step.entitled, step.received) == ([2 * THIRD, THIRD], [step.paid, 0])
    assert step.paid == 3 * THIRD == NANO - 1
    assert step.deltas() == {id_of("Ana"): -THIRD, id_of("Ben"): THIRD}


def test_weights_10_and_5_are_twice_as_many():
    took = order(pool(agent("Ana", weight=10), agent("Ben", weight=5, tie_order=1)), 30)
    assert [took[turn : turn + 3].count("Ana") for turn in range(0, 30, 3)] == [2] * 10


def test_equal_weights_take_turns_in_the_pools_fixed_order():
    crew = pool(agent("Ana", tie_order=2), agent("Ben", tie_order=0), agent("Cy", tie_order=1))
    assert order(crew, 6) == ["Ben", "Cy", "Ana"] * 2


def test_the_next_whole_lead_that_falls_due_first_decides_not_the_higher_credit():
    # Ana stands at 0.75 and waits 0.25 / 1, Ben stands at 0.35 and waits 0.65 / 3: less.
    step = turn(agent("Ana", weight=1, owed=0.5), agent("Ben", weight=3, owed=-0.4))
    assert (step.chosen, step.owed) == (id_of("Ben"), round(0.35 * NANO))


def test_who_is_owed_nothing_is_passed_over_even_if_theirs_would_fall_due_first():
    step = turn(agent("Ana", weight=9, owed=-0.9), agent("Ben", weight=1))
    assert step.chosen == id_of("Ben")


def test_when_nobody_in_line_is_owed_anything_the_one_least_ahead_is_next():
    step = turn(agent("Ana", owed=-1.5), agent("Ben", owed=-1.25), agent("Cy", owed=-1.75))
    assert step.chosen == id_of("Ben")


class TestTies:
    def test_the_least_recent_lead_goes_first(self):
        step = turn(agent("Ana", last_lead_at=minutes_ago(5)), agent("Ben", last_lead_at=minutes_ago(9)))
        assert (step.chosen, step.tie_break) == (id_of("Ben"), TieBreak.LEAST_RECENT)

    def test_never_having_had_a_lead_is_longest_ago(self):
        step = turn(agent("Ana", last_lead_at=minutes_ago(50_000)), agent("Ben", tie_order=7))
        assert (step.chosen, step.tie_break) == (id_of("Ben"), TieBreak.LEAST_RECENT)

    @pytest.mark.parametrize("last", [None, minutes_ago(5)])
    def test_the_pools_fixed_order_comes_last(self, last):
        step = turn(agent("Ana", tie_order=2, last_lead_at=last), agent("Ben", tie_order=1, last_lead_at=last))
        assert (step.chosen, step.tie_break) == (id_of("Ben"), TieBreak.FIXED_ORDER)

    def test_the_same_wait_at_other_weights_is_a_tie_to_the_last_digit(self):
        # Ana waits 0.25 / 1, Ben 0.75 / 3.
        ana, ben = agent("Ana", weight=1, owed=0.5), agent("Ben", weight=3, owed=-0.5)
        assert turn(ana, ben).tie_break is TieBreak.FIXED_ORDER
        assert turn(replace(ana, credit=ana.credit - 1), ben).tie_break is None
        assert turn(replace(ana, credit=ana.credit + 1), ben).chosen == id_of("Ana")
        assert turn(replace(ana, credit=ana.credit - 1), ben).chosen == id_of("Ben")

    def test_no_tie_is_claimed_where_there_was_none(self):
        assert turn(agent("Ana", owed=0.2), agent("Ben", owed=-0.2)).tie_break is None
        assert turn(agent("Ana")).tie_break is None


def test_the_two_credits_are_two_ledgers():
    ana, ben = agent("Ana", owed=0.4, second=-0.4), agent("Ben", owed=-0.4, second=0.4)
    assert turn(ana, ben).chosen == id_of("Ana")
    assert turn(ana, ben, credit=Credit.SECOND).chosen == id_of("Ben")


@pytest.mark.parametrize("line", [[], [agent("Ana", weight=0)], [agent("Ana"), agent("Ben", weight=None)]])
def test_a_step_needs_people_with_a_weight(line):
    with pytest.raises(ValueError, match="weight above zero"):
        ledger.step(line, Credit.TURN)


class TestCharging:
    def test_the_taker_pays_and_everybody_told_is_entitled(self):
        told = [agent("Ana", weight=2), agent("Ben"), agent("Cy")]
        assert ledger.charge(told, id_of("Cy")).deltas() == {
            id_of("Ana"): NANO // 2,
            id_of("Ben"): NANO // 4,
            id_of("Cy"): NANO // 4 - NANO,
        }

    def test_whoever_is_furthest_behind_still_does_not_pay_for_another(self):
        told = [agent("Ana", owed=0.9), agent("Ben", owed=-0.9)]
        assert ledger.charge(told, id_of("Ben")).chosen == id_of("Ben")

    def test_among_people_without_weight_nothing_is_owed_and_nothing_paid(self):
        step = ledger.charge([agent("Ana", weight=0), agent("Ben", weight=0)], id_of("Ana"))
        assert (step.paid, set(step.deltas().values())) == (0, {0})

    def test_a_taker_who_was_not_told_cannot_be_charged(self):
        with pytest.raises(ValueError, match="not among those"):
            ledger.charge([agent("Ana")], id_of("Ben"))


def holding(name, credit, weight=1, tie_order=0):
    return Holding(id_of(name), credit, weight, tie_order)


class TestLeaving:
    def test_the_rest_take_over_the_credit_by_weight(self):
        crew = [holding("Ana", 90), holding("Ben", -60, weight=2), holding("Cy", -30, weight=1)]
        assert ledger.leave(crew, id_of("Ana")) == {id_of("Ana"): -90, id_of("Ben"): 60, id_of("Cy"): 30}

    def test_a_debt_is_taken_over_too(self):
        crew = [holding("Ana", -90), holding("Ben", 60, weight=2), holding("Cy", 30, weight=1)]
        assert ledger.leave(crew, id_of("Ana")) == {id_of("Ana"): 90, id_of("Ben"): -60, id_of("Cy"): -30}

    @pytest.mark.parametrize(("credit", "bens", "cys"), [(7, 3, 4), (-7, -4, -3)])
    def test_what_cannot_be_divided_goes_to_the_first_in_tie_order(self, credit, bens, cys):
        crew = [holding("Ana", credit), holding("Ben", 0, tie_order=2), holding("Cy", 0, tie_order=1)]
        assert ledger.leave(crew, id_of("Ana")) == {id_of("Ana"): -credit, id_of("Ben"): bens, id_of("Cy"): cys}

    def test_where_all_others_stand_at_weight_0_they_share_evenly(self):
        crew = [holding("Ana", 90), holding("Ben", -40, weight=0), holding("Cy", -50, weight=0)]
        assert ledger.leave(crew, id_of("Ana")) == {id_of("Ana"): -90, id_of("Ben"): 45, id_of("Cy"): 45}

    def test_weight_0_takes_over_nothing_where_others_have_a_weight(self):
        crew = [holding("Ana", 90), holding("Ben", -40, weight=0, tie_order=-1), holding("Cy", -50)]
        assert ledger.leave(crew, id_of("Ana"))[id_of("Ben")] == 0

    def test_the_last_one_out_zeroes(self):
        assert ledger.leave([holding("Ana", 5)], id_of("Ana")) == {id_of("Ana"): -5}

    def test_only_a_member_can_leave(self):
        with pytest.raises(ValueError, match="not a member"):
            ledger.leave([holding("Ana", 5)], id_of("Ben"))


class TestReversing:
    def test_an_entry_is_undone_to_the_last_nano_lead(self):
        step = turn(agent("Ana", weight=3), agent("Ben", weight=4))
        present = [holding("Ana", 0), holding("Ben", 0)]
        assert ledger.reverse(step.deltas(), present) == {user: -delta for user, delta in step.deltas().items()}

    def test_the_part_of_somebody_who_left_is_spread_over_those_present(self):
        entry = {id_of("Ana"): -60, id_of("Ben"): 20, id_of("Cy"): 40}
        present = [holding("Ben", 0, weight=2), holding("Cy", 0, weight=1)]
        assert ledger.reverse(entry, present) == {id_of("Ben"): -20 + 40, id_of("Cy"): -40 + 20}

    def test_somebody_who_joined_since_takes_part_only_in_what_is_spread(self):
        entry = {id_of("Ana"): -60, id_of("Ben"): 60}
        assert ledger.reverse(entry, [holding("Ana", 0), holding("Ben", 0), holding("Dee", 0)]) == {
            id_of("Ana"): 60,
            id_of("Ben"): -60,
            id_of("Dee"): 0,
        }

    def test_with_nobody_left_there_is_nothing_to_undo(self):
        assert ledger.reverse({id_of("Ana"): -60, id_of("Ben"): 60}, []) == {}


def test_zeroing_sets_every_credit_back():
    assert ledger.zero([holding("Ana", 90), holding("Ben", -90)]) == {id_of("Ana"): -90, id_of("Ben"): 90}


class TestThePoolForTheNextLead:
    def test_credits_move_by_the_step_and_only_of_those_who_took_part(self):
        crew = pool(agent("Ana"), agent("Ben"), agent("Cy", owed=0.5, available=False))
        after = ledger.apply(crew, hand_out(LEAD, crew, None, Asking(), NOW), NOW)
        assert [member.credit for member in after.members] == [-NANO // 2, NANO // 2, NANO // 2]

    def test_a_second_choice_moves_the_second_credit_alone(self):
        crew = pool(agent("Ana", owed=0.1), agent("Ben", owed=-0.1))
        after = ledger.apply(crew, hand_out(LEAD, crew, None, Asking(offers_made=1), NOW), NOW)
        assert [member.second_credit for member in after.members] == [-NANO // 2, NANO // 2]
        assert [member.credit for member in after.members] == [member.credit for member in crew.members]

    @pytest.mark.parametrize(("delivery", "open_leads"), [(Delivery.ASSIGN, 3), (Delivery.OFFER, 2)])
    def test_only_an_assigned_lead_is_open_with_the_chosen(self, delivery, open_leads):
        crew = pool(agent("Ana", open_leads=2), delivery=delivery)
        [ana] = ledger.apply(crew, hand_out(LEAD, crew, None, Asking(), NOW), NOW).members
        assert (ana.open_leads, ana.last_lead_at) == (open_leads, NOW)

    def test_under_one_clock_reading_the_later_lead_is_still_the_later(self):
        crew = pool(agent("Ana", last_lead_at=NOW), agent("Ben", last_lead_at=minutes_ago(1)))
        after = ledger.apply(crew, hand_out(LEAD, crew, None, Asking(), NOW), NOW)
        assert after.members[1].last_lead_at > after.members[0].last_lead_at == NOW

    def test_a_decision_that_chose_nobody_changes_nothing(self):
        crew = pool(agent("Ana", available=False))
        decision = hand_out(LEAD, crew, None, Asking(), NOW)
        assert decision.outcome is Outcome.WAIT
        assert ledger.apply(crew, decision, NOW) == crew

    @pytest.mark.parametrize("offers_made", [0, 1])
    @pytest.mark.parametrize("delivery", [Delivery.OFFER, Delivery.ASSIGN, Delivery.BROADCAST])
    def test_in_place_it_comes_to_the_same(self, delivery, offers_made):
        def crew():
            capped = agent("Ana", weight=2, caps=(Cap("today", 1, 5),))
            return pool(capped, agent("Ben", owed=0.3), agent("Cy", weight=0), delivery=delivery)

        decision = hand_out(LEAD, crew(), None, Asking(offers_made), NOW)
        mine = crew()
        ledger.carry_out(mine.members, decision, NOW)
        assert mine == ledger.apply(crew(), decision, NOW)


FULL_TODAY = (Cap("today", 2, 2, "Buyers", id_of("Buyers")),)


class TestWhoIsFull:
    """`forfeit_at_cap`: whoever is at a cap when a turn is played loses what they are owed."""

    def crew(self, **facts):
        ana = agent("Ana", owed=0.6, pool_caps=FULL_TODAY)
        return pool(ana, agent("Ben", owed=-0.3, weight=2), agent("Cy", owed=-0.3), forfeit_at_cap=True, **facts)

    def standing(self, crew, **asking):
        decision = hand_out(LEAD, crew, None, Asking(**asking), NOW)
        return decision, [one.credit for one in ledger.apply(crew, decision, NOW).members]

    def test_what_they_are_owed_goes_to_those_in_line_by_weight_before_the_turn(self):
        decision, _ = self.standing(self.crew())
        assert decision.step.forfeits == {
            id_of("Ana"): -600_000_000,
            id_of("Ben"): 400_000_000,
            id_of("Cy"): 200_000_000,
        }
        # Ben stood at -0.3, gained 0.4 and two thirds of this lead.
        assert decision.step.owed == -300_000_000 + 400_000_000 + NANO * 2 // 3
        assert decision.chosen == (id_of("Ben"),)

    def test_afterwards_they_are_even_and_the_pool_still_sums_to_zero(self):
        _, standing = self.standing(self.crew())
        assert standing[0] == sum(standing) == 0

    def test_without_the_option_they_keep_it(self):
        decision, standing = self.standing(replace(self.crew(), forfeit_at_cap=False))
        assert (decision.step.forfeits, standing[0]) == ({}, 600_000_000)

    def test_what_they_owe_stays_theirs(self):
        ahead = replace(self.crew(), members=(agent("Ana", owed=-0.6, pool_caps=FULL_TODAY), agent("Ben", owed=0.6)))
        decision, standing = self.standing(ahead)
        assert (decision.step.forfeits, standing[0]) == ({}, -600_000_000)

    @pytest.mark.parametrize("other", [{"available": False}, {"weight": 0}, {"active": False}])
    def test_whoever_is_away_as_well_is_frozen(self, other):
        ana, *others = self.crew().members
        _, standing = self.standing(replace(self.crew(), members=(replace(ana, **other), *others)))
        assert standing[0] == 600_000_000

    def test_it_is_the_credit_the_turn_is_played_on(self):
        decision, standing = self.standing(self.crew(), offers_made=1)
        assert (decision.step.forfeits, standing[0]) == ({}, 600_000_000)
        second = replace(self.crew(), members=(agent("Ana", second=0.5, open_leads=1, open_cap=1), agent("Ben")))
        assert self.standing(second, offers_made=1)[0].step.forfeits[id_of("Ana")] == -NANO // 2

    def test_nobody_gains_who_takes_no_part(self):
        away = replace(self.crew(), members=(*self.crew().members, agent("Dan", weight=9, available=False)))
        assert id_of("Dan") not in self.standing(away)[0].step.forfeits

    def test_without_anybody_to_gain_it_they_keep_it(self):
        alone = replace(self.crew(), members=self.crew().members[:1])
        assert self.standing(alone)[1] == [600_000_000]

    def test_why_says_so(self):
        decision, _ = self.standing(self.crew())
        assert (
            "Ana: at 2 of 2 leads today in Buyers; what they were owed (0.60 of a lead) goes to the others."
            in sentences(decision)
        )
        frozen, _ = self.standing(replace(self.crew(), forfeit_at_cap=False))
        assert "Ana: at 2 of 2 leads today in Buyers." in sentences(frozen)

    def test_in_place_it_comes_to_the_same(self):
        decision, mine = hand_out(LEAD, self.crew(), None, Asking(), NOW), self.crew()
        ledger.carry_out(mine.members, decision, NOW)
        assert mine == ledger.apply(self.crew(), decision, NOW)


class TestCapsOfAPool:
    def members(self, decision_of):
        here, there = (Cap("today", 1, 5, name, id_of(name)) for name in ("Buyers", "Elsewhere"))
        crew = pool(agent("Ana", caps=(Cap("today", 1, 5),), pool_caps=(here, there)), delivery=decision_of)
        return ledger.apply(crew, hand_out(LEAD, crew, None, Asking(), NOW), NOW).members

    def test_an_assigned_lead_counts_in_its_pool_and_in_all_together(self):
        [ana] = self.members(Delivery.ASSIGN)
        assert [cap.used for cap in (*ana.caps, *ana.pool_caps)] == [2, 2, 1]

    def test_an_offer_counts_nowhere_until_it_is_taken(self):
        [ana] = self.members(Delivery.OFFER)
        assert [cap.used for cap in (*ana.caps, *ana.pool_caps)] == [1, 1, 1]
