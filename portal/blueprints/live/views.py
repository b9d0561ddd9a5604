"""The address of the viewer's event stream, with the token that says what they may be told."""

from __future__ import annotations

import time
from collections.abc import Callable
from functools import lru_cache

from flask import current_app
from flask.typing import ResponseReturnValue

from portal.blueprints.live.blueprint import blueprint
from portal.permissions import sight_of
from portal.queries.buckets import isolation_for
from portal.sign_in import signed_in_user, whoever_looks
from portal.tokens import Reader, live_token

ROUNDED = 5
"""Seconds. Tokens are told a moment up to this long ago, so that pages opened one after the other share one.

Well below `hub.KEPT_SECONDS`: a page that is told a moment longer ago than that fetches all it shows twice."""


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
    user = whoever_looks()
    if user is None or not current_app.extensions.get("has_events"):
        return None
    reader = Reader(user.company_id, sight_of(user, isolation_for(user)))
    return f"/events?token={_token(reader, int(time.time()) // ROUNDED * ROUNDED)}"


@lru_cache(maxsize=1024)
def _token(reader: Reader, now: int) -> str:
    return live_token(reader, now)
