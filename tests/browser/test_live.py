"""Open pages follow what happens: with a real web process, real streams and a real browser."""

from __future__ import annotations

import re
from typing import Any

import pytest
from playwright.sync_api import BrowserContext, expect
from playwright.sync_api import Page as Tab

from portal.extensions import db
from portal.models import Offer
from tests.browser.conftest import Windows
from tests.cast import Company, Person
from tests.factories import make_lead, make_pool
from tests.web import Web

QUICK = 1_500
"""Milliseconds within which an offer is on any open page (specification 3)."""
PATIENCE = 15_000

LEAD: dict[str, Any] = {
    "name": "Carla Customer",
    "phone": "+14155550188",
    "text": "How much is solar for us?",
    "lead_type": "Solar",
    "location": {"city": "Leeds", "address": "12 Sunset Road"},
    "price": {"min": 4000, "max": 9000, "currency": "GBP"},
}


@pytest.fixture
def leads_are_offered(company: Company) -> None:
    make_pool(company, [company.agent, company.colleague], delivery="offer", window_seconds=300)


def post_lead(company: Company, number: int = 0) -> Offer:
    """A lead comes in; the offer it made."""
    company.owner.api.post("/leads", LEAD | {"phone": f"+141555501{number:02d}"})
    with company.inside():
        offer = db.session.scalars(db.select(Offer).where(Offer.state == "open").order_by(Offer.id.desc())).first()
        assert offer is not None
        db.session.expunge(offer)
        return offer


def listening(window: BrowserContext, path: str) -> Tab:
    """A page whose stream is open."""
    tab = window.new_page()
    with tab.expect_response(lambda answer: "/events?" in answer.url and answer.status == 200):
        tab.goto(path)
    return tab


def who_and_other(company: Company, offer: Offer) -> tuple[Person, Person]:
    both = (company.agent, company.colleague)
    return both if offer.user_id == company.agent.id else (both[1], both[0])


def card(tab: Tab) -> Any:
    return tab.locator("#offers-now .stack")


@pytest.mark.usefixtures("leads_are_offered")
def test_an_offer_pops_up_on_an_open_page_and_is_accepted_there(company: Company, live_windows: Windows) -> None:
    tabs = {person.id: listening(live_windows.open(person), "/me") for person in (company.agent, company.colleague)}
    offer = post_lead(company)
    who, other = who_and_other(company, offer)
    tab = tabs[who.id]
    expect(card(tab)).to_be_visible(timeout=QUICK)
    expect(card(tab)).to_contain_text("Solar in Leeds")
    expect(tab.locator("#offers-said")).to_contain_text("A lead for you: Solar in Leeds")
    expect(tab.locator("[data-offers-count]")).to_have_text("1")
    assert "Carla" not in tab.content()
    expect(tabs[other.id].locator("#offers-now")).to_be_hidden()
    tab.get_by_role("button", name="Accept").click()
    tab.wait_for_url(re.compile(f"/leads/{offer.lead_id}"))
    expect(tab.get_by_role("heading", level=1)).to_contain_text("Carla Customer")
    expect(tab.locator("#offers-now")).to_be_hidden()


@pytest.mark.usefixtures("leads_are_offered")
def test_declined_by_one_it_pops_up_at_the_next_and_vanishes_at_the_first(
    company: Company, live_windows: Windows
) -> None:
    offer = post_lead(company)
    who, other = who_and_other(company, offer)
    first, second, also_first = (
        listening(live_windows.open(person), path)
        for person, path in ((who, "/me"), (other, "/leads"), (who, "/leads"))
    )
    expect(card(also_first)).to_be_visible()
    first.get_by_role("button", name="Decline").click()
    expect(card(second)).to_be_visible(timeout=PATIENCE)
    expect(also_first.locator("#offers-now")).to_be_hidden(timeout=PATIENCE)
    expect(first.locator("main")).to_contain_text("Declined. It goes to the next one.")
    assert first.url.endswith("/me")


