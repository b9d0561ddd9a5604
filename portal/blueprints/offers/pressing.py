"""Where a press came from. The forms of the offer page carry no cookie and no CSRF token; this takes their place."""

from __future__ import annotations

from urllib.parse import urlsplit

from flask import current_app, request

from portal.config import Settings
from portal.errors import Forbidden


def require_own_page() -> None:
    """Refuse a POST the browser says came from another site, or one that was fetched ahead.

    `Sec-Fetch-Site` settles it where it is sent. Older browsers send `Origin`; under our `no-referrer` policy it is the
    word "null" even from our own page, so that word alone proves nothing either way and the token decides.

    Raises:
        Forbidden: it was not pressed on our page.
    """
    site = request.headers.get("Sec-Fetch-Site")
    origin = request.headers.get("Origin", "null")
    is_foreign = site != "same-origin" if site else origin != "null" and urlsplit(origin).netloc not in _own_hosts()
    if is_foreign or is_fetched_ahead():
        raise Forbidden("This can only be done by pressing the button on the page itself.")


def is_fetched_ahead() -> bool:
    """Whether a browser asks before anybody looks (prefetch, prerender, preview)."""
    purposes = (request.headers.get(name, "") for name in ("Sec-Purpose", "Purpose", "X-Moz"))
    return any("prefetch" in purpose or "preview" in purpose for purpose in purposes)


def _own_hosts() -> tuple[str, str]:
    settings: Settings = current_app.extensions["settings"]
    return request.host, urlsplit(settings.public_url).netloc
