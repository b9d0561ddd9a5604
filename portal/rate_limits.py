"""How often pages that can be guessed at may be tried, per address and per account."""

from __future__ import annotations

import math
import time
from hashlib import sha256

from flask import Flask, Response, current_app, request
from flask.typing import ResponseReturnValue
from flask_limiter import RateLimitExceeded
from redis.backoff import NoBackoff
from redis.retry import Retry

from portal.config import Settings
from portal.errors import TooMany
from portal.extensions import limiter

# A Redis that hangs must not hold a page's thread: there are few of them, and they serve everything else as well.
_IMPATIENT: dict[str, object] = {
    "socket_timeout": 0.1,
    "socket_connect_timeout": 0.1,
    "retry": Retry(NoBackoff(), 0),
}
_IN_PROCESS = "memory://"
_OFTEN = "30 per 5 minutes"
_PER_ACCOUNT = "10 per 15 minutes"
_MAILS_PER_ACCOUNT = "5 per hour"


def bind_rate_limits(app: Flask, settings: Settings) -> None:
    """Count in the queue's Redis, or in this process when there is none."""
    storage = _storage(settings.redis_url)
    app.config["RATELIMIT_STORAGE_URI"] = storage
    if settings.redis_url is not None:
        app.config["RATELIMIT_STORAGE_OPTIONS"] = _IMPATIENT
    app.config["RATELIMIT_KEY_PREFIX"] = "baton"
    limiter.init_app(app)
    # A view with a limit asks by itself. This looks for limits over whole areas, on every request, and there are none.
    app.before_request_funcs[None].remove(limiter._check_request_limit)
    app.register_error_handler(RateLimitExceeded, _too_many)


def _storage(redis_url: str | None) -> str:
    if redis_url is None:
        return _IN_PROCESS
    return f"redis+{redis_url}" if redis_url.startswith("unix:") else redis_url


def _too_many(_error: RateLimitExceeded) -> ResponseReturnValue:
    limit = limiter.current_limit
    wait = max(1, math.ceil(limit.reset_at - time.time())) if limit else 60
    minutes = math.ceil(wait / 60)
    detail = f"That was tried too often. Please wait {minutes} minute{'s' if minutes > 1 else ''}, then try again."
    return current_app.handle_user_exception(TooMany(wait, detail))


def _account_tried() -> str:
    """The account a form names, known or not: both are counted alike. Hashed, so that Redis holds no addresses."""
    return sha256(request.form.get("email", "").strip().lower().encode()).hexdigest()[:32]


def _was_refused(response: Response) -> bool:
    return response.status_code >= 400


# A right password costs nothing, so an office behind one address can sign in on Monday morning.
sign_in_per_address = limiter.limit(_OFTEN, methods=["POST"], deduct_when=_was_refused)
sign_in_per_account = limiter.limit(_PER_ACCOUNT, methods=["POST"], deduct_when=_was_refused, key_func=_account_tried)
mails_per_address = limiter.limit(_OFTEN, methods=["POST"])
mails_per_account = limiter.limit(_MAILS_PER_ACCOUNT, methods=["POST"], key_func=_account_tried)
links_per_address = limiter.limit(_OFTEN, deduct_when=_was_refused)
