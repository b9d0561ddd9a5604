"""From nothing to a set-up that was tried before it counted: pools, a rule, a preview, a draft, a replay, and the way
back; at a desk and on a phone."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page as Tab
from playwright.sync_api import expect

from portal.operations import replays
from portal.queries.replays import last_replays
from tests.browser.conftest import Windows
from tests.cast import Company
from tests.operations.acts import arrive


def press(tab: Tab, name: str, role: str = "button") -> None:
    with tab.expect_navigation():
        tab.get_by_role(role, name=name, exact=True).first.click()  # type: ignore[arg-type]


def make_pool(tab: Tab, name: str, weights: dict[str, str], *, takes_new_leads: bool = False) -> None:
    tab.goto("/pools/new")
    tab.get_by_label("Name", exact=True).fill(name)
    tab.get_by_label("Assign: it is theirs at once").check()
    tab.get_by_label("Hand out new leads with this pool").set_checked(takes_new_leads)
    for person, weight in weights.items():
        tab.get_by_label(f"Weight of {person}").fill(weight)
    with tab.expect_navigation():
        tab.locator("main form button.main").first.click()


def replay_played(company: Company) -> None:
    """The worker's part: none runs beside this test."""
    with company.inside():
        [asked] = last_replays(1)
        claim = replays.claim_replay(company.id, asked.id)
        assert claim is not None
        replays.play(claim)


@pytest.mark.parametrize("width", [1280, 360])
def test_a_set_up_is_made_tried_published_and_taken_back(windows: Windows, company: Company, width: int) -> None:
    ana, ben = company.agent.name, company.colleague.name
    with windows.open(company.owner, width=width) as window:
        tab = window.new_page()
        make_pool(tab, "Everybody", {ana: "1"}, takes_new_leads=True)
        make_pool(tab, "Roofs", {ben: "1"})
        tab.goto("/settings/rules/new")
        tab.get_by_label("Name", exact=True).fill("Roofs")
        tab.get_by_label("Lead type").first.fill("Roof")
        tab.get_by_label("Leads go to").select_option(label="Roofs")
        with tab.expect_navigation():
            tab.locator("main form button.main").first.click()

        tab.goto("/settings/preview")
        tab.locator("[name=lead_type]").fill("Roof")
        press(tab, "Show what would happen")
        expect(tab.get_by_role("status").filter(has_text="What would happen")).to_contain_text(
            f"It would be given to {ben} at once."
        )
        for _ in range(3):
            arrive(company, lead_type="Roof")

        tab.goto("/settings/draft")
        press(tab, "Begin a draft")
        tab.locator("#rules").get_by_role("link", name="Roofs", exact=True).first.click()
        tab.get_by_label("Leads go to").select_option("Everybody")
        tab.get_by_label("Lead type").first.fill("Roof\nWindow")
        press(tab, "Save in the draft")
        expect(tab.locator("main")).to_contain_text("rule “Roofs”, pool: Roofs → Everybody")
        expect(tab.locator("main")).to_contain_text("conditions: lead type is Roof → lead type is Roof or Window")
        press(tab, "Replay")
        replay_played(company)
        expect(tab.locator("#replay")).to_contain_text("3 leads.", timeout=10_000)
        rows = tab.locator("#replay tbody tr").all_inner_texts()
        assert {row.split()[0] for row in rows} == {ana.split()[0], ben.split()[0]}
        press(tab, "Publish")
        arrive(company, lead_type="Roof")

        tab.goto("/settings/versions")
        tab.get_by_role("link", name="Roll back to version").first.click()
        expect(tab.locator("main")).to_contain_text("rule “Roofs”, pool: Everybody → Roofs")
        with tab.expect_navigation():
            tab.locator("main form button.main, main form button.harm").first.click()
        tab.goto("/settings/rules")
        expect(tab.locator("main")).to_contain_text("A lead fits when lead type is Roof.")
        assert tab.evaluate("document.documentElement.scrollWidth <= innerWidth")
