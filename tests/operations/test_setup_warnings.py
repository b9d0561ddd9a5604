"""What looks like a mistake is said before it is published."""

from __future__ import annotations

from typing import Any

from sqlalchemy import text

from portal.extensions import db
from portal.operations.setup_told import setup_now
from portal.operations.setup_warnings import Known, warnings, warnings_now
from portal.queries.people_hours import AtWork
from portal.routing.hours import parse_hours
from tests.cast import Company
from tests.factories import make_lead, make_pool
from tests.operations.acts import arrive, reassign

KNOWN = Known([AtWork("ana@example.com", None, ["solar"])])
OFFICE = {day: [["09:00", "17:00"]] for day in ("monday", "tuesday", "wednesday", "thursday", "friday")}
DEFAULT = {"name": "Everything else", "pool": "Buyers", "default": True}
BUYERS = {"name": "Buyers", "members": [{"user": "ana@example.com"}]}


def said(*rules: Any, pools: Any = (BUYERS,)) -> list[str]:
    return warnings({"pools": list(pools), "rules": [*rules, DEFAULT]}, KNOWN)


def rule(name: str, **fields: Any) -> dict[str, Any]:
    return {"name": name, "pool": "Buyers", "conditions": {}, **fields}


def test_a_rule_behind_one_that_takes_everything_or_the_same_is_never_reached() -> None:
    forms = {"source": ["form"]}
    assert said(rule("Forms", conditions=forms), rule("Mail", conditions={"source": ["mail"]})) == []
    assert said(rule("All"), rule("Forms", conditions=forms)) == [
        "No lead reaches the rule “Forms”: “All” above it takes them all."
    ]
    assert len(said(rule("Forms", conditions=forms), rule("Again", conditions=forms))) == 1


def test_a_rule_behind_a_wider_one_is_never_reached_unless_it_lets_the_blank_pass_too() -> None:
    wide, narrow = rule("Wide", conditions={"city": ["Bonn", "Köln"]}), rule("Narrow", conditions={"city": ["koln"]})
    assert said(wide, narrow) == ["No lead reaches the rule “Narrow”: “Wide” above it takes them all."]
    assert said(narrow, wide) == []
    assert said(wide, narrow | {"strictness": {"city": "exact_or_empty"}}) == []
    assert said(wide, rule("Prefix", conditions={"city": ["k*"]})) == []
    narrower = rule("Narrower", conditions={"city": ["Bonn"], "source": ["form"]})
    assert said(wide, narrower) == ["No lead reaches the rule “Narrower”: “Wide” above it takes them all."]


def test_rules_that_share_some_leads_and_lead_elsewhere_are_said_to_overlap() -> None:
    one, other = (
        rule("One", conditions={"city": ["Bonn", "Köln"]}),
        rule("Other", conditions={"city": ["Köln", "Trier"]}),
    )
    assert said(one, other) == []
    assert said(one, other | {"pool": None}) == ["The rules “One” and “Other” overlap: a lead both fit goes by “One”."]


def test_lists_of_teams_are_looked_at_each_by_itself() -> None:
    """What stands above in the company's list takes nothing from a team's."""
    own = [rule("All"), rule("Forms", conditions={"source": ["form"]})]
    idle = {"name": "Idle", "members": []}
    setup = {"pools": [BUYERS, idle], "rules": [rule("North", pool=None, to_team="North"), DEFAULT]}
    assert warnings(setup | {"teams": [{"name": "North", "rules": own[:1]}]}, KNOWN) == []
    assert warnings(setup | {"teams": [{"name": "North", "rules": own, "default_pool": "Idle"}]}, KNOWN) == [
        "No lead reaches the rule “Forms”: “All” above it takes them all.",
        "The team “North” sends leads to the pool “Idle”, where nobody takes part.",
    ]


def test_what_is_paused_or_has_hours_of_its_own_leaves_leads_to_the_next() -> None:
    assert said(rule("All", paused=True), rule("Next", conditions={"source": ["form"]})) == []
    assert said(rule("Days", hours={"monday": [["09:00", "17:00"]]}), rule("Nights")) == []


def test_a_pool_nobody_takes_part_in_is_named_with_the_rule_that_needs_it() -> None:
    paused = {"name": "Buyers", "members": [{"user": "ana@example.com", "weight": 0}]}
    assert said(pools=[paused]) == [
        "The rule “Everything else” sends leads to the pool “Buyers”, where nobody takes part."
    ]
    assert said(pools=[paused | {"picker": "single"}]) == []
    assert said(pools=[paused | {"members": [{"agent_tag": "Solar"}]}]) == []
    assert len(said(pools=[paused | {"members": [{"user": "gone@example.com"}]}])) == 1


def test_days_and_nights_on_which_nobody_works_are_named() -> None:
    known = Known([AtWork("ana@example.com", parse_hours(OFFICE, "UTC"), [])])
    setup = {"pools": [BUYERS], "rules": [DEFAULT]}
    assert warnings(setup, known) == [
        "On Saturday and Sunday nobody in the pool “Buyers” works.",
        "Between 17:00 and 09:00 nobody in the pool “Buyers” works.",
    ]
    assert warnings(setup | {"company": {"opening_hours": OFFICE}}, known) == []
    assert warnings({"pools": [BUYERS], "rules": [DEFAULT | {"pool": None}]}, known) == []


def test_a_rule_no_lead_met_for_a_month_is_named_unless_the_draft_changes_it(company: Company) -> None:
    pool = make_pool(company, [company.agent], name="Buyers")
    made = company.owner.api.post(
        "/rules", {"name": "Faxes", "conditions": {"source": ["fax"]}, "pool_id": str(pool.id)}
    )
    with company.inside():
        setup = setup_now(company.id, with_ids=True)
        assert warnings_now(setup, "UTC") == []
        db.session.execute(text("UPDATE rules SET created_at = created_at - interval '31 days'"))
        db.session.commit()
        assert warnings_now(setup, "UTC") == [], "no lead came at all"
    group = make_pool(company, [company.colleague], name="Second try", default_rule=False, for_reassignment=True)
    reassign(company.manager, make_lead(company, company.agent).id, group.id)
    with company.inside():
        assert warnings_now(setup, "UTC") == [], "one was reassigned, and none was routed"
    arrive(company)
    with company.inside():
        assert warnings_now(setup, "UTC") == ["No lead met the rule “Faxes” in the last 30 days."]
        [faxes] = [each for each in setup["rules"] if each["id"] == made.json["id"]]
        faxes["conditions"] = {"source": ["telefax"]}
        assert warnings_now(setup, "UTC") == []
    arrive(company, source="fax")
    with company.inside():
        assert warnings_now(setup_now(company.id, with_ids=True), "UTC") == []
