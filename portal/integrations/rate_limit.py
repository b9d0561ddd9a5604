"""How many requests one sender may make: a token bucket in Redis, shared by all web processes.

When Redis does not answer within 50 ms, a bucket of this process takes over: intake keeps answering, and a sender
gets at most as many times the limit as there are processes.
"""

from __future__ import annotations

import math
import threading
import time
from collections import OrderedDict
from dataclasses import dataclass

import redis
from redis.backoff import NoBackoff
from redis.exceptions import NoScriptError, RedisError
from redis.retry import Retry

LONGEST_WAIT = 0.05
"""Seconds Redis may take."""
TRY_AGAIN_AFTER = 1.0
"""Seconds without asking Redis after it failed, so that not every request waits for it."""
_MOST_BUCKETS = 10_000

# One hash per sender: tokens left and when that was. Redis' own clock, so that web machines need not agree on the time.
_SCRIPT = """
local rate, burst = tonumber(ARGV[1]), tonumber(ARGV[2])
local now = redis.call('TIME')
now = now[1] + now[2] / 1000000
local kept = redis.call('HMGET', KEYS[1], 't', 'a')
local tokens = burst
if kept[1] then tokens = math.min(burst, tonumber(kept[1]) + (now - tonumber(kept[2])) * rate) end
local wait = 0
if tokens >= 1 then tokens = tokens - 1 else wait = (1 - tokens) / rate end
redis.call('HSET', KEYS[1], 't', tostring(tokens), 'a', string.format('%.6f', now))
redis.call('PEXPIRE', KEYS[1], math.ceil(burst / rate * 1000) + 1000)
return tostring(wait)
"""


@dataclass(slots=True)
class _Bucket:
    tokens: float
    at: float


class RateLimit:
    """Token buckets by name.

    Args:
        redis_url: where buckets are kept; None = in this process only.
    """

    def __init__(self, redis_url: str | None) -> None:
        self._redis = None
        if redis_url is not None:
            self._redis = redis.Redis.from_url(
                redis_url, socket_timeout=LONGEST_WAIT, socket_connect_timeout=LONGEST_WAIT, retry=Retry(NoBackoff(), 0)
            )
        self._digest = ""
        self._silent_until = 0.0
        self._buckets: OrderedDict[str, _Bucket] = OrderedDict()
        self._lock = threading.Lock()

    def wait(self, name: str, rate: float, burst: float) -> int:
        """Take one token.

        Args:
            name: whose bucket.
            rate: tokens a second.
            burst: how many fit in.

        Returns:
            0 when there was one; else whole seconds until there is one again.
        """
        seconds = self._ask_redis(name, rate, burst)
        if seconds is None:
            seconds = self._own_bucket(name, rate, burst)
        return math.ceil(seconds)

    def _ask_redis(self, name: str, rate: float, burst: float) -> float | None:
        if self._redis is None or time.monotonic() < self._silent_until:
            return None
        try:
            return self._run(f"rate:{name}", rate, burst)
        except RedisError:
            self._silent_until = time.monotonic() + TRY_AGAIN_AFTER
            return None

    def _run(self, key: str, rate: float, burst: float) -> float:
        assert self._redis is not None
        try:
            return self._evaluate(key, rate, burst)
        except NoScriptError:
            # The first call of this process, or Redis was restarted or flushed.
            self._digest = str(self._redis.script_load(_SCRIPT))
            return self._evaluate(key, rate, burst)

    def _evaluate(self, key: str, rate: float, burst: float) -> float:
        assert self._redis is not None
        return float(self._redis.evalsha(self._digest, 1, key, rate, burst))

    def _own_bucket(self, name: str, rate: float, burst: float) -> float:
        now = time.monotonic()
        with self._lock:
            bucket = self._buckets.pop(name, None) or _Bucket(burst, now)
            self._buckets[name] = bucket
            if len(self._buckets) > _MOST_BUCKETS:
                # The one unused for longest has filled up by now, or belongs to somebody who gave up.
                self._buckets.popitem(last=False)
            bucket.tokens = min(burst, bucket.tokens + (now - bucket.at) * rate)
            bucket.at = now
            if bucket.tokens >= 1:
                bucket.tokens -= 1
                return 0.0
            return (1 - bucket.tokens) / rate
