"""Parts of pages. One address has one meaning: the whole page, or for htmx the one block of it that is asked for.

htmx 4 says what it wants in `HX-Request-Type`: "partial" where the answer is put into an element as it is, "full" where
it picks its part from a whole page by itself (`hx-select`). Everything here leaves the latter alone.
"""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

from flask import Flask, Response, render_template, request
from jinja2_fragments.flask import render_block

from portal.extensions import htmx

SAID = "#said"
"""Where every page shows what was done or went wrong."""


def bind_parts(app: Flask) -> None:
    """Let answers to htmx be parts: redirects it cannot see, and headers for caches in between."""
    app.after_request(_finish)


def is_part() -> bool:
    """Whether the answer is put into a page as it is."""
    return bool(htmx) and request.headers.get("HX-Request-Type", "partial") == "partial"


def render(template: str, part: str, **values: Any) -> str:
    """The whole page, or for htmx only the block `part` of it, from the same template."""
    if is_part():
        return str(render_block(template, part, **values))
    return render_template(template, **values)


def _finish(response: Response) -> Response:
    if response.mimetype != "text/html":
        return response
    response.vary.update(("HX-Request", "HX-Request-Type"))
    if htmx and 300 <= response.status_code < 400 and (is_part() or _leads_to_sign_in(response)):
        return _sent_on(response)
    return response


def _sent_on(response: Response) -> Response:
    """A redirect as htmx can carry it out: the browser would follow a plain one unseen and put the page into a part."""
    response.headers["HX-Redirect"] = response.headers.pop("Location")
    response.status_code = 204
    response.set_data(b"")
    return response


def _leads_to_sign_in(response: Response) -> bool:
    return urlsplit(response.headers.get("Location", "")).path in ("/login", "/which-company")
