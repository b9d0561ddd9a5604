"""The offer page's countdown in a real browser: it ends by itself, follows the server's clock, and decides nothing."""

from __future__ import annotations

from playwright.sync_api import expect

from portal.tokens import offer_token
from tests.browser.conftest import Windows
from tests.cast import Company
from tests.factories import make_lead, make_offer, make_pool

OVER = "The time for this lead is over"


def link_to_offer(company: Company, seconds: float) -> str:
    offer = make_offer(company, make_lead(company), company.agent, make_pool(company, [company.agent]), seconds=seconds)
    with company.app.app_context():
        return f"/o/{offer_token(company.id, offer.id)}"


def test_at_zero_the_page_turns_into_the_missed_page(windows: Windows, company: Company) -> None:
    with windows.open(width=360) as window:
        tab = window.new_page()
        # A phone whose clock is a day ahead: only the server's clock may count.
        tab.add_init_script("const late = Date.now; Date.now = () => late() + 86_400_000")
        tab.goto(link_to_offer(company, seconds=6))
        expect(tab.get_by_role("timer")).to_contain_text("left")
        expect(tab.get_by_role("heading", level=1)).to_have_text("A lead for you")
        expect(tab.get_by_role("heading", level=1)).to_have_text(OVER, timeout=30_000)
        assert OVER in tab.title()
        expect(tab.get_by_role("button", name="Give me another chance")).to_be_visible()


def test_without_a_connection_nothing_is_sent_and_the_page_says_so(windows: Windows, company: Company) -> None:
    with windows.open(width=360) as window:
        tab = window.new_page()
        tab.goto(link_to_offer(company, seconds=600))
        window.set_offline(True)
        tab.get_by_role("button", name="Accept").click()
        expect(tab.get_by_role("alert")).to_contain_text("Not sent")
        window.set_offline(False)
        tab.get_by_role("button", name="Accept").click()
        expect(tab.get_by_role("heading", level=1)).to_have_text("This lead is yours")


def test_a_press_on_the_page_counts_without_scripts_too(windows: Windows, company: Company) -> None:
    with windows.open(width=360, scripts=False) as window:
        tab = window.new_page()
        tab.goto(link_to_offer(company, seconds=600))
        expect(tab.get_by_role("timer")).to_contain_text("min left")
        tab.get_by_role("button", name="Accept").click()
        expect(tab.get_by_role("heading", level=1)).to_have_text("This lead is yours")
