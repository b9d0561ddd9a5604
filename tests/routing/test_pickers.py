"""Who comes first among the eligible, in the words of the field."""

from collections import Counter
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portal.routing import ledger
from portal.routing.facts import (
    NANO,
    Asked,
    Asking,
    Credit,
    Delivery,
    Outcome,
    PerformanceInRouting,
    Picker,
    Policy,
    Stage,
    WaitingFor,
)
from portal.routing.ladder import climb
from portal.routing.route import hand_out, who_is_next
from portal.routing.tags import Tag

from .crew import LEAD, NOW, agent, id_of, minutes_ago, pool, rows

FIRST = Asking()
A, B = Tag("A", weight=10), Tag("B", weight=90)


def look(crew, lead=LEAD, asking=FIRST, policy=Policy()):  # noqa: B008 - frozen
    return hand_out(lead, crew, None, asking, NOW, policy)


def taken(crew, count, lead=LEAD):
    """Who gets `count` leads, one after the other."""
    names = {member.user_id: member.name for member in crew.members}
    order = []
    for _ in range(count):
        decision = look(crew, lead)
        order += [names[user_id] for user_id in decision.chosen]
        crew = ledger.apply(crew, decision, NOW)
    return order


def tagged(*tags, **facts):
    return replace(LEAD, found=tags, **facts)


class TestRoundRobin:
    def test_five_users_take_turns_in_their_order(self):
        users = ["One", "Two", "Three", "Four", "Five"]
        crew = pool(*(agent(name, tie_order=place) for place, name in enumerate(users)), delivery=Delivery.ASSIGN)
        assert taken(crew, 12) == [*users, *users, "One", "Two"]

    def test_weights_10_and_5_are_twice_as_many(self):
        crew = pool(agent("Ana", weight=10), agent("Ben", weight=5), delivery=Delivery.ASSIGN)
        assert Counter(taken(crew, 30)) == {"Ana": 20, "Ben": 10}
        assert "Ana Ana Ana" not in " ".join(taken(crew, 30))


