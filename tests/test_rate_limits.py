"""Limits on guessing hold while Redis is away."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace
from pathlib import Path

from portal import create_app
from portal.config import Settings
from tests.page import Browser, Page


def test_without_redis_each_process_counts_for_itself(settings: Settings, tmp_path: Path) -> None:
    app = create_app(replace(settings, redis_url=f"unix://{tmp_path}/nobody-listens"))
    page = Browser(app).open("/login")
    for _ in range(10):
        page.press("Sign in", status=422, email="nobody@example.com", password="not this one")
    assert is_refused_soon(page, "nobody@example.com")


def test_one_address_cannot_try_many_accounts(settings: Settings) -> None:
    page = Browser(create_app(settings)).open("/login")
    for number in range(30):
        page.press("Sign in", status=422, email=f"nobody{number}@example.com", password="")
    assert is_refused_soon(page, "somebody@example.com")


def test_a_redis_that_hangs_is_waited_for_a_tenth_of_a_second(settings: Settings) -> None:
    options = create_app(settings).config["RATELIMIT_STORAGE_OPTIONS"]
    assert options["socket_timeout"] == options["socket_connect_timeout"] == 0.1


def is_refused_soon(page: Page, email: str) -> bool:
    """Refused at the next try, or one or two later: where a window ends while we count, earlier tries weigh less."""
    for _ in range(3):
        with suppress(AssertionError):
            page.press("Sign in", status=429, email=email, password="not this one")
            return True
    return False
