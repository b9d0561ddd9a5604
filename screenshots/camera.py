"""Opens pages in Chromium and takes their pictures."""

from __future__ import annotations

from base64 import b64decode, b64encode
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Self

from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright

from portal.demo.cast import PASSWORD
from screenshots.pages import Shown, Who

CHROMIUM = Path("/usr/bin/chromium")
# Nine tenths: letters stay sharp, and a page takes a third of what it takes as PNG.
_AS_WEBP = """async address => {
  const picture = new Image();
  picture.src = address;
  await picture.decode();
  const canvas = document.createElement("canvas");
  canvas.width = picture.width;
  canvas.height = picture.height;
  canvas.getContext("2d").drawImage(picture, 0, 0);
  return canvas.toDataURL("image/webp", 0.9);
}"""
_HEIGHT = "document.documentElement.scrollHeight"
_ARGUMENTS = ["--headless", "--no-sandbox", "--disable-gpu", "--disable-background-networking"]


@dataclass(frozen=True, slots=True)
class View:
    """How a page is looked at. Sizes in CSS pixels."""

    size: str
    look: str

    @property
    def viewport(self) -> tuple[int, int]:
        return SIZES[self.size]

    def __str__(self) -> str:
        return f"{self.size}-{self.look}"


SIZES = {"phone": (360, 800), "desk": (1280, 800)}
LOOKS = ("light", "dark")
VIEWS = tuple(View(size, look) for size in SIZES for look in LOOKS)


class Camera:
    """Windows of the demo's people, opened when first needed. Use as a context manager.

    Args:
        address: where the demo answers.
        emails: who signs in with which address.
        whole: the whole page; otherwise what is seen without scrolling.
    """

    def __init__(self, address: str, emails: Mapping[Who, str], *, whole: bool = True) -> None:
        self._address = address
        self._emails = emails
        self._whole = whole
        self._windows: dict[tuple[Who, View], BrowserContext] = {}
        self._cookies: dict[Who, list[object]] = {}

    def __enter__(self) -> Self:
        self._playwright = sync_playwright().start()
        path = str(CHROMIUM) if CHROMIUM.exists() else None
        self._chromium: Browser = self._playwright.chromium.launch(executable_path=path, args=_ARGUMENTS)
        return self

    def __exit__(
        self, _type: type[BaseException] | None, _error: BaseException | None, _trace: TracebackType | None
    ) -> None:
        self._chromium.close()
        self._playwright.stop()

    def take(self, shown: Shown, path: str, view: View, to: Path) -> None:
        """One picture.

        Args:
            path: the page's, with everything it names filled in.
            to: the file; a `.webp` is made as small as pictures for the documentation have to be.
        """
        with self._page(shown.who, view) as page:
            page.goto(path, wait_until="load")
            if shown.press:
                page.locator(shown.press).first.click()
            if self._whole:
                self._unfold(page, view)
            page.evaluate("document.fonts.ready")
            picture = page.screenshot(animations="disabled", caret="hide")
        to.write_bytes(self._small(picture) if to.suffix == ".webp" else picture)

    def _small(self, picture: bytes) -> bytes:
        """The picture as WebP; the browser has an encoder at hand."""
        page = self._chromium.new_page()
        address = f"data:image/png;base64,{b64encode(picture).decode()}"
        encoded: str = page.evaluate(_AS_WEBP, address)
        page.close()
        return b64decode(encoded.partition(",")[2])

    def _unfold(self, page: Page, view: View) -> None:
        """A window as high as the page: bars that stand at its edges then stand at the page's."""
        width, height = view.viewport
        page.set_viewport_size({"width": width, "height": max(height, page.evaluate(_HEIGHT))})

    @contextmanager
    def _page(self, who: Who, view: View) -> Iterator[Page]:
        page = self._window(who, view).new_page()
        try:
            yield page
        finally:
            page.close()

    def _window(self, who: Who, view: View) -> BrowserContext:
        if (who, view) not in self._windows:
            window = self._new_window(view)
            if who is not Who.NOBODY:
                window.add_cookies(self._signed_in(who))  # type: ignore[arg-type]
            self._windows[who, view] = window
        return self._windows[who, view]

    def _new_window(self, view: View) -> BrowserContext:
        width, height = view.viewport
        return self._chromium.new_context(
            base_url=self._address,
            viewport={"width": width, "height": height},
            color_scheme="dark" if view.look == "dark" else "light",
            reduced_motion="reduce",
            locale="en-US",
            timezone_id="America/Chicago",
        )

    def _signed_in(self, who: Who) -> list[object]:
        """The cookies of somebody who signed in; once per person, as signing in is limited."""
        if who not in self._cookies:
            window = self._new_window(VIEWS[0])
            page = window.new_page()
            page.goto("/login")
            page.fill("[name=email]", self._emails[who])
            page.fill("[name=password]", PASSWORD)
            page.locator("form:has([name=password]) [type=submit]").click()
            page.wait_for_url(lambda url: "/login" not in url)
            self._cookies[who] = list(window.cookies())
            window.close()
        return self._cookies[who]
