"""Fields that count only with a certain choice are asked for only then, so that nothing typed is passed over."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import Windows
from tests.cast import Company

HOURS = ("Only at these hours", "At all hours", "Monday")


@pytest.mark.parametrize(
    ("page", "choice", "other", "field"),
    [
        ("/settings/holding", *HOURS),
        ("/settings/rules/new", *HOURS),
        ("/pools/new", *HOURS),
        ("/pools/new", "Always one person", "Turns: everybody in turn, by weight", "That person"),
        ("/pools/new", "Pond: it lies", "Assign: it is theirs at once", "Most leads for one person in a day"),
    ],
)
def test_a_field_is_there_while_it_counts(
    windows: Windows, company: Company, page: str, choice: str, other: str, field: str
) -> None:
    with windows.open(company.owner) as window:
        tab = window.new_page()
        tab.goto(page)
        asked = tab.get_by_label(field).first
        expect(asked).to_be_hidden()
        tab.get_by_label(choice).check()
        expect(asked).to_be_visible()
        tab.get_by_label(other).check()
        expect(asked).to_be_hidden()
