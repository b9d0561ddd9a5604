"""Decisions as sentences, at once and from the stored record."""

import json
from dataclasses import replace

import pytest

from portal.routing import explain
from portal.routing.facts import NANO, Asked, Asking, DefaultMode, Delivery
from portal.routing.ladder import climb
from portal.routing.route import hand_out, match_rules, unrouted

from .crew import LEAD, NOW, agent, default_rule, id_of, minutes_ago, pool

MATCH = match_rules(LEAD, [default_rule()])


def look(crew, asking=Asking()):  # noqa: B008 - frozen
    return hand_out(LEAD, crew, MATCH, asking, NOW)


def climbed(crew, everyone=None, asking=Asking()):  # noqa: B008 - frozen
    line = look(crew, asking)
    return climb(LEAD, crew, None if everyone is None else lambda: everyone, line, NOW)


def user(name, **facts):
    return agent(name, weight=None, **facts)


class TestWhy:
    def test_says_who_is_next_and_what_they_are_owed(self):
        crew = pool(agent("Ana", weight=2), agent("Ben", owed=-0.2))
        assert look(crew).why == "Ana is next in turn: owed 0.67 of a lead."

    @pytest.mark.parametrize(
        ("owed", "said"),
        [
            (0.5, "owed 1.50 leads"),
            (0, "owed 1 lead"),
            (-0.25, "owed 0.75 of a lead"),
            (-1, "even"),
            (-1.25, "0.25 of a lead ahead"),
            (-2, "1 lead ahead"),
            (-3.5, "2.50 leads ahead"),
        ],
    )
    def test_says_credit_as_people_do(self, owed, said):
        assert look(pool(agent("Ana", owed=owed))).why == f"Ana is next in turn: {said}."

    def test_says_that_a_re_offer_is_a_second_choice(self):
        why = look(pool(agent("Ana", second=-0.5)), Asking(offers_made=1)).why
        assert why == "Ana is the next choice among those not yet asked: owed 0.50 of a lead."

    def test_says_what_broke_a_tie(self):
        recent = look(pool(agent("Ana", last_lead_at=minutes_ago(5)), agent("Ben")))
        fixed = look(pool(agent("Ana", tie_order=2), agent("Ben", tie_order=1)))
        assert recent.tie_break == "Others were level; the least recent lead decided."
        assert fixed.tie_break == "Others were level; the pool's fixed order decided."
        assert fixed.why == f"Ben is next in turn: owed 0.50 of a lead. {fixed.tie_break}"
        assert look(pool(agent("Ana"))).tie_break is None

    def test_says_who_asked_for_another_chance(self):
        crew = pool(agent("Ana", asked=Asked.MISSED), agent("Ben"))
        why = look(crew, Asking(1, (id_of("Ana"),))).why
        assert why == "Ana asked for another chance and comes before anybody not yet asked."

    @pytest.mark.parametrize(
        ("crew", "asking", "why"),
        [
            (pool(), Asking(), "The pool has no members."),
            (pool(agent("Ana", active=False)), Asking(), "Nobody in the line can take it."),
            (pool(agent("Ana"), max_offers=8), Asking(8), "The line is used up: 8 of 8 offers were made."),
        ],
    )
    def test_says_why_the_line_has_nobody(self, crew, asking, why):
        assert look(crew, asking).why == why

    @pytest.mark.parametrize(
        ("names", "mode", "why"),
        [
            (["Mia"], None, "so it goes to Mia, its default assignee."),
            (["Mia"], DefaultMode.TELL, "Mia is told that it waits."),
            (["Mia", "Max"], None, "Mia and Max are told that it waits."),
            (["Mia", "Max", "Moe"], None, "Mia, Max and Moe are told that it waits."),
        ],
    )
    def test_says_who_the_default_assignees_are(self, names, mode, why):
        crew = pool(default_assignees=[user(name) for name in names], default_mode=mode)
        assert climbed(crew).why.endswith(why)

    def test_says_who_the_lead_falls_back_to(self):
        why = climbed(pool(), everyone=[user("Zoe")]).why
        assert why == "Nobody in the line could take it, so it goes to Zoe, whose last lead is the least recent."

    def test_tells_those_who_did_not_take_it_from_those_who_could_not(self):
        away, missed = agent("Ana", available=False), agent("Ana", asked=Asked.MISSED)
        assert climbed(pool(away, default_assignees=[user("Mia")])).why.startswith("Nobody in the line could take it,")
        assert climbed(pool(missed, default_assignees=[user("Mia")])).why.startswith("Nobody in the line took it,")

    def test_says_that_it_waits(self):
        assert climbed(pool()).why == "Nobody can get it now, so it waits until somebody can."
        assert unrouted(LEAD, MATCH, NOW).why == "No pool is set for it, so it waits for somebody to assign it."


