"""The countdown in a real browser: it ends by itself, follows the server's clock and no other, and is heard twice."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from playwright.sync_api import Page as Tab
from playwright.sync_api import Request, Route, expect
from sqlalchemy import text

from portal.extensions import db
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


def seconds_shown(tab: Tab) -> int:
    """What the countdown of the page says, in seconds."""
    words = tab.get_by_role("timer").inner_text().removesuffix(" left").removesuffix(" s")
    return sum(int(part) * 60**place for place, part in enumerate(reversed(words.split(":"))))


def ends_in(company: Company, seconds: float) -> None:
    """Let the only offer end in so many seconds by the database's clock."""
    with company.inside():
        statement = "UPDATE offers SET expires_at = clock_timestamp() + make_interval(secs => :seconds)"
        db.session.execute(text(statement), {"seconds": seconds})
        db.session.commit()


@pytest.mark.parametrize("shown", ["visibilitychange", "online", "countdown:unsure"])
def test_a_page_that_slept_asks_the_server_when_it_wakes(windows: Windows, company: Company, shown: str) -> None:
    with windows.open(width=360) as window:
        tab = window.new_page()
        tab.goto(link_to_offer(company, seconds=600))
        # While a machine sleeps its monotonic clock may stand still; here the end comes nearer instead.
        ends_in(company, 200)
        target = "window" if shown == "online" else "document"
        tab.evaluate(f"{target}.dispatchEvent(new Event('{shown}'))")
        expect(tab.get_by_role("timer")).to_contain_text("3:1", timeout=10_000)
        assert 185 < seconds_shown(tab) <= 200


def test_a_machine_whose_clocks_disagree_has_slept_and_asks_the_server(windows: Windows, company: Company) -> None:
    with windows.open(width=360) as window:
        tab = window.new_page()
        tab.goto(link_to_offer(company, seconds=600))
        expect(tab.get_by_role("timer")).to_contain_text("9:5")
        ends_in(company, 200)
        tab.evaluate("const late = Date.now; Date.now = () => late() + 60_000")
        expect(tab.get_by_role("timer")).to_contain_text("3:1", timeout=10_000)


def test_a_slow_line_promises_nobody_too_much(windows: Windows, company: Company) -> None:
    def slow(route: Route) -> None:
        tab.wait_for_timeout(1_500)
        answer = route.fetch()
        tab.wait_for_timeout(1_500)
        route.fulfill(response=answer)

    with windows.open(width=360) as window:
        tab = window.new_page()
        link = link_to_offer(company, seconds=600)
        tab.goto(link)
        tab.route(f"**{link}", slow)
        ends_in(company, 300)
        with tab.expect_response(f"**{link}"):
            tab.evaluate("dispatchEvent(new Event('online'))")
        expect(tab.get_by_role("timer")).to_contain_text("4:", timeout=10_000)
        with company.inside():
            left = db.session.execute(text("SELECT extract(epoch FROM expires_at - clock_timestamp()) FROM offers"))
            assert abs(seconds_shown(tab) - float(left.scalar_one())) < 1.5


@pytest.mark.parametrize(("seconds", "heard"), [(65, "60 seconds left to answer"), (20, "15 seconds left to answer")])
def test_the_time_left_is_heard_at_a_minute_and_at_a_quarter(
    windows: Windows, company: Company, seconds: float, heard: str
) -> None:
    with windows.open(width=360) as window:
        tab = window.new_page()
        tab.goto(link_to_offer(company, seconds=seconds))
        tab.evaluate("""() => {
            window.heard = [];
            const spoken = document.querySelector("[data-spoken]");
            window.heard.push(spoken.textContent);
            new MutationObserver(() => window.heard.push(spoken.textContent)).observe(spoken, { childList: true });
        }""")
        expect(tab.locator("[data-spoken]")).to_have_text(heard, timeout=15_000)
        tab.wait_for_timeout(2_000)
        assert tab.evaluate("window.heard") == ["", heard], "nothing but the mark is said"
        assert tab.locator("[data-spoken]").get_attribute("role") == "status"
        assert tab.locator("[data-left][aria-live]").count() == 0


@pytest.mark.parametrize("motion", ["reduce", "no-preference"])
def test_the_ring_moves_in_steps_for_people_who_want_no_motion(windows: Windows, company: Company, motion: Any) -> None:
    link = link_to_offer(company, seconds=287)
    with windows.chromium.new_context(base_url=windows.address, reduced_motion=motion) as window:
        tab = window.new_page()
        tab.goto(link)
        expect(tab.get_by_role("timer")).to_contain_text("4:4")
        ring = tab.locator(".rest")
        share = float((ring.get_attribute("stroke-dasharray") or "").split()[0])
        transition = ring.evaluate("e => getComputedStyle(e).transitionDuration")
        assert (share % 5 == 0) == (motion == "reduce")
        assert (transition == "0s") == (motion == "reduce")


