"""Who may get a lead, and what is said to those who may not."""

from dataclasses import replace
from itertools import combinations

import pytest

from portal.routing import gates
from portal.routing.facts import Asked, Refusal

from .crew import LEAD, agent, id_of

REFUSED = [
    ({"active": False}, "active", "no longer active"),
    ({"weight": None}, "member", "not a member"),
    ({"weight": 0}, "member", "at weight 0"),
    ({"receives": False}, "receives", "not in a role that receives leads"),
    ({"available": False}, "available", "paused"),
    ({"open_leads": 5, "open_cap": 5}, "open_cap", "at 5 of 5 open leads"),
    ({"open_leads": 7, "open_cap": 5}, "open_cap", "at 7 of 5 open leads"),
    ({"open_cap": 0}, "open_cap", "at 0 of 0 open leads"),
    ({"asked": Asked.DECLINED}, "asked", "declined this lead before"),
    ({"asked": Asked.MISSED}, "asked", "missed this lead before"),
]


@pytest.mark.parametrize(("facts", "gate", "reason"), REFUSED)
def test_a_gate_says_why_it_refuses(facts, gate, reason):
    assert gates.refusal(replace(agent("Ben"), **facts), LEAD) == Refusal(gate, reason)


@pytest.mark.parametrize(
    "facts", [{}, {"open_leads": 4, "open_cap": 5}, {"open_leads": 900, "open_cap": None}, {"weight": 1000}]
)
def test_nobody_else_is_refused(facts):
    assert gates.refusal(replace(agent("Ben"), **facts), LEAD) is None


def test_the_owner_a_lead_is_taken_from_does_not_get_it_back():
    lead = replace(LEAD, taken_from=id_of("Ben"))
    assert gates.refusal(agent("Ben"), lead) == Refusal("taken_from", "the owner it is taken from")
    assert gates.refusal(agent("Ana"), lead) is None


def test_the_first_gate_that_refuses_is_the_one_recorded():
    order = ["active", "member", "receives", "available", "open_cap", "asked"]
    by_gate = {gate: facts for facts, gate, _ in REFUSED}
    for earlier, later in combinations(order, 2):
        both = replace(agent("Ben"), **by_gate[earlier], **by_gate[later])
        assert gates.refusal(both, LEAD).gate == earlier
    ben_again = replace(agent("Ben"), asked=Asked.MISSED)
    assert gates.refusal(ben_again, replace(LEAD, taken_from=ben_again.user_id)).gate == "asked"


def test_a_second_chance_forgives_a_miss_but_not_a_no():
    missed, declined = agent("Ana", asked=Asked.MISSED), agent("Ben", asked=Asked.DECLINED)
    assert gates.refusal(missed, LEAD, gates.SECOND_CHANCE) is None
    assert gates.refusal(declined, LEAD, gates.SECOND_CHANCE).reason == "declined this lead before"


@pytest.mark.parametrize("refused_for", [case for case in REFUSED if case[1] != "asked"])
def test_a_second_chance_checks_every_other_gate_again(refused_for):
    facts, gate, reason = refused_for
    again = replace(agent("Ana", asked=Asked.MISSED), **facts)
    assert gates.refusal(again, LEAD, gates.SECOND_CHANCE) == Refusal(gate, reason)


def test_beyond_the_pool_only_membership_is_forgiven():
    forgiven = {gate for facts, gate, _ in REFUSED if not gates.refusal(refused(facts), LEAD, gates.BEYOND_THE_POOL)}
    assert forgiven == {"member"}


def test_the_last_resort_looks_past_membership_pauses_and_caps():
    forgiven = {gate for facts, gate, _ in REFUSED if not gates.refusal(refused(facts), LEAD, gates.LAST_RESORT)}
    assert forgiven == {"member", "available", "open_cap"}
    assert gates.refusal(agent("Ben"), replace(LEAD, taken_from=id_of("Ben")), gates.LAST_RESORT) is not None


def test_answers_stand_in_the_order_of_the_candidates():
    said = gates.refusals([agent("Ana"), agent("Ben", available=False), agent("Cy")], LEAD)
    assert said == (None, Refusal("available", "paused"), None)


def refused(facts):
    return replace(agent("Ben"), **facts)
