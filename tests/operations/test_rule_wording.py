"""Rules in plain words: short in lists, and whole where two are compared."""

from __future__ import annotations

from typing import Any

import pytest

from portal.operations.drafted import DraftedRule
from portal.operations.rule_wording import (
    all_conditions_in_words,
    all_hours_in_words,
    conditions_in_words,
    strictness_in_words,
)

CITIES = ["Austin", "Boerne", "Dallas", "El Paso", "Houston", "Waco"]


def test_a_list_names_a_few_values_and_a_comparison_all_of_them() -> None:
    rule = DraftedRule(0, {"name": "A", "conditions": {"city": CITIES}})
    assert conditions_in_words(rule) == ["city is Austin, Boerne, Dallas, El Paso or 2 more"]
    assert all_conditions_in_words(rule.conditions) == "city is Austin, Boerne, Dallas, El Paso, Houston or Waco"


@pytest.mark.parametrize(
    ("conditions", "words"),
    [
        ({}, "every lead"),
        ({"lead_type": ["Roof"], "has_phone": False}, "lead type is Roof; has no phone number"),
        (
            {"price": {"min": "5", "max": "9"}, "fields": {"rooms": {"contains": "3"}}},
            "price from 5 to 9; rooms contains 3",
        ),
    ],
)
def test_all_conditions_stand_in_one_text(conditions: dict[str, Any], words: str) -> None:
    assert all_conditions_in_words(conditions) == words


def test_strictness_says_which_fields_may_be_blank() -> None:
    assert strictness_in_words({}) == "nothing may be blank"
    told = {"lead_type": "exact_or_empty", "fields.rooms": "exact"}
    assert strictness_in_words(told) == "lead type may be blank, rooms must be given"


def test_hours_are_told_with_each_date_that_is_different() -> None:
    assert all_hours_in_words(None) == "at all hours"
    hours = {"monday": [["09:00", "12:00"], ["13:00", "17:00"]], "exceptions": {"2026-12-24": []}}
    assert all_hours_in_words(hours) == "Mon 09:00-12:00 and 13:00-17:00, 2026-12-24 closed"
