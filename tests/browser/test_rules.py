"""The order of the rules in a real browser: dragged, or moved by buttons."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Page as Tab
from playwright.sync_api import expect

from portal.queries.rules import rules
from tests.browser.conftest import Windows
from tests.browser.scene import make_rules
from tests.cast import Company
from tests.factories import make_pool

NAMES = "#rules h2"
AT_FIRST, AFTERWARDS = ["The south", "Chargers"], ["Chargers", "The south"]


def stored(company: Company) -> list[str]:
    with company.inside():
        return [rule.name for rule in rules() if not rule.is_default]


@pytest.fixture(params=[1280, 360])
def tab(windows: Windows, company: Company, request: pytest.FixtureRequest) -> Iterator[Tab]:
    make_rules(company, make_pool(company, [company.agent]))
    with windows.open(company.owner, width=request.param) as window:
        tab = window.new_page()
        tab.goto("/settings/rules")
        assert named(tab) == AT_FIRST
        yield tab


def named(tab: Tab) -> list[str]:
    return [name.removesuffix(" Paused") for name in tab.locator(NAMES).all_inner_texts()]


@pytest.mark.parametrize("tab", [1280], indirect=True)
def test_a_rule_is_dragged_above_another_and_stays_there(company: Company, tab: Tab) -> None:
    lower, upper = tab.locator("#rules > li").nth(1), tab.locator("#rules > li").nth(0)
    with tab.expect_navigation():
        lower.drag_to(upper, source_position={"x": 40, "y": 12}, target_position={"x": 40, "y": 4})
    assert named(tab) == AFTERWARDS
    assert stored(company) == AFTERWARDS


@pytest.mark.parametrize("tab", [1280], indirect=True)
def test_a_rule_put_back_where_it_was_changes_nothing(company: Company, tab: Tab) -> None:
    sent: list[str] = []
    tab.on("request", lambda request: sent.append(request.url) if request.method == "POST" else None)
    first = tab.locator("#rules > li").first
    first.drag_to(first, source_position={"x": 40, "y": 12}, target_position={"x": 60, "y": 14})
    assert named(tab) == AT_FIRST
    assert sent == []
    assert stored(company) == AT_FIRST


def test_the_keyboard_moves_it_up_and_down_by_buttons(company: Company, tab: Tab) -> None:
    for button, then in (("Move up: Chargers", AFTERWARDS), ("Move down: Chargers", AT_FIRST)):
        tab.get_by_role("button", name=button).focus()
        with tab.expect_navigation():
            tab.keyboard.press("Enter")
        assert named(tab) == then
        assert stored(company) == then


@pytest.mark.parametrize("tab", [360], indirect=True)
def test_a_thumb_moves_it_by_buttons(company: Company, tab: Tab) -> None:
    expect(tab.get_by_role("button", name="Move up: The south")).to_have_count(0)
    with tab.expect_navigation():
        tab.get_by_role("button", name="Move down: The south").click()
    assert named(tab) == AFTERWARDS
    assert stored(company) == AFTERWARDS
