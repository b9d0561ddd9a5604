"""What proxies in front of the portal say about a caller is believed only when the setting names how many there are."""

from __future__ import annotations

from dataclasses import replace

import pytest
from flask import request

from portal import create_app
from portal.config import Settings

CLAIMED = {"X-Forwarded-For": "203.0.113.9", "X-Forwarded-Proto": "https", "X-Forwarded-Host": "evil.example"}


@pytest.mark.parametrize(
    ("proxies", "told"),
    [(0, "127.0.0.1 http localhost 200"), (1, "None None None 400")],
    ids=["nobody is believed", "one proxy is believed, and a host that is not ours refused"],
)
def test_headers_of_proxies(settings: Settings, proxies: int, told: str) -> None:
    app = create_app(replace(settings, trusted_proxies=proxies))
    app.add_url_rule("/who", "who", lambda: f"{request.remote_addr} {request.scheme} {request.host}")
    answer = app.test_client().get("/who", headers=CLAIMED)
    seen = answer.text if answer.status_code == 200 else "None None None"
    assert f"{seen} {answer.status_code}" == told


def test_one_proxy_says_who_called(settings: Settings) -> None:
    app = create_app(replace(settings, trusted_proxies=1))
    app.add_url_rule("/who", "who", lambda: f"{request.remote_addr} {request.scheme}")
    headers = {"X-Forwarded-For": "198.51.100.1, 203.0.113.9", "X-Forwarded-Proto": "https"}
    # Only the last hop is the proxy's own word; what stands before it, anybody may have written.
    assert app.test_client().get("/who", headers=headers).text == "203.0.113.9 https"
