"""Guessing at offer links: only links that lead nowhere are counted, so nobody with a good one is ever turned away."""

from __future__ import annotations

import logging

from flask_limiter.util import get_remote_address
from limits import parse
from redis.exceptions import RedisError

from portal.errors import TooMany
from portal.extensions import limiter

log = logging.getLogger(__name__)

ALLOWED = parse("30 per 5 minutes")


def count_wrong_link() -> None:
    """Count one wrong link of this address.

    The counters live in Redis; while it is away guesses go uncounted, which 128 bits of token can bear.

    Raises:
        TooMany: there were too many from here.
    """
    try:
        is_within = limiter.limiter.hit(ALLOWED, "wrong offer link", get_remote_address())
    except RedisError as error:
        log.warning("wrong links are not counted: %s", type(error).__name__)
        return
    if not is_within:
        raise TooMany(
            ALLOWED.get_expiry(), "Too many links that lead nowhere came from here. Please wait five minutes."
        )
