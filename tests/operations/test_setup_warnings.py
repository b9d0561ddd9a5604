"""What looks like a mistake is said before it is published."""

from __future__ import annotations

from typing import Any

from portal.operations.setup_warnings import warnings

DEFAULT = {"name": "Everything else", "pool": "Buyers", "default": True}
BUYERS = {"name": "Buyers", "members": [{"user": "ana@example.com"}]}


def said(*rules: Any, pools: Any = (BUYERS,)) -> list[str]:
    return warnings({"pools": list(pools), "rules": [*rules, DEFAULT]})


def rule(name: str, **fields: Any) -> dict[str, Any]:
    return {"name": name, "pool": "Buyers", "conditions": {}, **fields}


def test_a_rule_behind_one_that_takes_everything_or_the_same_is_never_reached() -> None:
    forms = {"source": ["form"]}
    assert said(rule("Forms", conditions=forms), rule("Mail", conditions={"source": ["mail"]})) == []
    assert said(rule("All"), rule("Forms", conditions=forms)) == [
        "No lead reaches the rule “Forms”: “All” above it takes them all."
    ]
    assert len(said(rule("Forms", conditions=forms), rule("Again", conditions=forms))) == 1


def test_what_is_paused_or_has_hours_of_its_own_leaves_leads_to_the_next() -> None:
    assert said(rule("All", paused=True), rule("Next", conditions={"source": ["form"]})) == []
    assert said(rule("Days", hours={"monday": [["09:00", "17:00"]]}), rule("Nights")) == []


def test_a_pool_nobody_takes_part_in_is_named_with_the_rule_that_needs_it() -> None:
    paused = {"name": "Buyers", "members": [{"user": "ana@example.com", "weight": 0}]}
    assert said(pools=[paused]) == [
        "The rule “Everything else” sends leads to the pool “Buyers”, where nobody takes part."
    ]
    assert said(pools=[paused | {"picker": "single"}]) == []
