"""A web server in this process, and Chromium to look at it with."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from apiflask import APIFlask
from playwright.sync_api import Browser as Chromium
from playwright.sync_api import BrowserContext, sync_playwright
from werkzeug.serving import make_server

from portal.config import Settings
from tests.browser.scene import Scene, make_scene
from tests.cast import Company, Person
from tests.page import sign_in
from tests.web import Web, running_web

# The shell first: the whole browser draws its own buttons and bars for every window, which takes as long as the page.
CHROMIUMS = (Path("/usr/bin/chromium-headless-shell"), Path("/usr/bin/chromium"))
ARGUMENTS = ["--headless", "--no-sandbox", "--disable-gpu", "--disable-background-networking"]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker(pytest.mark.browser)


@pytest.fixture(scope="session")
def chromium() -> Iterator[Chromium]:
    """Debian's Chromium."""
    found = next((path for path in CHROMIUMS if path.exists()), None)
    if found is None:
        pytest.skip(f"needs a browser at {CHROMIUMS[0]} (Debian: apt-get install chromium-headless-shell)")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=str(found), args=ARGUMENTS)
        yield browser
        browser.close()


@pytest.fixture
def address(app: APIFlask) -> Iterator[str]:
    """Where the application of this test is served."""
    server = make_server("127.0.0.1", 0, app, threaded=True)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def scene(app: APIFlask, company: Company) -> Scene:
    """A company at work."""
    return make_scene(app, company)


@dataclass(frozen=True)
class Windows:
    """Opens browser windows at the running portal."""

    chromium: Chromium
    address: str
    app: APIFlask

    def open(
        self, person: Person | None = None, *, width: int = 1280, scheme: str = "light", scripts: bool = True
    ) -> BrowserContext:
        """A window, signed in as `person` if one is given."""
        window = self.chromium.new_context(
            base_url=self.address,
            viewport={"width": width, "height": 800},
            color_scheme=scheme,  # type: ignore[arg-type]
            java_script_enabled=scripts,
            reduced_motion="reduce",
        )
        if person is not None:
            cookie = sign_in(self.app, person).client.get_cookie("baton")
            assert cookie is not None
            window.add_cookies([{"name": "baton", "value": cookie.value, "url": self.address}])
        return window


@pytest.fixture
def windows(chromium: Chromium, address: str, app: APIFlask) -> Windows:
    """Opens browser windows at the running portal."""
    return Windows(chromium, address, app)


@pytest.fixture
def live_web(settings: Settings) -> Iterator[Web]:
    """The web process as the portal runs it, with its event streams."""
    with running_web(settings) as running:
        yield running


@pytest.fixture
def live_windows(chromium: Chromium, live_web: Web, app: APIFlask) -> Windows:
    """Opens browser windows at the running web process."""
    return Windows(chromium, live_web.url, app)
