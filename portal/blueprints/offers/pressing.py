"""Where a press came from. The forms of the offer page carry no cookie and no CSRF token; this takes their place."""

from __future__ import annotations

from flask import request

from portal.errors import Forbidden
from portal.same_origin import is_same_origin


def require_own_page() -> None:
    """Refuse a POST the browser says came from another site, or one that was fetched ahead.

    Where it says nothing, the token in the address decides.

    Raises:
        Forbidden: it was not pressed on our page.
    """
    if is_same_origin() is False or is_fetched_ahead():
        raise Forbidden("This can only be done by pressing the button on the page itself.")


def is_fetched_ahead() -> bool:
    """Whether a browser asks before anybody looks (prefetch, prerender, preview)."""
    purposes = (request.headers.get(name, "") for name in ("Sec-Purpose", "Purpose", "X-Moz"))
    return any("prefetch" in purpose or "preview" in purpose for purpose in purposes)
