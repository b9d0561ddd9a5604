"""Somebody at a page, with a thumb, a mouse, or nothing but a keyboard."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Literal

from playwright.sync_api import Browser as Chromium
from playwright.sync_api import Locator, expect
from playwright.sync_api import Page as Tab

Role = Literal["button", "link"]

MOST_TABS = 120
PATIENCE = 20_000
"""Milliseconds within which what is awaited must show; the machine may be busy."""


@dataclass(frozen=True)
class Way:
    """How somebody works: on what, in which light, and with what."""

    width: int
    scheme: Literal["light", "dark"]
    scripts: bool = True
    keyboard: bool = False

    def __str__(self) -> str:
        extra = " by keyboard" if self.keyboard else "" if self.scripts else " without scripts"
        return f"{self.width} {self.scheme}{extra}"


WAYS = (
    Way(360, "light"),
    Way(360, "dark", scripts=False),
    Way(1280, "light", keyboard=True),
    Way(1280, "dark"),
)


@contextmanager
def hand_of(chromium: Chromium, address: str, way: Way) -> Iterator[Hand]:
    """A window of somebody's own at the portal."""
    with chromium.new_context(
        base_url=address,
        viewport={"width": way.width, "height": 800},
        color_scheme=way.scheme,
        java_script_enabled=way.scripts,
        reduced_motion="reduce",
    ) as window:
        window.set_default_timeout(PATIENCE)
        yield Hand(window.new_page(), way)


class Hand:
    """Opens, presses, types and reads as a person would.

    Args:
        tab: the page they look at.
        way: how they work.
    """

    def __init__(self, tab: Tab, way: Way) -> None:
        self.tab = tab
        self.way = way

    def open(self, address: str) -> None:
        self.tab.goto(address)

    def sign_in(self, email: str, password: str) -> None:
        """On the sign-in page they were led to."""
        self.type("E-mail", email)
        self.type("Password", password)
        self.press("Sign in")

    def press(self, name: str, role: Role = "button", inside: str = "body") -> None:
        """Press a button or link with this name, which must be in sight."""
        target = self.tab.locator(inside).get_by_role(role, name=name, exact=True).locator("visible=true").first
        expect(target).to_be_visible(timeout=PATIENCE)
        if self.way.keyboard:
            self._reach(target)
            self.tab.keyboard.press("Enter")
        else:
            target.click()

    def unfold(self, words: str) -> None:
        """Open a fold (`details`), unless it is open."""
        fold = self.tab.locator("details", has=self.tab.locator("summary", has_text=words)).first
        if fold.get_attribute("open") is not None:
            return
        summary = fold.locator("summary").first
        if self.way.keyboard:
            self._reach(summary)
            self.tab.keyboard.press("Enter")
        else:
            summary.click()

    def type(self, label: str, text: str, inside: str = "body") -> None:
        """Type into the field with this label, over whatever stands there."""
        field = self._labelled(label, inside)
        if self.way.keyboard:
            self._reach(field)
            self.tab.keyboard.press("Control+A")
            self.tab.keyboard.type(text)
        else:
            field.fill(text)

    def choose(self, label: str, option: str, inside: str = "body") -> None:
        """Choose from a menu."""
        menu = self._labelled(label, inside)
        if self.way.keyboard:
            self._reach(menu)
            self.tab.keyboard.type(option)
        else:
            menu.select_option(label=option)

    def tick(self, label: str) -> None:
        """Tick a box, or choose one of several."""
        box = self.tab.get_by_label(label).first
        if self.way.keyboard:
            self._reach_choice(box)
        else:
            box.check()
        expect(box).to_be_checked()

    def sees(self, *words: str) -> None:
        """All of these stand on the page, sooner or later."""
        for each in words:
            expect(self.tab.locator("body")).to_contain_text(each, timeout=PATIENCE)

    def is_at(self, heading: str) -> None:
        """The page with this heading is shown, and none wider than the screen."""
        expect(self.tab.get_by_role("heading", level=1)).to_have_text(heading, timeout=PATIENCE)
        if self.way.scripts:
            assert self.tab.evaluate("document.documentElement.scrollWidth") <= self.way.width

    def _labelled(self, label: str, inside: str) -> Locator:
        whole = re.compile(rf"^\s*{re.escape(label)}\s*(\(optional\))?\s*$")
        control = self.tab.locator("input, select, textarea")
        return self.tab.locator(inside).get_by_label(whole).and_(control).locator("visible=true").first

    def _reach(self, target: Locator) -> None:
        """Press Tab until the focus is there, and in sight."""
        self._tab_to(target, lambda: _has_focus(target))
        box = target.bounding_box()
        assert box is not None, "what has the focus cannot be seen"
        assert -1 <= box["y"] <= self.tab.viewport_size["height"]  # type: ignore[index]

    def _reach_choice(self, box: Locator) -> None:
        """A box by Tab and Space; one of several by Tab to the group and the arrows."""
        if box.get_attribute("type") == "checkbox":
            self._reach(box)
            self.tab.keyboard.press("Space")
            return
        name = box.get_attribute("name")
        same = f"document.activeElement.name === {name!r}"
        self._tab_to(box, lambda: bool(self.tab.evaluate(same)))
        for _ in range(10):
            if _has_focus(box):
                self.tab.keyboard.press("Space")
                return
            self.tab.keyboard.press("ArrowDown")

    def _tab_to(self, target: Locator, is_there: Any) -> None:
        for _ in range(MOST_TABS):
            if is_there():
                return
            self.tab.keyboard.press("Tab")
        raise AssertionError(f"{target} is not reached by Tab on {self.tab.url}")


def _has_focus(target: Locator) -> bool:
    return bool(target.evaluate("element => element === document.activeElement"))
