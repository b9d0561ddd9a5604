"""Getting about without a mouse, and without JavaScript."""

from __future__ import annotations

from urllib.parse import urlsplit

from flask_security.utils import hash_password
from playwright.sync_api import Page as Tab

from portal.extensions import db
from portal.models import Account
from tests.browser.conftest import Windows
from tests.browser.scene import Scene
from tests.cast import Person

PASSWORD = "seven purple kettles"
FOCUSED = "document.activeElement.innerText || document.activeElement.name || document.activeElement.tagName"


def with_password(person: Person) -> Person:
    with person.app.app_context():
        db.session.get_one(Account, person.account_id).password = hash_password(PASSWORD)
        db.session.commit()
    return person


def tab_to(tab: Tab, words: str, at_most: int = 40) -> None:
    """Press Tab until what has the focus says this."""
    for _ in range(at_most):
        tab.keyboard.press("Tab")
        if words in tab.evaluate(FOCUSED):
            return
    raise AssertionError(f"“{words}” is not reached by Tab on {tab.url}; the focus is on “{tab.evaluate(FOCUSED)}”")


def test_sign_in_and_pause_by_keyboard_without_scripts(windows: Windows, scene: Scene) -> None:
    agent = with_password(scene.company.agent)
    with windows.open(width=360, scripts=False) as window:
        tab = window.new_page()
        tab.goto("/login?next=/me")
        tab_to(tab, "email")
        tab.keyboard.type(agent.email)
        tab_to(tab, "password")
        tab.keyboard.type(PASSWORD)
        tab.keyboard.press("Enter")
        tab.wait_for_url(lambda url: urlsplit(url).path == "/me")
        tab_to(tab, "Pause new leads")
        tab.keyboard.press("Enter")
        # Both buttons are there before and after: only what was said tells that the answer is.
        tab.locator("#said").get_by_text("You are paused").wait_for()
        tab_to(tab, "Menu of")
        tab.keyboard.press("Enter")
        tab_to(tab, "Sign out", at_most=6)
        tab.keyboard.press("Enter")
        tab.wait_for_url("**/login")


def test_the_first_stop_skips_to_the_content(windows: Windows, scene: Scene) -> None:
    with windows.open(scene.company.owner) as window:
        tab = window.new_page()
        tab.goto("/people")
        tab.keyboard.press("Tab")
        assert tab.evaluate(FOCUSED) == "Skip to the content"
        tab.keyboard.press("Enter")
        assert tab.evaluate("document.activeElement.id") == "content"


def test_the_focus_is_always_visible(windows: Windows, scene: Scene) -> None:
    hidden = """() => { const e = document.activeElement, s = getComputedStyle(e);
        return e !== document.body && s.outlineStyle === "none" && s.boxShadow === "none" ? e.outerHTML : "" }"""
    with windows.open(scene.company.owner, width=360) as window:
        tab = window.new_page()
        for path in ("/people/new", "/pools/new", "/settings/company"):
            tab.goto(path)
            for _ in range(30):
                tab.keyboard.press("Tab")
                assert tab.evaluate(hidden) == ""


def test_the_menu_opens_without_scripts(windows: Windows, scene: Scene) -> None:
    with windows.open(scene.company.owner, scripts=False) as window:
        tab = window.new_page()
        tab.goto("/people")
        tab.locator("summary").first.click()
        tab.get_by_role("button", name="Sign out").click()
        tab.wait_for_url("**/login")