class TestTheWholeStory:
    def test_names_rule_pool_every_candidate_and_the_choice(self):
        crew = pool(
            agent("Ana", weight=2, owed=0.1),
            agent("Ben", available=False),
            agent("Cy", open_leads=5, open_cap=5),
            agent("Dee", owed=-0.4),
        )
        assert explain.sentences(look(crew)) == [
            "Rule “Default”: met, takes every lead.",
            "Pool “Buyers”.",
            "Ana: next in turn (owed 0.77 of a lead).",
            "Ben: paused.",
            "Cy: at 5 of 5 open leads.",
            "Dee: in line (0.07 of a lead ahead).",
            "Ana is next in turn: owed 0.77 of a lead.",
        ]

    def test_climbs_the_ladder_step_by_step_and_repeats_no_refusal(self):
        ben, cy = agent("Ben", available=False), agent("Cy", asked=Asked.DECLINED)
        crew = pool(ben, cy, default_assignees=[user("Mia", active=False)])
        everyone = [replace(one, weight=None) for one in (ben, cy)]
        assert explain.sentences(climbed(crew, everyone)) == [
            "Rule “Default”: met, takes every lead.",
            "Pool “Buyers”.",
            "Ben: paused.",
            "Cy: declined this lead before.",
            "Nobody in the line can take it.",
            "Mia: no longer active.",
            "All default assignees are inactive.",
            "Ben: paused, set aside.",
            "Nobody passes every gate, so availability and caps are set aside.",
            "Nobody in the line took it, so it goes to Ben, whose last lead is the least recent.",
        ]

    def test_tells_what_is_not_set_up(self):
        assert explain.sentences(climbed(pool()))[2:] == [
            "The pool has no members.",
            "No default assignees are set.",
            "The company's other users are not asked: that fallback is switched off.",
            "Nobody can get it now, so it waits until somebody can.",
        ]
        assert explain.sentences(unrouted(LEAD, MATCH, NOW)) == [
            "Rule “Default”: met, takes every lead.",
            "The rule names no pool.",
            "No pool is set for it, so it waits for somebody to assign it.",
        ]

    def test_tells_second_chances_apart_from_the_line(self):
        missed = [agent(name, asked=Asked.MISSED) for name in ("Ana", "Cy")]
        crew = pool(*missed, agent("Ben"))
        assert explain.sentences(look(crew, Asking(2, (id_of("Cy"), id_of("Ana")))))[2:4] == [
            "Cy: asked for another chance.",
            "Ana: asked for another chance, later.",
        ]

    def test_says_once_that_somebody_who_asked_again_is_paused(self):
        crew = pool(agent("Ana", asked=Asked.MISSED, available=False), agent("Ben"))
        told = explain.sentences(look(crew, Asking(1, (id_of("Ana"),))))
        assert told.count("Ana: paused.") == 1
        assert told[-1].startswith("Ben is the next choice")


EVERY_END = [
    look(pool(agent("Ana", weight=3, last_lead_at=minutes_ago(7)), agent("Ben"), agent("Cy", available=False))),
    look(pool(agent("Ana"), delivery=Delivery.ASSIGN), Asking(3)),
    look(pool(agent("Ana", asked=Asked.MISSED)), Asking(1, (id_of("Ana"),))),
    look(pool()),
    climbed(pool(default_assignees=[user("Mia"), user("Max")])),
    climbed(pool(default_assignees=[user("Mia")])),
    climbed(pool(agent("Ana", available=False)), everyone=[user("Zoe"), user("Yan", open_leads=1, open_cap=1)]),
    climbed(pool(), everyone=[user("Zoe", available=False)]),
    climbed(pool()),
    unrouted(LEAD, MATCH, NOW),
]


