"""Leads of days gone by, through a draft."""

from dataclasses import replace
from datetime import timedelta

from portal.routing.facts import Asked, Asking, Cap, Delivery, Outcome, Picker, Rule, Stage
from portal.routing.replay import PastLead, Setup, replay
from portal.routing.route import hand_out

from .crew import LEAD, NOW, agent, default_rule, id_of, pool

BUYERS = pool(agent("Ana"), agent("Ben", tie_order=1))


def past(count=1, **facts):
    return [PastLead(LEAD, NOW + timedelta(minutes=place), **facts) for place in range(count)]


def setup(crew=BUYERS, rules=None, **facts):
    return Setup([default_rule()] if rules is None else rules, {crew.id: crew}, **facts)


def test_leads_are_shared_as_they_would_be_live():
    assert replay(past(10), setup()).received == {id_of("Ana"): 5, id_of("Ben"): 5}
    weighted = pool(agent("Ana", weight=2), agent("Ben"))
    assert replay(past(9), setup(weighted)).received == {id_of("Ana"): 6, id_of("Ben"): 3}


def test_whoever_was_asked_answers_as_then_and_others_accept():
    tally = replay(past(4, answers={id_of("Ana"): Asked.MISSED}), setup())
    assert tally.received == {id_of("Ben"): 4}
    assert tally.missed == {id_of("Ana"): 2}
    tally = replay(past(1, answers={id_of("Ana"): Asked.DECLINED}), setup())
    assert (tally.declined, tally.missed) == ({id_of("Ana"): 1}, {})


def test_whoever_was_away_is_away_for_that_lead_alone():
    leads = [*past(1, away=frozenset({id_of("Ana")})), *past(1)]
    assert replay(leads, setup()).received == {id_of("Ana"): 1, id_of("Ben"): 1}


def test_who_was_there_is_what_was_noted_then():
    full = pool(agent("Ana", open_leads=1, open_cap=1), agent("Ben", tie_order=1, available=False))
    assert replay(past(2), setup(full)).received == {id_of("Ana"): 1, id_of("Ben"): 1}


def test_leads_taken_count_as_load():
    crew = replace(BUYERS, picker=Picker.LEAST_LOADED, members=(agent("Ana", open_leads=3), agent("Ben")))
    assert replay(past(3), setup(crew)).received == {id_of("Ben"): 3}
    assert replay(past(5), setup(crew)).received == {id_of("Ben"): 4, id_of("Ana"): 1}


def test_what_nobody_takes_goes_up_the_ladder():
    answers = {id_of("Ana"): Asked.MISSED, id_of("Ben"): Asked.MISSED}
    everyone = [replace(one, weight=None) for one in (*BUYERS.members, agent("Zoe"))]
    tally = replay(past(3, answers=answers), setup(everyone=everyone))
    assert tally.stages == {Stage.ANY_ACTIVE: 3}
    assert tally.received == {id_of("Zoe"): 3}


def test_a_drafted_rule_sends_leads_elsewhere():
    sellers = replace(pool(agent("Sam"), delivery=Delivery.ASSIGN), id=id_of("Sellers"))
    rule = Rule(id_of("Forms"), "Forms", sellers.id, conditions={"source": ["form"]})
    draft = Setup([rule, default_rule()], {BUYERS.id: BUYERS, sellers.id: sellers})
    tally = replay([*past(2), PastLead(replace(LEAD, source="mail"), NOW)], draft)
    assert tally.received == {id_of("Sam"): 2, id_of("Ana"): 1}
    assert tally.by_rule == {rule.id: 2, default_rule().id: 1}


def test_leads_without_a_pool_wait_for_a_person():
    tally = replay(past(2), setup(rules=[]))
    assert (tally.outcomes, tally.received) == ({Outcome.WAIT: 2}, {})


def test_leads_told_to_all_at_once_are_nobodys():
    tally = replay(past(2), setup(replace(BUYERS, delivery=Delivery.BROADCAST)))
    assert (tally.outcomes, tally.received) == ({Outcome.BROADCAST: 2}, {})


def test_the_pools_stay_as_they_are():
    before = hand_out(LEAD, BUYERS, None, Asking(), NOW)
    replay(past(7), setup())
    assert hand_out(LEAD, BUYERS, None, Asking(), NOW) == before


def limited(**caps):
    ana = agent(
        "Ana", pool_caps=tuple(Cap(what.replace("_", " "), 7, most, "Buyers", BUYERS.id) for what, most in caps.items())
    )
    return replace(BUYERS, members=(ana, agent("Ben", tie_order=1)), delivery=Delivery.ASSIGN)


def test_what_a_pool_lets_its_members_have_in_a_day_is_counted_from_the_first_lead_on():
    assert replay(past(6), setup(limited(today=2))).received == {id_of("Ana"): 2, id_of("Ben"): 4}
    tomorrow = [replace(lead, at=lead.at + timedelta(days=1)) for lead in past(6)]
    assert replay([*past(6), *tomorrow], setup(limited(today=2))).received == {id_of("Ana"): 4, id_of("Ben"): 8}


def test_a_limit_of_a_week_or_month_lasts_so_long():
    # NOW is a Monday, the second of the month.
    days = [replace(lead, at=lead.at + timedelta(days=day)) for day in range(14) for lead in past(2)]
    assert replay(days, setup(limited(this_week=3))).received[id_of("Ana")] == 6
    assert replay(days, setup(limited(this_month=3))).received[id_of("Ana")] == 3


def test_what_somebody_had_open_is_as_was_noted_whatever_the_pool_lets_them_have():
    assert replay(past(4), setup(limited(open_leads=1))).received == {id_of("Ana"): 2, id_of("Ben"): 2}


def test_whoever_was_full_is_passed_by_for_that_lead_alone():
    leads = [*past(1, full=frozenset({id_of("Ana")})), *past(1)]
    assert replay(leads, setup()).received == {id_of("Ana"): 1, id_of("Ben"): 1}


def test_whoever_was_full_loses_what_they_are_owed_where_the_pool_has_it_so():
    owed = replace(BUYERS, members=(agent("Ana", owed=0.9), agent("Ben", owed=-0.9, tie_order=1)))
    leads = [*past(2, full=frozenset({id_of("Ana")})), *past(4)]
    # Ana catches up, or begins even.
    assert replay(leads, setup(owed)).received[id_of("Ana")] == 3
    assert replay(leads, setup(replace(owed, forfeit_at_cap=True))).received[id_of("Ana")] == 2
