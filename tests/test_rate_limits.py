"""Limits on guessing hold while Redis is away."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from portal import create_app
from portal.config import Settings
from tests.page import Browser


def test_without_redis_each_process_counts_for_itself(settings: Settings, tmp_path: Path) -> None:
    app = create_app(replace(settings, redis_url=f"unix://{tmp_path}/nobody-listens"))
    page = Browser(app).open("/login")
    for _ in range(10):
        page.press("Sign in", status=422, email="nobody@example.com", password="not this one")
    page.press("Sign in", status=429, email="nobody@example.com", password="not this one")


def test_one_address_cannot_try_many_accounts(settings: Settings) -> None:
    page = Browser(create_app(settings)).open("/login")
    for number in range(30):
        page.press("Sign in", status=422, email=f"nobody{number}@example.com", password="")
    page.press("Sign in", status=429, email="somebody@example.com", password="")
