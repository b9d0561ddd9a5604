"""What browsers are told about our pages, and cookies on https."""

from __future__ import annotations

from dataclasses import replace

import pytest
from flask.testing import FlaskClient

from portal import create_app
from portal.config import Settings


@pytest.mark.parametrize("path", ["/login", "/nowhere", "/static/app.css", "/api/v1/leads", "/manifest.webmanifest"])
def test_nothing_foreign_or_inline_runs_on_any_answer(client: FlaskClient, path: str) -> None:
    headers = client.get(path).headers
    policy = headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "script-src 'self'" in policy
    assert "frame-ancestors 'none'" in policy
    assert "unsafe" not in policy
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Cross-Origin-Opener-Policy"] == "same-origin"


def test_pages_are_never_kept_and_fingerprinted_files_for_ever(client: FlaskClient) -> None:
    page = client.get("/login")
    assert page.headers["Cache-Control"] == "no-store"
    style = page.text.split('rel="stylesheet" href="')[1].split('"')[0]
    assert "immutable" in client.get(style).headers["Cache-Control"]


def test_the_style_sheet_is_small_enough_for_a_phone(client: FlaskClient) -> None:
    import gzip

    assert len(gzip.compress(client.get("/static/app.css").data)) <= 12 * 1024


def test_on_https_the_cookie_is_bound_to_the_host(settings: Settings) -> None:
    app = create_app(replace(settings, public_url="https://leads.example.com", trusted_hosts=("leads.example.com",)))
    answer = app.test_client().get("/login", base_url="https://leads.example.com")
    cookie = answer.headers["Set-Cookie"]
    assert cookie.startswith("__Host-baton=")
    for part in ("Secure", "HttpOnly", "SameSite=Lax", "Path=/"):
        assert part in cookie
    assert "Domain" not in cookie
    assert "max-age" in answer.headers["Strict-Transport-Security"]


def test_on_plain_http_nothing_asks_for_https(client: FlaskClient) -> None:
    assert "Strict-Transport-Security" not in client.get("/login").headers
