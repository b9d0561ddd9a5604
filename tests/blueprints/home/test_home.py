"""Where people land, and what browsers ask for by fixed names."""

from __future__ import annotations

import pytest
from apiflask import APIFlask
from flask.testing import FlaskClient

from tests.cast import Company
from tests.factories import make_user
from tests.page import Browser, sign_in


def test_agents_land_on_their_own_leads(app: APIFlask, company: Company) -> None:
    assert sign_in(app, company.agent).open("/").address == "/leads?bucket=mine"


@pytest.mark.parametrize("role", ["manager", "admin", "owner"])
def test_those_who_look_after_others_leads_land_on_the_dashboard(app: APIFlask, company: Company, role: str) -> None:
    assert sign_in(app, make_user(company, roles=[role])).open("/").address == "/dashboard"


def test_strangers_are_asked_to_sign_in(app: APIFlask) -> None:
    assert Browser(app).open("/").h1 == "Sign in"


def test_the_manifest_names_pictures_that_are_there(client: FlaskClient) -> None:
    answer = client.get("/manifest.webmanifest")
    assert answer.mimetype == "application/manifest+json"
    manifest = answer.get_json()
    assert {icon["purpose"] for icon in manifest["icons"]} == {"any", "maskable"}
    for icon in manifest["icons"]:
        picture = client.get(icon["src"])
        assert (picture.status_code, picture.mimetype) == (200, "image/svg+xml")
    assert client.get("/favicon.ico", follow_redirects=True).mimetype == "image/svg+xml"


@pytest.mark.parametrize(
    ("role", "places"),
    [
        ("agent", ["Offers", "Leads", "Me"]),
        ("manager", ["Dashboard", "Leads", "Me"]),
        ("editor", ["Leads", "Me", "People", "Pools", "Allocations", "Settings"]),
        (
            "admin",
            ["Offers", "Dashboard", "Leads", "Me", "People", "Pools", "Allocations", "Outbox", "Settings"],
        ),
    ],
)
def test_the_navigation_shows_where_one_may_go(app: APIFlask, company: Company, role: str, places: list[str]) -> None:
    page = sign_in(app, make_user(company, roles=[role])).open("/me")
    [navigation] = [nav for nav in page.root.iter("nav") if nav.get("aria-label") == "Main"]
    assert ["".join(link.itertext()).strip() for link in navigation.iter("a")] == places
    assert page.dead_links() == []
    assert [link.get("href") for link in navigation.iter("a") if link.get("aria-current")] == ["/me"]