def test_the_last_seconds_are_told_by_more_than_colour(windows: Windows, company: Company) -> None:
    with windows.open(width=360) as window:
        tab = window.new_page()
        tab.goto(link_to_offer(company, seconds=600))
        width = "e => getComputedStyle(e).strokeWidth"
        calm = tab.locator(".rest").evaluate(width)
        ends_in(company, 14)
        tab.evaluate("dispatchEvent(new Event('online'))")
        tab.locator(".countdown.soon").wait_for()
        assert tab.locator(".rest").evaluate(width) != calm
        expect(tab.get_by_role("timer")).to_contain_text(" s left")


# Any element


def open_elsewhere(windows: Windows, tab: Tab, body: str) -> None:
    """A page that is not the offer page and uses the same module."""
    page = f'<!doctype html><title>Elsewhere</title>{body}<script type="module" src="/static/countdown.js"></script>'
    tab.route("**/elsewhere", lambda route: route.fulfill(body=page, content_type="text/html; charset=utf-8"))
    tab.goto("/elsewhere")


def row(name: str, seconds: float) -> str:
    now = datetime.now(UTC)
    end = now + timedelta(seconds=seconds)
    return (
        f'<p id="{name}" data-countdown data-now="{now.isoformat()}" data-end="{end.isoformat()}" data-window="300">'
        "<b data-left>some time left</b></p>"
    )


def test_a_row_without_a_ring_counts_down_too(windows: Windows) -> None:
    with windows.open() as window:
        tab = window.new_page()
        open_elsewhere(windows, tab, row("here", 4000))
        expect(tab.locator("#here")).to_contain_text("1:06:")


def test_rows_that_come_later_count_down_and_tell_their_end(windows: Windows) -> None:
    with windows.open() as window:
        tab = window.new_page()
        open_elsewhere(windows, tab, "<main></main>")
        tab.evaluate("""() => {
            window.ended = [];
            document.addEventListener("countdown:end", (event) => window.ended.push(event.target.id));
        }""")
        tab.evaluate(
            "rows => { document.querySelector('main').innerHTML = rows }", row("long", 200) + row("short", 1.5)
        )
        expect(tab.locator("#long")).to_contain_text("3:1")
        expect(tab.locator("#short")).to_have_text("Time is up", timeout=10_000)
        assert tab.evaluate("window.ended") == ["short"]
        expect(tab.locator("#long")).not_to_have_class("soon")


def test_an_end_that_is_moved_counts_from_then_on(windows: Windows) -> None:
    with windows.open() as window:
        tab = window.new_page()
        open_elsewhere(windows, tab, row("here", 1))
        expect(tab.locator("#here")).to_have_text("Time is up", timeout=10_000)
        now = datetime.now(UTC)
        tab.evaluate(
            "([now, end]) => Object.assign(document.querySelector('#here').dataset, { now, end })",
            [now.isoformat(), (now + timedelta(seconds=90)).isoformat()],
        )
        expect(tab.locator("#here")).to_contain_text("1:2")


def test_an_element_without_sense_is_left_alone(windows: Windows) -> None:
    complaints: list[str] = []
    with windows.open() as window:
        tab = window.new_page()
        tab.on("pageerror", lambda error: complaints.append(str(error)))
        open_elsewhere(windows, tab, '<p data-countdown data-end="soon">3 min left</p>' + row("here", 90))
        expect(tab.locator("#here")).to_contain_text("1:2")
        expect(tab.locator("p").first).to_have_text("3 min left")
    assert complaints == []


def test_an_open_page_asks_again_by_itself_and_rests_while_nobody_looks(windows: Windows, company: Company) -> None:
    asked: list[str] = []

    def note(request: Request) -> None:
        if request.resource_type == "fetch":
            asked.append(request.url)

    def wait(seconds: int) -> None:
        # The page's own clock runs ahead; answers take real time.
        tab.clock.run_for(seconds * 1000)
        tab.wait_for_load_state("networkidle")

    with windows.open(width=360) as window:
        tab = window.new_page()
        tab.clock.install()
        tab.on("request", note)
        tab.goto(link_to_offer(company, seconds=600))
        wait(14)
        assert len(asked) == 0
        wait(2)
        assert len(asked) == 1
        tab.evaluate("Object.defineProperty(document, 'visibilityState', { value: 'hidden', writable: true })")
        wait(120)
        assert len(asked) == 1
        tab.evaluate("document.visibilityState = 'visible'; document.dispatchEvent(new Event('visibilitychange'))")
        wait(1)
        assert len(asked) == 2
