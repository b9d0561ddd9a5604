"""Who may get a lead, and what is said to those who may not."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from itertools import combinations

import pytest

from portal.routing import gates
from portal.routing.facts import Asked, Cap, Circle, Policy, Presence, PresenceMode, Refusal
from portal.routing.hours import Leave, parse_hours
from portal.routing.pickers import way_back
from portal.routing.places import distance_km
from portal.routing.tags import Tag, TagKind

from .crew import LEAD, NOW, agent, id_of, pool

EVENINGS = parse_hours({"monday": [["18:00", "22:00"]]}, "Europe/Madrid")
MADRID = {"country": "Spain", "lat": "40.4168", "lng": "-3.7038"}

SOLAR_TODAY = "at 2 of 2 leads today in Solar"
REFUSED = [
    ({"active": False}, "active", "no longer active"),
    ({"weight": None}, "member", "not a member"),
    ({"weight": 0}, "member", "at weight 0"),
    ({"receives": False}, "receives", "not in a role that receives leads"),
    ({"available": False}, "available", "paused"),
    ({"leaves": (Leave(date(2026, 3, 1), date(2026, 3, 3)),)}, "available", "on leave until 3 March"),
    ({"leaves": (Leave(date(2026, 3, 2), date(2027, 5, 3)),)}, "available", "on leave until 3 May 2027"),
    ({"hours": EVENINGS}, "hours", "outside working hours"),
    ({"open_leads": 5, "open_cap": 5}, "open_cap", "at 5 of 5 open leads"),
    ({"open_leads": 7, "open_cap": 5}, "open_cap", "at 7 of 5 open leads"),
    ({"open_cap": 0}, "open_cap", "at 0 of 0 open leads"),
    ({"caps": (Cap("today", 1, 3), Cap("this week", 9, 9))}, "caps", "at 9 of 9 leads this week"),
    ({"caps": (Cap("from this pond today", 4, 3),)}, "caps", "at 4 of 3 leads from this pond today"),
    ({"pool_caps": (Cap("open leads", 5, 5, "Solar"),)}, "pool_open_cap", "at 5 of 5 open leads in Solar"),
    ({"pool_caps": (Cap("open leads", 4, 5, "Solar"), Cap("today", 2, 2, "Solar"))}, "pool_caps", SOLAR_TODAY),
    ({"asked": Asked.DECLINED}, "asked", "declined this lead before"),
    ({"asked": Asked.MISSED}, "asked", "missed this lead before"),
]


@pytest.mark.parametrize(("facts", "gate", "reason"), REFUSED)
def test_a_gate_says_why_it_refuses(facts, gate, reason):
    assert gates.refusal(replace(agent("Ben"), **facts), LEAD, now=NOW) == Refusal(gate, reason)


@pytest.mark.parametrize(
    "facts",
    [
        {},
        {"open_leads": 4, "open_cap": 5},
        {"open_leads": 900, "open_cap": None},
        {"weight": 1000},
        {"caps": (Cap("today", 2, 3),)},
        {"pool_caps": (Cap("open leads", 2, 3, "Solar"), Cap("today", 2, 3, "Solar"))},
        {"leaves": (Leave(date(2026, 3, 3), date(2026, 3, 9)),)},
        {"hours": parse_hours({"monday": [["09:00", "17:00"]]}, "Europe/Madrid")},
        {"presence": Presence.OFFLINE},
    ],
)
def test_nobody_else_is_refused(facts):
    assert gates.refusal(replace(agent("Ben"), **facts), LEAD, now=NOW) is None


def test_the_owner_a_lead_is_taken_from_does_not_get_it_back():
    lead = replace(LEAD, taken_from=id_of("Ben"))
    assert gates.refusal(agent("Ben"), lead) == Refusal("taken_from", "the owner it is taken from")
    assert gates.refusal(agent("Ana"), lead) is None


def test_the_first_gate_that_refuses_is_the_one_recorded():
    order = ["active", "member", "receives", "available", "hours", "open_cap", "caps", "asked"]
    by_gate = {gate: facts for facts, gate, _ in REFUSED}
    for earlier, later in combinations(order, 2):
        both = replace(agent("Ben"), **by_gate[earlier], **by_gate[later])
        assert gates.refusal(both, LEAD, now=NOW).gate == earlier
    ben_again = replace(agent("Ben"), asked=Asked.MISSED)
    assert gates.refusal(ben_again, replace(LEAD, taken_from=ben_again.user_id)).gate == "asked"


def test_a_second_chance_forgives_a_miss_but_not_a_no():
    missed, declined = agent("Ana", asked=Asked.MISSED), agent("Ben", asked=Asked.DECLINED)
    assert gates.refusal(missed, LEAD, way_back(pool())) is None
    assert gates.refusal(declined, LEAD, way_back(pool())).reason == "declined this lead before"


@pytest.mark.parametrize("refused_for", [case for case in REFUSED if case[1] != "asked"])
def test_a_second_chance_checks_every_other_gate_again(refused_for):
    facts, gate, reason = refused_for
    again = replace(agent("Ana", asked=Asked.MISSED), **facts)
    assert gates.refusal(again, LEAD, way_back(pool()), now=NOW) == Refusal(gate, reason)


def test_beyond_the_pool_only_membership_is_forgiven():
    forgiven = {
        gate for facts, gate, _ in REFUSED if not gates.refusal(refused(facts), LEAD, gates.BEYOND_THE_POOL, now=NOW)
    }
    assert forgiven == {"member"}


def test_the_last_resort_looks_past_membership_pauses_and_caps():
    forgiven = {
        gate for facts, gate, _ in REFUSED if not gates.refusal(refused(facts), LEAD, gates.LAST_RESORT, now=NOW)
    }
    assert forgiven == {"member", "available", "hours", "open_cap", "caps", "pool_open_cap", "pool_caps"}
    assert gates.refusal(agent("Ben"), replace(LEAD, taken_from=id_of("Ben")), gates.LAST_RESORT) is not None


def test_answers_stand_in_the_order_of_the_candidates():
    said = gates.refusals([agent("Ana"), agent("Ben", available=False), agent("Cy")], LEAD)
    assert said == (None, Refusal("available", "paused"), None)


def said(lead=LEAD, policy=Policy(), now=NOW, **facts):  # noqa: B008 - frozen
    [refusal] = gates.refusals([replace(agent("Ben"), **facts)], lead, policy=policy, now=now)
    return refusal and refusal.reason


@pytest.mark.parametrize("facts", [{"hours": EVENINGS}, {"leaves": (Leave(date(2026, 3, 1), date(2026, 3, 3)),)}])
def test_hours_and_leave_are_not_passed_over_for_want_of_a_moment(facts):
    with pytest.raises(ValueError, match="need a moment"):
        said(now=None, **facts)


def test_on_a_company_holiday_nobody_is_there():
    policy = Policy(holidays=frozenset({date(2026, 3, 2)}), zone="Europe/Madrid")
    assert said(policy=policy) == "company holiday"
    assert said(policy=policy, now=NOW + timedelta(days=1)) is None
    assert said(policy=policy, now=datetime(2026, 3, 1, 23, 30, tzinfo=UTC)) == "company holiday"


@pytest.mark.parametrize(
    ("mode", "away", "offline"),
    [
        (PresenceMode.IGNORE, None, None),
        (PresenceMode.SKIP_OFFLINE, None, "offline"),
        (PresenceMode.ONLY_AVAILABLE, "away", "offline"),
    ],
)
def test_presence_counts_as_the_company_has_it(mode, away, offline):
    policy = Policy(presence_mode=mode)
    assert said(policy=policy) is None
    assert said(policy=policy, presence=Presence.AWAY) == away
    assert said(policy=policy, presence=Presence.OFFLINE) == offline


def test_a_lead_type_somebody_does_not_take():
    lead = replace(LEAD, lead_type="Rental")
    assert said(lead, excluded_lead_types=frozenset({"rental "})) == "takes no leads of type Rental"
    assert said(lead, excluded_lead_types=frozenset({"Sale"})) is None
    assert said(LEAD, excluded_lead_types=frozenset({"Rental"})) is None


def test_of_exclusive_tags_one_is_enough():
    lead = replace(LEAD, found=(Tag("Villa", TagKind.EXCLUSIVE), Tag("Sea", TagKind.EXCLUSIVE), Tag("Pool")))
    assert said(lead, tags=frozenset({"pool"})) == "carries none of the exclusive tags: Villa, Sea"
    assert said(lead, tags=frozenset({"sea"})) is None


def test_of_required_tags_none_may_be_missing():
    lead = replace(LEAD, found=(Tag("Villa", TagKind.REQUIRED), Tag("Sea", TagKind.REQUIRED), Tag("Pool")))
    assert said(lead, tags=frozenset({"sea"})) == "lacks required tags: Villa"
    assert said(lead, tags=frozenset({"sea", "villa"})) is None


@pytest.mark.parametrize(
    ("location", "reason"),
    [
        (MADRID, None),
        (MADRID | {"lat": "41.3874", "lng": "2.1686"}, "outside the places they work in"),
        ({"country": "Spain"}, "works in places, and the lead has no coordinates"),
        ({"country": "Spain", "lat": "north", "lng": "1"}, "works in places, and the lead has no coordinates"),
        ({"country": "Spain", "lat": "nan", "lng": "1"}, "works in places, and the lead has no coordinates"),
        ({}, None),
        ({"city": " "}, None),
    ],
)
def test_a_lead_is_inside_one_of_the_circles_somebody_works_in(location, reason):
    lead = replace(LEAD, location=location)
    circles = (Circle(36.5, -4.9, 30), Circle(40.4, -3.7, 25))
    assert said(lead, circles=circles) == reason
    assert said(lead) is None


def test_distances_are_those_of_the_globe():
    assert distance_km(40.4168, -3.7038, 41.3874, 2.1686) == pytest.approx(505, rel=0.01)
    assert distance_km(0, 179.9, 0, -179.9) == pytest.approx(22.2, rel=0.01)
    assert distance_km(90, 0, -90, 77) == pytest.approx(20015, rel=0.01)


def test_a_language_counts_where_the_lead_names_one_and_the_agent_lists_any():
    lead = replace(LEAD, language="DE")
    assert said(lead, languages=frozenset({"en"})) == "does not speak DE"
    assert said(lead, languages=frozenset({"en", "de"})) is None
    assert said(lead) is None
    assert said(languages=frozenset({"en"})) is None
    assert said(replace(LEAD, language=" "), languages=frozenset({"en"})) is None


def test_gates_that_are_left_out_would_have_refused_nobody():
    for gate, is_idle in gates.IDLE.items():
        assert is_idle(gates.Scene(replace(LEAD, taken_from=None)))
        unfit = agent("Ben", tags=frozenset(), circles=(Circle(0, 0, 1),), languages=frozenset({"en"}))
        unfit = replace(unfit, presence=Presence.OFFLINE)
        assert gate(replace(unfit, excluded_lead_types=frozenset({"x"})), gates.Scene(LEAD)) is None


@pytest.mark.parametrize(
    "scene",
    [
        gates.Scene(LEAD, at=NOW),
        gates.Scene(LEAD, Policy(holidays=frozenset({NOW.date()})), NOW),
        gates.Scene(replace(LEAD, found=(Tag("Spa", TagKind.REQUIRED),)), at=NOW),
    ],
)
@pytest.mark.parametrize("way_in", [gates.GATES, gates.BEYOND_THE_POOL, gates.LAST_RESORT])
def test_who_passes_at_a_glance_passes_gate_by_gate(way_in, scene):
    facts = [{}, {"open_cap": 5}, *(facts for facts, _, _ in REFUSED)]
    people = [replace(agent("Ben"), **{**some, **more}) for some in facts for more in facts]
    one_by_one = [next((said for gate in way_in if (said := gate(one, scene))), None) for one in people]
    assert [said and said.reason for said in gates.refusals(people, scene, way_in)] == one_by_one


def refused(facts):
    return replace(agent("Ben"), **facts)


def test_where_who_was_there_is_noted_only_that_note_counts():
    noted, full = Policy(as_noted=True), agent("Ben", open_leads=3, open_cap=3, hours=EVENINGS)
    assert gates.refusal(full, LEAD, policy=noted) is None
    assert gates.refusal(replace(full, available=False), LEAD, policy=noted) == ("available", "paused")
    full_in_the_pool = replace(full, pool_caps=(Cap("open leads", 5, 5, "Solar"),))
    assert gates.refusal(full_in_the_pool, LEAD, policy=noted) is None
    counted = replace(full, pool_caps=(Cap("today", 5, 5, "Solar"),))
    assert gates.refusal(counted, LEAD, policy=noted) is not None
