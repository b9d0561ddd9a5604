"""Whose key a call comes with, what it may do, and how often."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from typing import Any, TypeVar
from uuid import UUID

from flask import current_app, g, request

from portal.config import Settings
from portal.errors import Forbidden, NotSignedIn, TooMany
from portal.extensions import db
from portal.integrations.rate_limit import RateLimit
from portal.models import KeyScope, User
from portal.operations.auditing import come_from
from portal.operations.keys import hint_of
from portal.origins import address
from portal.permissions import INSIGHT, rights_of, sees_pools_of_all
from portal.queries.across import KeyHolder, enter_by_key

View = TypeVar("View", bound=Callable[..., Any])

LONGEST_KEY = 200
# Open to everybody: what the API is, not what is in it.
OPEN_ENDPOINTS = frozenset({"api.document"})


def admit() -> None:
    """Before every call: find the key's holder, enter their company, take one request from the key's bucket.

    Raises:
        NotSignedIn: no key, or one that is unknown, revoked, or of somebody who was deactivated.
        TooMany: over the company's limit.
        Forbidden: an intake key on a call that is not taking in a lead.
    """
    if request.endpoint in OPEN_ENDPOINTS:
        return
    found = enter_by_key(hashlib.sha256(bearer().encode()).digest())
    if found is None:
        raise NotSignedIn("This key is not known, or no longer valid.")
    g.key_holder = found
    come_from(f"API key {hint_of(bearer())}…, from {address()}")
    wait = _rate_limit().wait(str(found.key_id), found.rate_limit, 2 * found.rate_limit)
    if wait:
        raise TooMany(wait)
    view = current_app.view_functions[request.endpoint or ""]
    if found.scope != KeyScope.FULL and not getattr(view, "open_to_intake", False):
        raise Forbidden("An intake key may only create leads. Use a key with the scope “full” for this.")


def open_to_intake(view: View) -> View:
    """A call that an intake key may make."""
    view.open_to_intake = True  # type: ignore[attr-defined]
    return view


def holder() -> KeyHolder:
    """Whose key this call came with."""
    found: KeyHolder = g.key_holder
    return found


def acting_user() -> User:
    """The user the key acts as, read in the running transaction."""
    user = db.session.get(User, (holder().company_id, holder().user_id))
    if user is None:
        raise NotSignedIn
    return user


def require_insight() -> None:
    """Only for those whose work is about how leads are handed out. Raises Forbidden."""
    if not rights_of(acting_user()) & INSIGHT:
        raise Forbidden("Pools and rules are shown to those who set them up or hand out leads.")


def pools_reached_by() -> User | None:
    """Whom lists of pools are narrowed for: somebody who only sets up those of their team. None = nobody."""
    user = acting_user()
    return None if sees_pools_of_all(user) else user


def company_id() -> UUID:
    """The company of the key."""
    return holder().company_id


def bearer() -> str:
    """The key itself, as it was sent. Raises NotSignedIn when there is none that could be one."""
    scheme, _, key = request.headers.get("Authorization", "").partition(" ")
    key = key.strip()
    if scheme.lower() != "bearer" or not key or len(key) > LONGEST_KEY:
        raise NotSignedIn("Send your key as “Authorization: Bearer KEY”.")
    return key


def _rate_limit() -> RateLimit:
    made: RateLimit | None = current_app.extensions.get("rate_limit")
    if made is None:
        settings: Settings = current_app.extensions["settings"]
        made = current_app.extensions["rate_limit"] = RateLimit(settings.redis_url)
    return made
