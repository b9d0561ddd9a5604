"""The address of the viewer's event stream, with the token that says what they may be told."""

from __future__ import annotations

import time
from collections.abc import Callable

from flask import current_app, g
from flask.typing import ResponseReturnValue

from portal.blueprints.live.blueprint import blueprint
from portal.permissions import boxes_of
from portal.queries.leads import is_isolated
from portal.sign_in import signed_in_user
from portal.tokens import Reader, live_token


@blueprint.get("/token")
def token() -> ResponseReturnValue:
    """A fresh address for a page whose stream ended. None where this server has no streams.

    Raises:
        NotSignedIn: the session is over; asked for by a script, so it is not led to the sign-in page.
    """
    signed_in_user()
    return {"events": events_address()}


@blueprint.app_context_processor
def address_for_pages() -> dict[str, Callable[[], str | None]]:
    """`events_address()` for the frame of every page."""
    return {"events_address": events_address}


def events_address() -> str | None:
    """Where the viewer's stream is; None for somebody who is signed out, or where there are no streams."""
    user = g.get("signed_in_user")
    if user is None or not current_app.extensions.get("has_events"):
        return None
    reader = Reader(user.company_id, user.id, boxes_of(user, isolated=is_isolated(user)))
    return f"/events?token={live_token(reader, time.time())}"
