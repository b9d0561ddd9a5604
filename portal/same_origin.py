"""Whether the browser says that one of our own pages sent this."""

from __future__ import annotations

from urllib.parse import urlsplit

from flask import current_app, request

from portal.config import Settings


def is_same_origin() -> bool | None:
    """What the browser says of the page a request was sent from: ours, another site's, or nothing (None).

    `Sec-Fetch-Site` cannot be set by pages and settles it where it is sent. Older browsers send `Origin` with a POST;
    under our `no-referrer` policy it is the word "null" even from our own pages, so that word says nothing.
    """
    site = request.headers.get("Sec-Fetch-Site")
    if site:
        return site == "same-origin"
    origin = request.headers.get("Origin", "null")
    return None if origin == "null" else urlsplit(origin).netloc in _own_hosts()


def _own_hosts() -> tuple[str, str]:
    settings: Settings = current_app.extensions["settings"]
    return request.host, urlsplit(settings.public_url).netloc
