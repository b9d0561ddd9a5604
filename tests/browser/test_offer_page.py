"""The offer page in a real browser: every state is accessible, follows what happens elsewhere, and bears a bad line."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Page as Tab
from playwright.sync_api import Route, expect
from sqlalchemy import text

from portal.blueprints.offers import views
from portal.extensions import db
from portal.operations import offers
from portal.queries.offers import Standing
from tests.browser.conftest import Windows
from tests.browser.test_by_keyboard import FOCUSED, tab_to
from tests.browser.test_every_page import LOOKS, TOO_LOW, note, violations
from tests.cast import Company
from tests.factories import make_lead, make_offer, make_pool
from tests.offer_states import ROOF, link_to, make_states

OPEN, YOURS, OVER = "A lead for you", "This lead is yours", "The time for this lead is over"
ANOTHER_STATE_SHOWS_ITSELF = 10_000

# Whether the last thing on the page ends above the bar once it is scrolled to its end.
LAST_IS_FREE = """() => {
    scrollTo(0, document.documentElement.scrollHeight);
    const bar = document.querySelector(".bar"), last = bar.previousElementSibling;
    const shown = [...document.querySelectorAll("main > :not(.bar)")].filter(e => e.checkVisibility()).at(-1);
    return shown.getBoundingClientRect().bottom <= bar.getBoundingClientRect().top + 1;
}"""


@pytest.fixture
def look_often(monkeypatch: pytest.MonkeyPatch) -> None:
    """Pages ask again after a second, so that nobody waits for a quarter of a minute."""
    for standing in Standing:
        monkeypatch.setitem(views.LOOK_AGAIN_AFTER, standing, 1)


@pytest.fixture
def offer(company: Company) -> Any:
    """An offer with ten minutes to go."""
    pool = make_pool(company, [company.agent, company.colleague])
    return make_offer(company, make_lead(company, **ROOF), company.agent, pool, seconds=600)


def heading(tab: Tab) -> Any:
    return expect(tab.get_by_role("heading", level=1))


def state_of(company: Company, offer: Any) -> str:
    with company.inside():
        return str(db.session.execute(text("SELECT state FROM offers WHERE id = :id"), {"id": offer.id}).scalar())


def change(company: Company, statement: str, **values: Any) -> None:
    with company.inside():
        db.session.execute(text(statement), values)
        db.session.commit()


# How it looks


@pytest.mark.parametrize(("width", "scheme"), LOOKS)
def test_every_state_passes(windows: Windows, company: Company, width: int, scheme: str) -> None:
    faults: dict[str, list[str]] = {}
    with windows.open(width=width, scheme=scheme) as window:
        for name, link in make_states(company).items():
            tab = window.new_page()
            complaints: list[str] = []
            tab.on("console", lambda said, to=complaints: note(said, to))  # type: ignore[misc]
            tab.goto(link)
            for summary in tab.locator("summary").all():
                summary.click()
            found = [*faults_of(tab, width), *complaints]
            if found:
                faults[name] = found
            tab.close()
    assert faults == {}


@pytest.mark.parametrize(("width", "scheme"), LOOKS)
def test_the_page_without_a_connection_passes(windows: Windows, company: Company, width: int, scheme: str) -> None:
    with windows.open(width=width, scheme=scheme) as window:
        tab = window.new_page()
        tab.goto(make_states(company)["one-of-three"])
        window.set_offline(True)
        tab.get_by_role("button", name="Accept").click()
        expect(tab.get_by_role("alert")).to_contain_text("Not sent")
        assert faults_of(tab, width) == []


def faults_of(tab: Tab, width: int) -> list[str]:
    found = violations(tab)
    if tab.evaluate("document.documentElement.scrollWidth") > width:
        found.append("wider than the screen")
    if width < 400:
        found += [f"lower than a thumb: {what}" for what in tab.evaluate(TOO_LOW)]
    return found


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("look", ["light", "dark", "neon", None])
def test_the_look_chosen_in_the_portal_counts_before_the_systems(
    windows: Windows, company: Company, offer: Any, scheme: str, look: str | None
) -> None:
    with windows.open(scheme=scheme) as window:
        if look:
            window.add_cookies([{"name": "look", "value": look, "url": windows.address}])
        tab = window.new_page()
        tab.goto(link_to(company, offer))
        paper = tab.evaluate("getComputedStyle(document.documentElement).backgroundColor")
        assert paper == {"light": "rgb(244, 246, 245)", "dark": "rgb(15, 20, 21)"}[look if look in LOOK else scheme]


LOOK = ("light", "dark")


@pytest.mark.parametrize("size", [(360, 800), (320, 568), (360, 440), (640, 320), (320, 220), (1280, 800), (1280, 420)])
@pytest.mark.parametrize("state", ["one-of-three", "missed"])
def test_the_bar_never_covers_the_end_of_the_page(
    windows: Windows, company: Company, size: tuple[int, int], state: str
) -> None:
    with windows.open(width=size[0]) as window:
        tab = window.new_page()
        tab.set_viewport_size({"width": size[0], "height": size[1]})
        tab.goto(make_states(company)[state])
        for summary in tab.locator("summary").all():
            summary.click()
        assert tab.evaluate(LAST_IS_FREE)
        assert tab.evaluate("document.documentElement.scrollWidth") <= size[0]
        bar = tab.evaluate("document.querySelector('.bar').getBoundingClientRect().height")
        assert bar < size[1] / 2 or size[1] < 256, "the bar leaves less than half of the screen"


@pytest.mark.parametrize("size", [(360, 800), (640, 360), (1280, 800)])
def test_accept_comes_first_and_is_the_larger(
    windows: Windows, company: Company, offer: Any, size: tuple[int, int]
) -> None:
    with windows.open(width=size[0]) as window:
        tab = window.new_page()
        tab.set_viewport_size({"width": size[0], "height": size[1]})
        tab.goto(link_to(company, offer))
        accept, decline = (tab.get_by_role("button", name=name).bounding_box() for name in ("Accept", "Decline"))
        assert accept
        assert decline
        assert accept["height"] >= 56
        assert 44 <= decline["height"] <= accept["height"]
        assert decline["width"] < accept["width"]
        assert (accept["y"], accept["x"]) < (decline["y"], decline["x"])
        assert decline["y"] + decline["height"] <= size[1], "both are in reach without scrolling"
        if size[0] == 360:
            assert accept["width"] == 360 - 2 * 16


def test_text_twice_as_large_fits(windows: Windows, company: Company) -> None:
    too_wide = []
    with windows.open(width=360) as window:
        for name, link in make_states(company).items():
            tab = window.new_page()
            tab.goto(link)
            tab.evaluate("document.documentElement.style.fontSize = '200%'")
            if tab.evaluate("document.documentElement.scrollWidth") > 360:
                too_wide.append(name)
            if tab.locator(".bar").count():
                assert tab.evaluate(LAST_IS_FREE)
            if tab.get_by_role("timer").count():
                lines = "e => e.getBoundingClientRect().height / parseFloat(getComputedStyle(e).lineHeight)"
                assert tab.get_by_role("timer").evaluate(lines) < 2.5, "the time left is broken into pieces"
            tab.close()
    assert too_wide == []


def test_forced_colours_keep_the_ring_and_the_buttons(windows: Windows, company: Company, offer: Any) -> None:
    window = windows.chromium.new_context(base_url=windows.address, forced_colors="active")
    with window:
        tab = window.new_page()
        tab.goto(link_to(company, offer))
        track, rest = (
            tab.evaluate(f"getComputedStyle(document.querySelector('{part}')).stroke") for part in (".track", ".rest")
        )
        assert track != rest
        for name in ("Accept", "Decline"):
            button = tab.get_by_role("button", name=name)
            assert button.evaluate("e => getComputedStyle(e).borderTopWidth") == "1px"


# By keyboard


def test_the_whole_offer_by_keyboard(windows: Windows, company: Company, offer: Any) -> None:
    with windows.open(width=360) as window:
        tab = window.new_page()
        tab.goto(link_to(company, offer))
        tab_to(tab, "Accept")
        tab.keyboard.press("Tab")
        assert tab.evaluate(FOCUSED) == "Decline"
        tab.keyboard.press("Shift+Tab")
        tab.keyboard.press("Enter")
        heading(tab).to_have_text(YOURS)
        assert tab.evaluate(FOCUSED) == YOURS
        tab.keyboard.press("Tab")
        assert tab.evaluate(FOCUSED) == "Call"


def test_declining_with_a_reason_by_keyboard(windows: Windows, company: Company, offer: Any) -> None:
    with windows.open(width=360) as window:
        tab = window.new_page()
        tab.goto(link_to(company, offer))
        tab_to(tab, "Declining?")
        tab.keyboard.press("Enter")
        tab_to(tab, "reason")
        tab.keyboard.type("No time")
        tab_to(tab, "Decline")
        tab.keyboard.press("Enter")
        heading(tab).to_have_text("You declined this lead")
    with company.inside():
        assert db.session.execute(text("SELECT reason FROM offers")).scalar() == "No time"


@pytest.mark.parametrize("height", [800, 440])
def test_what_has_the_focus_is_never_under_the_bar(windows: Windows, company: Company, height: int) -> None:
    covered = """() => {
        const focused = document.activeElement, bar = document.querySelector(".bar");
        return !bar.contains(focused) && focused !== document.body
            && focused.getBoundingClientRect().bottom > bar.getBoundingClientRect().top + 1;
    }"""
    with windows.open(width=360) as window:
        tab = window.new_page()
        tab.set_viewport_size({"width": 360, "height": height})
        tab.goto(make_states(company)["one-of-three"])
        for key in ["Tab"] * 7 + ["Shift+Tab"] * 7:
            tab.keyboard.press(key)
            assert not tab.evaluate(covered), tab.evaluate(FOCUSED)


# What happens elsewhere


def test_a_browser_that_only_looks_decides_nothing(
    windows: Windows, company: Company, offer: Any, look_often: None
) -> None:
    with windows.open(width=360) as window:
        tab = window.new_page()
        tab.goto(link_to(company, offer))
        tab.wait_for_timeout(10_000)
        heading(tab).to_have_text(OPEN)
    assert state_of(company, offer) == "open"
    with company.inside():
        assert db.session.execute(text("SELECT seen_at IS NOT NULL FROM offers")).scalar()


@pytest.mark.usefixtures("look_often")
@pytest.mark.parametrize(
    ("happens", "shown"),
    [
        (lambda company, offer: take_elsewhere(company, offer), "This lead is taken"),
        (
            lambda company, offer: recall(company, offer),
            "This lead is no longer on offer",
        ),
        (lambda company, offer: accept_elsewhere(company, offer), YOURS),
    ],
    ids=["taken", "recalled", "accepted on another device"],
)
def test_what_happens_elsewhere_shows_itself(
    windows: Windows, company: Company, offer: Any, happens: Callable[[Company, Any], None], shown: str
) -> None:
    with windows.open(width=360) as window:
        tab = window.new_page()
        tab.goto(link_to(company, offer))
        heading(tab).to_have_text(OPEN)
        happens(company, offer)
        heading(tab).to_have_text(shown, timeout=ANOTHER_STATE_SHOWS_ITSELF)
        assert shown in tab.title()
        assert tab.evaluate(FOCUSED) == shown


def take_elsewhere(company: Company, offer: Any) -> None:
    from portal.operations.assignment import assign

    with company.inside():
        assign(offer.lead_id, company.colleague.id, by=company.owner.user())


def recall(company: Company, offer: Any) -> None:
    with company.inside():
        offers.recall(offer.id, by=company.owner.user())


def accept_elsewhere(company: Company, offer: Any) -> None:
    with company.inside():
        offers.accept(offer.id, by=company.agent.user())


@pytest.mark.usefixtures("look_often")
def test_my_turn_in_line_shows_itself(windows: Windows, company: Company) -> None:
    pool = make_pool(company, [company.agent, company.colleague])
    lead = make_lead(company, **ROOF)
    held = make_offer(company, lead, company.colleague, pool)
    waiting = {"state": "waiting", "kind": "second_chance", "expires_at": None}
    mine = make_offer(company, lead, company.agent, pool, **waiting)
    with windows.open(width=360) as window:
        tab = window.new_page()
        tab.goto(link_to(company, mine))
        heading(tab).to_have_text("You are in line for this lead")
        with company.inside():
            offers.decline(held.id, by=company.colleague.user())
        heading(tab).to_have_text(OPEN, timeout=ANOTHER_STATE_SHOWS_ITSELF)
        expect(tab.get_by_role("timer")).to_contain_text("left")
        expect(tab.get_by_role("button", name="Accept")).to_be_visible()


@pytest.mark.usefixtures("look_often")
def test_another_lead_shows_itself_without_moving_what_is_being_done(
    windows: Windows, company: Company, offer: Any
) -> None:
    with windows.open(width=360) as window:
        tab = window.new_page()
        tab.goto(link_to(company, offer))
        tab.locator("summary").click()
        tab.get_by_label("Reason").select_option("No time")
        another = make_lead(company, lead_type="Windows", location={"city": "York"})
        with company.inside():
            pool = db.session.execute(text("SELECT id FROM pools")).one()
        make_offer(company, another, company.agent, pool, seconds=60)
        more = tab.get_by_role("link", name="1 more lead waits for you, and it ends sooner")
        more.wait_for(timeout=ANOTHER_STATE_SHOWS_ITSELF)
        expect(tab.get_by_label("Reason")).to_have_value("No time")
        tab.get_by_role("link", name="Windows in York").click()
        expect(tab.locator(".chips")).to_contain_text("York")
        expect(tab.get_by_role("link", name="Roofing in Leeds")).to_be_visible()


# A bad line


def test_nothing_is_queued_and_a_press_by_hand_sends_it(windows: Windows, company: Company, offer: Any) -> None:
    with windows.open(width=360) as window:
        tab = window.new_page()
        tab.goto(link_to(company, offer))
        window.set_offline(True)
        tab.get_by_role("button", name="Accept").click()
        expect(tab.get_by_role("alert")).to_contain_text("Not sent; accepting needs a connection")
        window.set_offline(False)
        tab.wait_for_timeout(4_000)
        heading(tab).to_have_text(OPEN)
        assert state_of(company, offer) == "open"
        tab.get_by_role("button", name="Try again to accept").click()
        heading(tab).to_have_text(YOURS)


def test_declining_without_a_connection_says_so_at_its_own_button(
    windows: Windows, company: Company, offer: Any
) -> None:
    with windows.open(width=360) as window:
        tab = window.new_page()
        tab.goto(link_to(company, offer))
        window.set_offline(True)
        tab.get_by_role("button", name="Decline").click()
        expect(tab.get_by_role("alert")).to_contain_text("Not sent; declining needs a connection")
        expect(tab.get_by_role("button", name="Accept", exact=True)).to_be_visible()
        window.set_offline(False)
        tab.get_by_role("button", name="Try again to decline").click()
        heading(tab).to_have_text("You declined this lead")


@pytest.mark.parametrize("trouble", ["no answer", "a proxy's error page"])
def test_a_press_that_got_no_answer_says_only_what_is_known(
    windows: Windows, company: Company, offer: Any, trouble: str
) -> None:
    def fail(route: Route) -> None:
        if trouble == "no answer":
            route.abort()
        else:
            route.fulfill(status=502, content_type="text/html", body="<h1>Bad gateway</h1>")

    with windows.open(width=360) as window:
        tab = window.new_page()
        tab.goto(link_to(company, offer))
        tab.route("**/accept", fail)
        tab.get_by_role("button", name="Accept").click()
        expect(tab.get_by_role("alert")).to_contain_text("No answer came back")
        tab.unroute("**/accept")
        tab.get_by_role("button", name="Try again to accept").click()
        heading(tab).to_have_text(YOURS)


def test_a_page_that_loses_its_line_says_so_and_finds_it_again(windows: Windows, company: Company, offer: Any) -> None:
    with windows.open(width=360) as window:
        tab = window.new_page()
        tab.goto(link_to(company, offer))
        lost = tab.get_by_text("No connection just now")
        window.set_offline(True)
        expect(lost).to_be_visible()
        window.set_offline(False)
        expect(lost).to_be_hidden()


def test_a_second_press_while_the_first_is_under_way_is_not_sent(
    windows: Windows, company: Company, offer: Any
) -> None:
    sent: list[str] = []

    def slow(route: Route) -> None:
        sent.append(route.request.url)
        tab.wait_for_timeout(500)
        route.continue_()

    with windows.open(width=360) as window:
        tab = window.new_page()
        tab.goto(link_to(company, offer))
        tab.route("**/decline", slow)
        tab.route("**/accept", slow)
        tab.evaluate("""() => { const [accept, decline] = document.querySelectorAll(".bar button");
            accept.click(); decline.click(); accept.click(); }""")
        heading(tab).to_have_text(YOURS)
        assert len(sent) == 1


def test_a_press_that_came_too_late_shows_where_it_stands(windows: Windows, company: Company, offer: Any) -> None:
    with windows.open(width=360) as window:
        tab = window.new_page()
        tab.goto(link_to(company, offer))
        change(company, "UPDATE offers SET expires_at = clock_timestamp() - interval '1 second'")
        tab.get_by_role("button", name="Accept").click()
        heading(tab).to_have_text(OVER)
        expect(tab.get_by_role("status")).to_contain_text("That changed nothing")


def test_when_the_time_ends_without_a_connection_nothing_can_be_pressed_any_more(
    windows: Windows, company: Company, offer: Any
) -> None:
    change(company, "UPDATE offers SET expires_at = clock_timestamp() + interval '6 seconds'")
    with windows.open(width=360) as window:
        tab = window.new_page()
        tab.goto(link_to(company, offer))
        heading(tab).to_have_text(OPEN)
        window.set_offline(True)
        expect(tab.get_by_role("timer")).to_have_text("Time is up", timeout=15_000)
        expect(tab.get_by_role("button", name="Accept")).to_be_hidden()
        window.set_offline(False)
        heading(tab).to_have_text(OVER, timeout=ANOTHER_STATE_SHOWS_ITSELF)