class TestTheStoredRecord:
    @pytest.mark.parametrize("decision", EVERY_END, ids=lambda decision: f"{decision.stage}-{decision.outcome}")
    def test_tells_the_same_after_a_trip_through_json(self, decision):
        stored = json.loads(json.dumps(explain.as_data(decision), allow_nan=False))
        assert stored == explain.as_data(decision)
        assert explain.sentences_from(stored) == explain.sentences(decision)
        assert explain.why_from(stored) == stored["why"] == decision.why

    def test_holds_the_decision_as_the_api_shows_it(self):
        crew = pool(agent("Ana", weight=3, last_lead_at=minutes_ago(7)), agent("Ben", available=False, owed=0.5))
        data = explain.as_data(look(crew))
        assert data["rules"] == [
            {"id": str(id_of("Default")), "name": "Default", "met": True, "why": "takes every lead"}
        ]
        assert data["candidates"] == [
            {
                "user_id": str(id_of("Ana")),
                "name": "Ana",
                "stage": "line",
                "eligible": True,
                "gate": None,
                "reason": None,
                "tags": [],
                "score": None,
                "weight": 3,
                "credit_before": 0,
                "credit_after": 0,
                "last_lead_at": "2026-03-02T09:23:00+00:00",
            },
            {
                "user_id": str(id_of("Ben")),
                "name": "Ben",
                "stage": "line",
                "eligible": False,
                "gate": "available",
                "reason": "paused",
                "tags": [],
                "score": None,
                "weight": 1,
                "credit_before": NANO // 2,
                "credit_after": NANO // 2,
                "last_lead_at": None,
            },
        ]
        rest = {key: value for key, value in data.items() if key not in ("rules", "candidates", "why")}
        assert rest == {
            "lead_id": str(LEAD.id),
            "pool_id": str(id_of("Buyers")),
            "pool": "Buyers",
            "picker": "rotation",
            "began_in": "Buyers",
            "rule_id": str(id_of("Default")),
            "team": None,
            "to_team": False,
            "at": "2026-03-02T09:30:00+00:00",
            "chosen": [str(id_of("Ana"))],
            "stage": "line",
            "outcome": "offer",
            "credit": "turn",
            "paid": NANO,
            "tie_break": None,
            "ladder": [{"stage": "line", "note": None}],
        }

    def test_can_be_told_with_other_names(self):
        data = explain.as_data(look(pool(agent("Ana", weight=2), agent("Ben", available=False))))
        masks = {str(id_of("Ben")): "A colleague"}
        assert explain.sentences_from(data, masks)[2:] == [
            "Ana: next in turn (owed 1 lead).",
            "A colleague: paused.",
            "Ana is next in turn: owed 1 lead.",
        ]
        assert explain.why_from(data, {str(id_of("Ana")): "Ana Ruiz"}) == "Ana Ruiz is next in turn: owed 1 lead."

    def test_masks_every_name(self):
        for decision in EVERY_END:
            data = explain.as_data(decision)
            masks = {row["user_id"]: "Somebody" for row in data["candidates"]}
            told = " ".join(explain.sentences_from(data, masks))
            assert not any(row["name"] in told for row in data["candidates"])


def test_a_default_assignee_who_also_stands_in_the_used_up_line_is_told_of_twice():
    ana = agent("Ana", second=0.5)
    crew = pool(ana, max_offers=2, default_assignees=(replace(ana, weight=None),), default_mode=DefaultMode.TELL)
    decision = climbed(crew, asking=Asking(2))
    told = explain.sentences(decision)
    assert "Ana: in line (owed 0.50 of a lead)." in told
    assert told[-1] == "Nobody in the line took it: Ana is told that it waits."
