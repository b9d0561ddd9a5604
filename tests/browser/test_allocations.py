"""Lead Allocations in a real browser: saved at once, and every share follows."""

from __future__ import annotations

from playwright.sync_api import APIResponse, Route, expect
from playwright.sync_api import Page as Tab

from portal.queries.pools import pool_views
from tests.browser.conftest import Windows
from tests.cast import Company, Person
from tests.factories import make_pool


def number_of(tab: Tab, person: Person) -> str:
    return f"#weight_{person.id.hex}"


def share_of(tab: Tab, person: Person) -> str:
    return f"#share-{person.id.hex}"


def test_a_number_is_saved_when_left_and_all_shares_follow(windows: Windows, company: Company) -> None:
    pool = make_pool(company, {company.agent: 1, company.colleague: 1})
    with windows.open(company.owner) as window:
        tab = window.new_page()
        tab.goto("/allocations")
        expect(tab.get_by_role("button", name="Save")).to_be_hidden()
        tab.fill(number_of(tab, company.agent), "3")
        tab.keyboard.press("Tab")
        expect(tab.locator(share_of(tab, company.agent))).to_have_text("75 %")
        expect(tab.locator(share_of(tab, company.colleague))).to_have_text("25 %")
        # The second number goes through as well: what was seen came along with the first answer.
        tab.fill(number_of(tab, company.agent), "1")
        tab.fill(number_of(tab, company.owner), "2")
        tab.keyboard.press("Tab")
        expect(tab.locator(share_of(tab, company.owner))).to_have_text("50 %")
        expect(tab.locator(share_of(tab, company.agent))).to_have_text("25 %")
        expect(tab.locator("#turns li").first).to_be_visible()
    with company.inside():
        [view] = pool_views([pool.id])
    assert dict(view.members) == {company.agent.id: 1, company.colleague.id: 1, company.owner.id: 2}


def test_an_answer_that_comes_late_does_not_bring_old_shares_back(windows: Windows, company: Company) -> None:
    make_pool(company, {company.agent: 3, company.colleague: 1})
    late: list[tuple[Route, APIResponse]] = []
    with windows.open(company.owner) as window:
        tab = window.new_page()
        tab.goto("/allocations")
        tab.route(f"**/allocations/{company.agent.id}", lambda route: late.append((route, route.fetch())))
        tab.fill(number_of(tab, company.agent), "1")
        tab.fill(number_of(tab, company.owner), "2")
        tab.keyboard.press("Tab")
        # Long enough for the second number's answer, had it been sent beside the first.
        tab.wait_for_timeout(700)
        [(route, answer)] = late
        route.fulfill(response=answer)
        expect(tab.locator(share_of(tab, company.owner))).to_have_text("50 %")
        expect(tab.locator(share_of(tab, company.agent))).to_have_text("25 %")


def test_somebody_elses_change_is_told_beside_the_number(windows: Windows, company: Company) -> None:
    make_pool(company, {company.agent: 1, company.colleague: 1})
    with windows.open(company.owner, width=360) as mine, windows.open(company.owner) as theirs:
        first, second = mine.new_page(), theirs.new_page()
        first.goto("/allocations")
        second.goto("/allocations")
        second.fill(number_of(second, company.agent), "5")
        second.keyboard.press("Tab")
        expect(second.locator(share_of(second, company.agent))).to_have_text("83 %")
        first.fill(number_of(first, company.agent), "7")
        first.keyboard.press("Tab")
        told = first.locator(f"#note-{company.agent.id.hex} .error")
        expect(told).to_contain_text("Somebody set this to 5 meanwhile, so your 7 was not saved")
        expect(first.locator(number_of(first, company.agent))).to_have_value("5")
        first.fill(number_of(first, company.agent), "7")
        first.keyboard.press("Tab")
        expect(first.locator(share_of(first, company.agent))).to_have_text("88 %")