class TestBestMatch:
    def crew(self, *members, delivery=Delivery.ASSIGN):
        return pool(*members, picker=Picker.BEST_MATCH, delivery=delivery)

    ann = agent("Ann", tags=frozenset({"a"}))
    bob = agent("Bob", tags=frozenset({"b"}))
    both = agent("Cy", tags=frozenset({"a", "b"}))

    def test_is_whose_tags_weigh_most(self):
        assert taken(self.crew(self.ann, self.bob), 3, tagged(A, B)) == ["Bob"] * 3
        assert taken(self.crew(self.ann, self.bob, self.both), 1, tagged(A, B)) == ["Cy"]

    def test_of_those_who_match_alike_takes_turns(self):
        dan = replace(self.bob, user_id=id_of("Dan"), name="Dan", tie_order=1)
        assert taken(self.crew(self.ann, self.bob, dan), 4, tagged(A, B)) == ["Bob", "Dan", "Bob", "Dan"]

    def test_plays_the_turn_among_the_level_alone(self):
        decision = look(self.crew(self.ann, self.bob), tagged(A, B))
        assert decision.step.deltas() == {id_of("Bob"): 0}
        assert [(row["score"], row["tags"]) for row in rows(decision)] == [(10, ["A"]), (90, ["B"])]

    def test_counts_priority_points(self):
        eager = replace(self.ann, priority=81)
        assert taken(self.crew(eager, self.bob), 1, tagged(A, B)) == ["Ann"]

    @pytest.mark.parametrize(
        ("member", "reason"),
        [
            (replace(ann, priority=-11), "score -1, below zero"),
            (bob, "carries none of the tags found"),
            (replace(bob, priority=-1), "score -1, below zero"),
        ],
    )
    def test_does_not_offer_to_whom_nothing_speaks_for(self, member, reason):
        decision = look(self.crew(member), tagged(A))
        assert (decision.outcome, decision.refusals[0].reason) == (Outcome.WAIT, reason)

    @pytest.mark.parametrize("member", [replace(bob, priority=1), replace(ann, priority=-10)])
    def test_offers_to_whom_points_or_a_tag_speak_for(self, member):
        assert look(self.crew(member), tagged(A)).chosen == (member.user_id,)

    def test_takes_everyone_for_a_lead_without_tags_unless_that_is_switched_off(self):
        assert look(self.crew(self.bob)).chosen == (id_of("Bob"),)
        refused = look(self.crew(self.bob), policy=Policy(untagged_qualify_all=False))
        assert refused.refusals[0].reason == "the lead holds no tag"

    @pytest.mark.parametrize(
        ("use", "delivery", "name"),
        [
            (None, Delivery.OFFER, "Ann"),
            (None, Delivery.ASSIGN, "Bob"),
            (PerformanceInRouting.MULTIPLY, Delivery.ASSIGN, "Ann"),
            (PerformanceInRouting.TIE_BREAK, Delivery.OFFER, "Bob"),
            (PerformanceInRouting.OFF, Delivery.OFFER, "Bob"),
        ],
    )
    def test_multiplies_by_performance_where_leads_are_offered(self, use, delivery, name):
        ann, bob = replace(self.ann, performance=90), replace(self.bob, performance=30)
        lead = tagged(Tag("A", weight=50), Tag("B", weight=90))
        decision = look(self.crew(ann, bob, delivery=delivery), lead, policy=Policy(performance_in_routing=use))
        assert decision.chosen == (id_of(name),)

    def test_breaks_ties_by_performance_before_turns(self):
        dan = replace(self.bob, user_id=id_of("Dan"), performance=120, credit=-NANO // 2)
        crew = self.crew(replace(self.bob, performance=110, credit=NANO // 2), dan)
        assert look(crew, tagged(B)).chosen == (id_of("Dan"),)
        off = Policy(performance_in_routing=PerformanceInRouting.OFF)
        assert look(crew, tagged(B), policy=off).chosen == (id_of("Bob"),)

    def test_says_why(self):
        assert look(self.crew(self.ann, self.both), tagged(A, B)).why == "Cy fits best: score 100 (A, B)."


class TestLeastLoaded:
    def crew(self, *members):
        return pool(*members, picker=Picker.LEAST_LOADED, delivery=Delivery.ASSIGN)

    def test_is_who_has_the_fewest_open_leads(self):
        crew = self.crew(agent("Ana", open_leads=3), agent("Ben", open_leads=1), agent("Cy", open_leads=2))
        assert taken(crew, 3) == ["Ben", "Cy", "Ben"]

    def test_weighs_them_by_weight(self):
        crew = self.crew(agent("Ana", weight=10, open_leads=5), agent("Ben", weight=5, open_leads=3))
        assert taken(crew, 1) == ["Ana"]

    def test_weighs_them_by_cap_where_weights_are_all_the_same(self):
        ana, ben = agent("Ana", open_leads=8, open_cap=20), agent("Ben", open_leads=5, open_cap=10)
        assert taken(self.crew(ana, ben), 1) == ["Ana"]
        assert taken(self.crew(ana, replace(ben, open_cap=None)), 1) == ["Ben"]

    def test_takes_turns_among_the_level(self):
        crew = self.crew(agent("Ana", owed=-0.2), agent("Ben", owed=0.2), agent("Cy", open_leads=1))
        assert look(crew).chosen == (id_of("Ben"),)
        assert id_of("Cy") not in look(crew).step.deltas()

    def test_says_why(self):
        assert look(self.crew(agent("Ana"))).why == "Ana has the fewest open leads for their share."


class TestSingle:
    def crew(self, *members, **facts):
        return pool(*members, picker=Picker.SINGLE, single_user=id_of("Ana"), **facts)

    def test_is_the_one_who_is_named_and_takes_no_turn(self):
        decision = look(self.crew(agent("Ana", owed=-0.9), agent("Ben", owed=0.9)))
        assert (decision.chosen, decision.step, decision.credit) == ((id_of("Ana"),), None, None)
        assert decision.why == "Ana is the one this pool names."

    def test_is_nobody_else_when_they_cannot_take_it(self):
        decision = look(self.crew(agent("Ana", available=False), agent("Ben")))
        assert (decision.outcome, decision.note) == (Outcome.WAIT, "Nobody in the line can take it.")
        assert look(self.crew(agent("Ben"))).note == "The pool names nobody for its leads."

    def test_has_no_order_to_come(self):
        assert who_is_next(self.crew(agent("Ana")), 3, NOW) == []


class TestNextUp:
    """An exclusive offer to one at a time."""

    def test_passes_to_the_next_not_yet_asked(self):
        crew = pool(agent("Ana"), agent("Ben", tie_order=1), agent("Cy", tie_order=2))
        asked = pool(agent("Ana", asked=Asked.MISSED), *crew.members[1:])
        assert look(crew).chosen == (id_of("Ana"),)
        second = look(asked, asking=Asking(offers_made=1))
        assert (second.chosen, second.credit) == ((id_of("Ben"),), Credit.SECOND)


class TestBlastAlert:
    def crew(self, *members, **facts):
        return pool(*members, delivery=Delivery.BROADCAST, **facts)

    def test_tells_everybody_who_may_take_it_at_once(self):
        decision = look(self.crew(agent("Ana", tie_order=2), agent("Ben", available=False), agent("Cy", tie_order=1)))
        assert (decision.stage, decision.outcome) == (Stage.LINE, Outcome.BROADCAST)
        assert decision.chosen == (id_of("Cy"), id_of("Ana"))
        assert (decision.step, decision.credit) == (None, None)

    def test_says_so(self):
        assert look(self.crew(agent("Ana"), agent("Ben", tie_order=1))).why == (
            "Told at once: Ana and Ben. The first to accept has it."
        )

    def test_leaves_the_ledger_as_it_is(self):
        crew = self.crew(agent("Ana"))
        assert ledger.apply(crew, look(crew), NOW) == crew

    def test_is_for_those_who_match_where_tags_count(self):
        crew = self.crew(TestBestMatch.ann, TestBestMatch.bob, picker=Picker.BEST_MATCH)
        assert look(crew, tagged(A)).chosen == (id_of("Ann"),)

    def test_with_nobody_there_goes_up_the_ladder(self):
        assert look(self.crew(agent("Ana", available=False))).outcome is Outcome.WAIT


class TestPond:
    def crew(self, *members):
        return pool(*members, delivery=Delivery.POND)

    @pytest.mark.parametrize("facts", [{}, {"available": False}, {"open_leads": 1, "open_cap": 1}])
    def test_holds_leads_for_whoever_takes_them_now_or_later(self, facts):
        decision = look(self.crew(agent("Ana", **facts)))
        assert (decision.outcome, decision.chosen, decision.step) == (Outcome.POND, (), None)
        assert decision.waiting_for is WaitingFor.PERSON
        assert decision.why == "It lies in the pond for whoever takes it."

    @pytest.mark.parametrize("crew", [(), (agent("Ana", active=False),)])
    def test_with_nobody_who_ever_could_goes_up_the_ladder(self, crew):
        assert look(self.crew(*crew)).outcome is Outcome.WAIT

    def test_is_the_end_of_the_ladder(self):
        crew = self.crew(agent("Ana"))
        assert climb(LEAD, crew, None, look(crew), NOW).outcome is Outcome.POND


people = st.lists(
    st.builds(
        dict,
        weight=st.integers(1, 9),
        available=st.booleans(),
        open_leads=st.integers(0, 4),
        open_cap=st.sampled_from([None, 3, 9]),
        tags=st.frozensets(st.sampled_from(["a", "b"])),
        priority=st.integers(-5, 5),
        performance=st.sampled_from([None, 80, 120]),
    ),
    min_size=1,
    max_size=8,
)
leads = st.lists(st.lists(st.sampled_from([A, B]), max_size=2, unique=True), min_size=1, max_size=20)


class TestEveryPicker:
    @given(people, leads, st.sampled_from(Picker), st.sampled_from(Delivery))
    def test_chooses_only_the_eligible_and_keeps_the_sum_of_credit_at_zero(self, people, leads, picker, delivery):
        members = [agent(f"{place}", tie_order=place, **facts) for place, facts in enumerate(people)]
        crew = pool(*members, picker=picker, delivery=delivery, single_user=id_of("0"))
        for found in leads:
            decision = look(crew, tagged(*found))
            eligible = {row["user_id"] for row in rows(decision) if row["eligible"]}
            assert {str(user_id) for user_id in decision.chosen} <= eligible
            crew = ledger.apply(crew, decision, NOW)
            assert sum(member.credit for member in crew.members) == 0

    @given(people, st.sampled_from([Picker.BEST_MATCH, Picker.LEAST_LOADED, Picker.ROTATION]), st.randoms())
    def test_does_not_mind_in_what_order_members_are_loaded(self, people, picker, random):
        members = [agent(f"{place}", tie_order=place, **facts) for place, facts in enumerate(people)]
        shuffled = random.sample(members, len(members))
        one, other = (look(pool(*order, picker=picker), tagged(A)) for order in (members, shuffled))
        assert (one.chosen, one.tie_break) == (other.chosen, other.tie_break)

    @given(people, leads, st.sampled_from(Picker))
    def test_leaves_those_who_are_away_where_they_stood(self, people, leads, picker):
        away = agent("away", owed=0.25, available=False)
        members = [agent(f"{place}", tie_order=place, **facts) for place, facts in enumerate(people)]
        crew = pool(away, *members, picker=picker, delivery=Delivery.ASSIGN, single_user=id_of("0"))
        for found in leads:
            crew = ledger.apply(crew, look(crew, tagged(*found)), NOW)
        assert crew.members[0] == away


def test_where_no_turns_are_kept_the_least_recent_lead_decides():
    members = [agent("Ana", owed=0.9, last_lead_at=minutes_ago(1)), agent("Ben", last_lead_at=minutes_ago(5))]
    assert ledger.least_recent(members).name == "Ben"
