"""The frame of every page: the bar where the thumb is or at the side, and light or dark."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page as Tab
from playwright.sync_api import expect

from tests.browser.conftest import Windows
from tests.cast import Company

BACKGROUND = "getComputedStyle(document.documentElement).backgroundColor"

LOWEST = """() => Math.max(...[...document.querySelectorAll("main *")].filter(e => e.checkVisibility())
  .map(e => e.getBoundingClientRect().bottom))"""


@pytest.mark.parametrize("scripts", [True, False])
def test_the_look_that_was_chosen_stays(windows: Windows, company: Company, scripts: bool) -> None:
    with windows.open(company.agent, width=360, scripts=scripts) as window:
        tab = window.new_page()
        tab.goto("/me")
        assert look(tab) is None
        press_look(tab, "Dark")
        assert look(tab) == "dark"
        tab.reload()
        assert look(tab) == "dark"
        tab.goto("/leads")
        assert look(tab) == "dark"
        press_look(tab, "Light")
        assert (look(tab), tab.url.partition("?")[0].endswith("/leads")) == ("light", True)
        press_look(tab, "System")
        assert look(tab) is None


@pytest.mark.parametrize(("scheme", "other"), [("light", "Dark"), ("dark", "Light")])
def test_it_overrules_the_system(windows: Windows, company: Company, scheme: str, other: str) -> None:
    with windows.open(company.agent, scheme=scheme) as window:
        tab = window.new_page()
        tab.goto("/me")
        before = tab.evaluate(BACKGROUND)
        press_look(tab, other)
        assert tab.evaluate(BACKGROUND) != before
        tab.emulate_media(color_scheme=other.lower())  # type: ignore[arg-type]
        chosen = tab.evaluate(BACKGROUND)
        press_look(tab, "System")
        # What the system would give is what was chosen.
        assert tab.evaluate(BACKGROUND) == chosen


def look(tab: Tab) -> str | None:
    return tab.locator("html").get_attribute("data-look")


def press_look(tab: Tab, name: str) -> None:
    tab.locator("details.menu > summary").click()
    with tab.expect_navigation():
        tab.locator(".looks").get_by_role("button", name=name).click()


def test_on_a_phone_the_bar_is_at_the_bottom_and_stays_there(windows: Windows, company: Company) -> None:
    with windows.open(company.owner, width=360) as window:
        tab = window.new_page()
        tab.goto("/settings/company")
        for _ in range(2):
            box = tab.locator(".nav").bounding_box()
            assert box is not None
            assert (round(box["x"]), round(box["width"]), round(box["y"] + box["height"])) == (0, 360, 800)
            tab.evaluate("window.scrollTo(0, document.body.scrollHeight)")
        places = [each for each in tab.locator(".nav a").all() if each.is_visible()]
        assert [each.inner_text().split("\n")[0].strip() for each in places][:4] == [
            "Offers",
            "Dashboard",
            "Leads",
            "Me",
        ]
        for place in places:
            target = place.bounding_box()
            assert target is not None
            assert min(target["height"], target["width"]) >= 44
        # Nothing of the page stays hidden behind it.
        assert tab.evaluate(LOWEST) <= 800 - box["height"]


def test_on_a_desk_it_is_at_the_side(windows: Windows, company: Company) -> None:
    with windows.open(company.owner) as window:
        tab = window.new_page()
        tab.goto("/people")
        bar, page = tab.locator(".nav").bounding_box(), tab.locator("main").bounding_box()
        assert bar is not None
        assert page is not None
        assert bar["x"] + bar["width"] <= page["x"]
        expect(tab.locator(".nav a[aria-current]")).to_have_text("People")
        expect(tab.locator(".nav a", has_text="Pools")).to_be_visible()


def test_every_line_of_the_settings_is_as_wide_as_its_card(windows: Windows, company: Company) -> None:
    with windows.open(company.owner) as window:
        tab = window.new_page()
        tab.goto("/settings")
        widths = tab.locator(".card ul").first.locator("li").evaluate_all("all => all.map(e => e.offsetWidth)")
    assert len(widths) > 1
    assert len(set(widths)) == 1
