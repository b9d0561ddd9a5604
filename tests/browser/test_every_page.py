"""Every page in a real browser: accessible by axe's rules, not wider than the screen, nothing refused by our policy."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from functools import partial
from typing import Any
from uuid import UUID

import pytest
from apiflask import APIFlask
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import BrowserContext, ConsoleMessage, Route
from playwright.sync_api import Page as Tab

from tests.browser.conftest import Windows
from tests.browser.scene import Scene, Shown, forms_that_came_back

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


def opened(windows: Windows, scene: Scene, width: int, scheme: str) -> Iterator[tuple[Shown, Tab, list[str]]]:
    """Each page of the scene in turn, with what the console complained of."""
    with ExitStack() as stack:
        of_person: dict[UUID | None, BrowserContext] = {}
        for shown in scene.pages:
            key = shown.person.id if shown.person else None
            if key not in of_person:
                of_person[key] = stack.enter_context(windows.open(shown.person, width=width, scheme=scheme))
            tab = of_person[key].new_page()
            complaints: list[str] = []
            tab.on("console", lambda said, to=complaints: note(said, to))  # type: ignore[misc]
            tab.goto(shown.path)
            yield shown, tab, complaints
            tab.close()


def note(said: ConsoleMessage, to: list[str]) -> None:
    # That a page itself answers 404 is also an “error” of the console.
    if said.type in ("error", "warning") and "status of 4" not in said.text:
        to.append(said.text)


def answer(html: str, route: Route) -> None:
    route.fulfill(body=html, content_type="text/html; charset=utf-8")


def violations(tab: Tab) -> list[str]:
    found: dict[str, Any] = AXE.run(tab, options=RULES).response
    return [
        f"{each['id']}: {each['nodes'][0]['html'][:160]} ({len(each['nodes'])} times)" for each in found["violations"]
    ]


@pytest.mark.parametrize(("width", "scheme"), LOOKS)
def test_every_page_passes(windows: Windows, scene: Scene, width: int, scheme: str) -> None:
    faults: dict[str, list[str]] = {}
    for shown, tab, complaints in opened(windows, scene, width, scheme):
        found = [*violations(tab), *complaints]
        if tab.evaluate("document.documentElement.scrollWidth") > width:
            found.append("wider than the screen")
        if width < 400:
            found += [f"lower than a thumb: {what}" for what in tab.evaluate(TOO_LOW)]
        if found:
            faults[shown.name] = found
    assert faults == {}


@pytest.mark.parametrize(("width", "scheme"), LOOKS)
def test_forms_that_came_back_pass(app: APIFlask, windows: Windows, scene: Scene, width: int, scheme: str) -> None:
    faults: dict[str, list[str]] = {}
    with windows.open(width=width, scheme=scheme) as window:
        for name, page in forms_that_came_back(app, scene).items():
            tab = window.new_page()
            # Shown as they were answered: a POST cannot be opened like a page.
            tab.route("**/as-answered", partial(answer, page.html))
            tab.goto("/as-answered")
            found = violations(tab)
            if found:
                faults[name] = found
            tab.close()
    assert faults == {}


@pytest.mark.parametrize("width", [320, 640])
def test_nothing_is_cut_off_when_zoomed(windows: Windows, scene: Scene, width: int) -> None:
    """1,280 pixels at 200 and at 400 percent (WCAG 2.2, 1.4.4 and 1.4.10)."""
    looks = opened(windows, scene, width, "light")
    too_wide = [shown.name for shown, tab, _ in looks if tab.evaluate("document.documentElement.scrollWidth") > width]
    assert too_wide == []
