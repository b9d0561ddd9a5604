"""Every page in a real browser: accessible by axe's rules, not wider than the screen, nothing refused by our policy."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from functools import partial
from typing import Any
from uuid import UUID

import pytest
from apiflask import APIFlask
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import ConsoleMessage, Route
from playwright.sync_api import Page as Tab

from tests.browser.conftest import Windows
from tests.browser.scene import Scene, Shown, forms_that_came_back
from tests.page import Browser, sign_in
from tests.pages_there_are import pages_left_out

AXE = Axe()
RULES = {
    "runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"],
    "resultTypes": ["violations"],
}
LOOKS = [(360, "light"), (360, "dark"), (1280, "light"), (1280, "dark")]
# What is pressed with a thumb must be as high as one; links within a sentence are exempt (WCAG 2.2, 2.5.8).
TOO_LOW = """() => [...document.querySelectorAll("button, .button, select, summary, .nav a, label.check, .tabs a, \
input:not([type=hidden], [type=checkbox], [type=radio])")]
  .filter(e => e.checkVisibility() && e.getBoundingClientRect().height < 43.5)
  .map(e => `${e.tagName} “${(e.innerText || e.name || "").trim().slice(0, 30)}”`)"""


# Of two looks only the colours differ, which the test makes sure of; these are the rules that look at colours.
COLOURS = RULES | {"runOnly": {"type": "rule", "values": ["color-contrast", "link-in-text-block"]}}
# 1,280 pixels at 200 and at 400 percent (WCAG 2.2, 1.4.4 and 1.4.10).
ZOOMED = (640, 320)
WHAT_IS_SEEN = """() => [...document.body.querySelectorAll("*")].filter(e => e.checkVisibility())
  .map(e => [e.tagName, ...Object.values(e.getBoundingClientRect().toJSON()).map(Math.round)].join(" "))"""


def opened(windows: Windows, pages: Sequence[Shown]) -> Iterator[tuple[Shown, Tab, list[str]]]:
    """Each page in turn on a phone, with what the console complains of. One tab for everybody's pages."""
    with ExitStack() as stack:
        tabs: dict[UUID | None, tuple[Tab, list[str]]] = {}
        for shown in pages:
            key = shown.person.id if shown.person else None
            if key not in tabs:
                window = stack.enter_context(windows.open(shown.person, width=360))
                tabs[key] = window.new_page(), list[str]()
                tabs[key][0].on("console", lambda said, to=tabs[key][1]: note(said, to))
            tab, complaints = tabs[key]
            tab.set_viewport_size({"width": 360, "height": 800})
            tab.emulate_media(color_scheme="light")
            complaints.clear()
            tab.goto(shown.path)
            yield shown, tab, complaints


def note(said: ConsoleMessage, to: list[str]) -> None:
    # That a page itself answers 404 is also an “error” of the console.
    if said.type in ("error", "warning") and "status of 4" not in said.text:
        to.append(said.text)


def answer(html: str, route: Route) -> None:
    route.fulfill(body=html, content_type="text/html; charset=utf-8")


def violations(tab: Tab, rules: dict[str, Any] = RULES) -> list[str]:
    """What axe objects to on the page as it is now."""
    if not tab.evaluate("'axe' in window"):
        tab.evaluate(AXE.axe_script)
    found: dict[str, Any] = tab.evaluate("rules => axe.run(document, rules)", rules)
    return [
        f"{each['id']}: {each['nodes'][0]['html'][:160]} ({len(each['nodes'])} times)" for each in found["violations"]
    ]


def looked_at(tab: Tab) -> Iterator[str]:
    """What is wrong with a page, by axe, on a phone and on a desk, light and dark."""
    for width in (360, 1280):
        tab.set_viewport_size({"width": width, "height": 800})
        tab.emulate_media(color_scheme="light")
        yield from (f"{width} light: {each}" for each in violations(tab))
        seen = tab.evaluate(WHAT_IS_SEEN)
        tab.emulate_media(color_scheme="dark")
        if tab.evaluate(WHAT_IS_SEEN) != seen:
            yield f"{width} dark: more than the colours changes"
        yield from (f"{width} dark: {each}" for each in violations(tab, COLOURS))
        yield from too_wide(tab, width)


def too_wide(tab: Tab, width: int) -> Iterator[str]:
    tab.set_viewport_size({"width": width, "height": 800})
    if tab.evaluate("document.documentElement.scrollWidth") > width:
        yield f"wider than {width} pixels"


# In two halves, which may run beside each other.
@pytest.mark.parametrize("half", [0, 1])
def test_every_page_passes(windows: Windows, scene: Scene, half: int) -> None:
    faults: dict[str, list[str]] = {}
    by_person = sorted(scene.pages, key=lambda shown: str(shown.person and shown.person.name))
    middle = len(by_person) // 2
    for shown, tab, complaints in opened(windows, by_person[middle:] if half else by_person[:middle]):
        found = [f"lower than a thumb: {what}" for what in tab.evaluate(TOO_LOW)]
        found += looked_at(tab)
        found += (each for width in ZOOMED for each in too_wide(tab, width))
        found += complaints
        if found:
            faults[shown.name] = found
    assert faults == {}


FAULTY = """<!doctype html><html lang="en"><title>Faulty</title><style>body { margin: 0; color: #000; background: #fff }
@media (prefers-color-scheme: dark) { p { color: #222; background: #000 } i { display: none } } p { width: 500px }
@media (min-width: 1000px) { p { width: 1300px } }</style><main><h1>Faulty</h1><p>Some words</p><i>here</i></main>"""


def test_a_fault_of_one_look_or_width_is_seen(windows: Windows) -> None:
    with windows.open(width=360) as window:
        tab = window.new_page()
        tab.route("**/faulty", partial(answer, FAULTY))
        tab.goto("/faulty")
        found = {each.partition(": <")[0] for each in looked_at(tab)}
    assert found == {
        *(f"{width} dark: color-contrast" for width in (360, 1280)),
        *(f"{width} dark: more than the colours changes" for width in (360, 1280)),
        *(f"wider than {width} pixels" for width in (360, 1280)),
    }


def test_every_page_of_the_portal_is_looked_at(app: APIFlask, scene: Scene) -> None:
    assert pages_left_out(app, [shown.path for shown in scene.pages]) == set(), "add it to scene.py"


def test_each_page_is_the_one_it_is_called(app: APIFlask, scene: Scene) -> None:
    """A page that leads elsewhere or is not there would be looked at in place of the one that is meant."""
    expected = {"not-found": 404, "link-over": 404, "forbidden": 403}
    for shown in scene.pages:
        browser = sign_in(app, shown.person) if shown.person else Browser(app)
        answer = browser.client.get(shown.path)
        assert answer.status_code == expected.get(shown.name, 200), shown.name


def test_forms_that_came_back_pass(app: APIFlask, windows: Windows, scene: Scene) -> None:
    faults: dict[str, list[str]] = {}
    with windows.open(width=360) as window:
        for name, page in forms_that_came_back(app, scene).items():
            tab = window.new_page()
            # Shown as they were answered: a POST cannot be opened like a page.
            tab.route("**/as-answered", partial(answer, page.html))
            tab.goto("/as-answered")
            found = list(looked_at(tab))
            if found:
                faults[name] = found
            tab.close()
    assert faults == {}