@pytest.mark.usefixtures("leads_are_offered")
def test_nothing_is_lost_when_the_web_process_dies(company: Company, live_windows: Windows, live_web: Web) -> None:
    tabs = {person.id: listening(live_windows.open(person), "/me") for person in (company.agent, company.colleague)}
    live_web.kill()
    offer = post_lead(company)
    live_web.start()
    who, _ = who_and_other(company, offer)
    expect(card(tabs[who.id])).to_be_visible(timeout=PATIENCE)


@pytest.mark.usefixtures("leads_are_offered")
def test_the_pop_up_takes_no_focus_and_covers_no_field(company: Company, live_windows: Windows) -> None:
    for width in (360, 1280):
        tabs = {}
        for person in (company.agent, company.colleague):
            tab = listening(live_windows.open(person, width=width), "/me")
            field = tab.get_by_label("New password")
            field.focus()
            field.evaluate("field => field.scrollIntoView({ block: 'end' })")
            tabs[person.id] = (tab, field)
        who, _ = who_and_other(company, post_lead(company, width % 100))
        tab, field = tabs[who.id]
        expect(tab.locator("#offers-now summary")).to_be_visible(timeout=PATIENCE)
        expect(field).to_be_focused()
        assert not tab.evaluate(OVERLAPS), f"covered at {width} px"
        tab.get_by_role("heading", level=1).click()
        expect(card(tab)).to_be_visible()


OVERLAPS = """() => {
  const [one, other] = [document.activeElement, document.querySelector("#offers-now")].map(
    (element) => element.getBoundingClientRect());
  return one.top < other.bottom && other.top < one.bottom && one.left < other.right && other.left < one.right;
}"""


@pytest.mark.usefixtures("leads_are_offered")
def test_put_aside_it_stays_a_pill_until_another_offer_comes(company: Company, live_windows: Windows) -> None:
    who, other = who_and_other(company, post_lead(company))
    tab = listening(live_windows.open(who, width=360), "/me")
    tab.locator("#offers-now summary").press("Enter")
    expect(card(tab)).to_be_hidden()
    tab.goto("/leads")
    expect(card(tab)).to_be_hidden()
    expect(tab.locator("#offers-now summary")).to_contain_text("left")
    # The next one is the other's turn, and the one after that theirs again.
    post_lead(company, 1)
    post_lead(company, 2)
    expect(card(tab)).to_be_visible(timeout=PATIENCE)
    expect(tab.locator("#offers-now summary")).to_contain_text("2 leads for you")
    assert other.id != who.id


@pytest.mark.usefixtures("leads_are_offered")
def test_a_reason_that_is_being_chosen_outlives_what_happens_meanwhile(company: Company, live_windows: Windows) -> None:
    who, _ = who_and_other(company, post_lead(company))
    tab = listening(live_windows.open(who), "/offers")
    reason = tab.get_by_label("If you decline")
    reason.select_option("No time")
    reason.focus()
    post_lead(company, 1)
    post_lead(company, 2)
    tab.wait_for_timeout(1_000)
    expect(reason).to_be_focused()
    reason.blur()
    expect(tab.get_by_role("button", name="Accept")).to_have_count(2, timeout=PATIENCE)
    assert "No time" in {each.input_value() for each in tab.get_by_label("If you decline").all()}


def test_a_page_whose_session_is_over_stays_as_it_is(company: Company, live_windows: Windows) -> None:
    make_lead(company, company.agent)
    tab = listening(live_windows.open(company.agent), "/me")
    tab.context.clear_cookies()
    tab.evaluate("document.dispatchEvent(new CustomEvent('countdown:unsure'))")
    tab.wait_for_timeout(500)
    # Nothing of the sign-in page is put into the part.
    expect(tab.locator("#offers-now")).to_be_hidden()
    assert tab.url.endswith("/me")
