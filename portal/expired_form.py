"""A form whose token has expired comes back with everything that was typed, and one button to send it again.

The token lives as long as the session, so this happens after signing in again in another tab, or on another day.
"""

from __future__ import annotations

from urllib.parse import urlsplit

from flask import Flask, current_app, render_template, request
from flask.typing import ResponseReturnValue
from flask_wtf.csrf import CSRFError

from portal.errors import Malformed
from portal.extensions import htmx
from portal.own_path import own_path
from portal.same_origin import is_same_origin

# Never sent back to a page, not even hidden.
_SECRET_FIELDS = {"csrf_token", "password", "current_password", "new_password"}


def bind_expired_form(app: Flask) -> None:
    """Answer a missing or expired token."""
    app.register_error_handler(CSRFError, _expired)


def _expired(_error: CSRFError) -> ResponseReturnValue:
    # Otherwise a stranger's page could have a person send it: what says nothing is not helped, either.
    if not is_same_origin():
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
