"""A form whose token has expired comes back with everything that was typed, and one button to send it again.

The token lives as long as the session, so this happens after signing in again in another tab, or on another day.
"""

from __future__ import annotations

from urllib.parse import urlsplit

from flask import Flask, current_app, render_template, request
from flask.typing import ResponseReturnValue
from flask_wtf.csrf import CSRFError

from portal.config import Settings
from portal.errors import Malformed
from portal.extensions import htmx
from portal.own_path import own_path

# Never sent back to a page, not even hidden.
_SECRET_FIELDS = {"csrf_token", "password", "current_password", "new_password"}


def bind_expired_form(app: Flask) -> None:
    """Answer a missing or expired token."""
    app.register_error_handler(CSRFError, _expired)


def _expired(_error: CSRFError) -> ResponseReturnValue:
    if not _came_from_us():
        detail = "This form was not sent from one of our pages. Please open the page and send it from there."
        return current_app.handle_user_exception(Malformed(detail))
    if htmx:
        # The page it stands on keeps what was typed; only a new page brings a new token.
        detail = "This page had been open for too long. Nothing was changed. Load it anew, then send this once more."
        return current_app.handle_user_exception(Malformed(detail))
    kept = [(name, value) for name, value in request.form.items(multi=True) if name not in _SECRET_FIELDS]
    lost = sorted(set(request.form) & (_SECRET_FIELDS - {"csrf_token"}))
    action, page = request.full_path.rstrip("?"), _page_it_stood_on()
    return render_template("errors/expired.html", action=action, page=page, kept=kept, lost=lost), 400


def _page_it_stood_on() -> str:
    parts = urlsplit(request.referrer or "")
    return own_path(parts._replace(scheme="", netloc="").geturl())


def _came_from_us() -> bool:
    """Whether the browser says one of our own pages sent this. Otherwise a stranger's page could have a person send it.

    `Sec-Fetch-Site` cannot be set by pages; browsers without it send Origin with every POST.
    """
    site = request.headers.get("Sec-Fetch-Site")
    if site is not None:
        return site == "same-origin"
    settings: Settings = current_app.extensions["settings"]
    origin = urlsplit(request.headers.get("Origin", ""))
    return bool(origin.netloc) and origin.netloc in (request.host, urlsplit(settings.public_url).netloc)
