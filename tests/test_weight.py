"""What pages weigh on the way to a phone, as they are sent: files packed, pages with a secret in them not."""

from __future__ import annotations

from pathlib import Path

from apiflask import APIFlask
from flask.testing import FlaskClient

from tests.browser.scene import make_scene
from tests.cast import Company
from tests.page import Browser, Page, sign_in

# Bytes.
MOST_STYLE, MOST_SCRIPTS, MOST_OF_A_PAGE, MOST_OF_AN_OFFER = 12_288, 12_288, 61_440, 15_360
STATIC = Path(__file__).parent.parent / "portal" / "static"


def weight(client: FlaskClient, address: str) -> int:
    answer = client.get(address, headers={"Accept-Encoding": "gzip, deflate, br"})
    assert answer.status_code < 500, address
    return len(answer.data)


def files(page: Page) -> list[str]:
    """The styles and scripts a page fetches before it is whole."""
    styles = [link.get("href", "") for link in page.root.iter("link") if link.get("rel") == "stylesheet"]
    return styles + [script.get("src", "") for script in page.root.iter("script") if script.get("src")]


def test_every_page_is_light_and_an_offer_is_lighter(app: APIFlask, company: Company) -> None:
    weights, of_file, client = dict[str, int](), dict[str, int](), app.test_client()
    for shown in make_scene(app, company).pages:
        browser = sign_in(app, shown.person) if shown.person else Browser(app)
        answer = browser.client.get(shown.path)
        page = Page(browser, shown.path, answer.status_code, answer.text, answer)
        for address in files(page):
            of_file.setdefault(address, weight(client, address))
        own = [address for address in files(page) if ".js" in address and "/vendor/" not in address]
        assert sum(of_file[address] for address in own) <= MOST_SCRIPTS, shown.name
        weights[shown.name] = weight(browser.client, shown.path)
        if shown.name == "offer":
            assert not any("htmx" in address for address in files(page))
            assert weights["offer"] + sum(of_file[address] for address in files(page)) <= MOST_OF_AN_OFFER
    assert {name: size for name, size in weights.items() if size > MOST_OF_A_PAGE} == {}
    styles = {address: size for address, size in of_file.items() if ".css" in address}
    assert styles
    assert max(styles.values()) <= MOST_STYLE


def test_no_script_of_ours_is_more_than_a_few_kilobytes(app: APIFlask) -> None:
    client = app.test_client()
    sizes = {path.name: weight(client, f"/static/{path.name}?v=1") for path in STATIC.glob("*.js")}
    assert sizes
    assert {name: size for name, size in sizes.items() if size > 4096} == {}
