"""The page an agent opens from an offer's link: the server's time, and the bytes of a first view.

    python -m bench.offer_page

Beside it, from the same server: /healthz, a page that asks nothing of anybody.
"""

from __future__ import annotations

import gzip
import http.client
import logging
import re
import time
from typing import Any
from urllib.parse import urljoin, urlsplit

from bench.client import body_of
from bench.stage import HOST, Stage, portal_web, stage

VIEWS = 400
WARM_UP = 50
REACH_MILLISECONDS, REACH_KILOBYTES = 15.0, 15.0
_PARTS = re.compile(r"""<(?:link|script|img)\b[^>]*?\b(?:href|src)=["']([^"']+)["']""")


def measure() -> list[dict[str, Any]]:
    """p95 of the page's time, and what a browser with an empty cache loads to show it."""
    with stage(delivery="offer") as playing, playing.database() as database:
        path = _offered(playing, database)
        with portal_web(playing, database) as served:
            connection = http.client.HTTPConnection(HOST, served.port, timeout=10)
            page = _p95(connection, path)
            bare = _p95(connection, "/healthz")
            loaded = _first_view(connection, path)
            connection.close()
    return [
        {
            "name": "offer page, p95 of the server's time, one reader",
            "value": page,
            "unit": "ms",
            "reach": REACH_MILLISECONDS,
            "limit": bare,
            "limit_name": "/healthz on the same server",
        },
        {
            "name": "offer page, first view over the wire, headers and everything it links",
            "value": loaded / 1024,
            "unit": "KB",
            "reach": REACH_KILOBYTES,
            "limit": None,
            "limit_name": None,
        },
    ]


def _offered(playing: Stage, database: str) -> str:
    """A lead comes in and is offered; the address of that offer's page."""
    from uuid import UUID

    from portal import create_app
    from portal.extensions import db
    from portal.tokens import offer_token

    logging.disable(logging.INFO)
    app = create_app(playing.settings_for(database))
    answer = app.test_client(use_cookies=False).post(
        "/api/v1/leads",
        data=body_of(1),
        content_type="application/json",
        headers={"Authorization": f"Bearer {playing.cast.api_key}"},
    )
    with app.app_context():
        token = offer_token(playing.cast.company_id, UUID(answer.get_json()["routing"]["offers"][0]))
        db.engine.dispose()
    logging.disable(logging.NOTSET)
    return f"/o/{token}"


def _p95(connection: http.client.HTTPConnection, path: str) -> float:
    """Milliseconds until the whole answer is there, 95 of 100 times."""
    times = []
    for view in range(WARM_UP + VIEWS):
        began = time.perf_counter()
        _get(connection, path)
        if view >= WARM_UP:
            times.append((time.perf_counter() - began) * 1000)
    return sorted(times)[int(VIEWS * 0.95)]


def _first_view(connection: http.client.HTTPConnection, path: str) -> int:
    """Bytes of the page and of everything it links from us, as a browser asks for them."""
    page, size = _get(connection, path)
    parts = {urljoin(path, found) for found in _PARTS.findall(gzip.decompress(page).decode())}
    ours = sorted(part for part in parts if not urlsplit(part).netloc)
    return size + sum(_get(connection, part)[1] for part in ours)


def _get(connection: http.client.HTTPConnection, path: str) -> tuple[bytes, int]:
    connection.request("GET", path, headers={"Accept-Encoding": "gzip, br, zstd", "User-Agent": "Mozilla/5.0"})
    answer = connection.getresponse()
    body = answer.read()
    if answer.status != 200:
        raise RuntimeError(f"{path} answered {answer.status}")
    head = sum(len(name) + len(value) + 4 for name, value in answer.getheaders()) + len("HTTP/1.1 200 OK\r\n\r\n")
    return body, head + len(body)


def main() -> None:
    """Print the figures."""
    from bench.table import line

    for row in measure():
        print(line(row), flush=True)


if __name__ == "__main__":
    main()
