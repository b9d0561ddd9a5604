"""Token buckets: in Valkey while it answers, in this process while it does not."""

from __future__ import annotations

import redis

from portal.integrations.rate_limit import RateLimit

# So slow that no token comes back while a test runs.
SLOWLY = 0.001


def test_a_bucket_gives_as_many_tokens_as_it_holds(valkey: str) -> None:
    limit = RateLimit(valkey)
    assert [limit.wait("ana", SLOWLY, 3) for _ in range(5)] == [0, 0, 0, 1000, 1000]


def test_each_name_has_its_own_bucket(valkey: str) -> None:
    limit = RateLimit(valkey)
    assert [limit.wait(name, SLOWLY, 1) for name in ("ana", "ben", "ana", "ben")] == [0, 0, 1000, 1000]


def test_all_processes_draw_from_one_bucket(valkey: str) -> None:
    first, second = RateLimit(valkey), RateLimit(valkey)
    assert [one.wait("ana", SLOWLY, 2) for one in (first, second, first, second)] == [0, 0, 1000, 1000]


def test_tokens_come_back_with_time(valkey: str) -> None:
    limit = RateLimit(valkey)
    assert limit.wait("ana", SLOWLY, 1) == 0
    assert limit.wait("ana", SLOWLY, 1) > 0
    # At this rate the bucket was full again long before anybody could ask.
    assert limit.wait("ana", 1e9, 1) == 0


def test_a_bucket_that_nobody_uses_is_forgotten(valkey: str) -> None:
    RateLimit(valkey).wait("ana", 300, 600)
    with redis.Redis.from_url(valkey) as client:
        assert 0 < client.pttl("rate:ana") <= 3000


def test_a_flushed_valkey_starts_with_full_buckets(valkey: str) -> None:
    limit = RateLimit(valkey)
    assert [limit.wait("ana", SLOWLY, 1) for _ in range(2)] == [0, 1000]
    with redis.Redis.from_url(valkey) as client:
        client.flushall()
        client.script_flush()
    assert [limit.wait("ana", SLOWLY, 1) for _ in range(2)] == [0, 1000]


def test_without_redis_each_process_counts_for_itself() -> None:
    limit = RateLimit("unix:///nowhere/valkey.sock")
    assert [limit.wait("ana", SLOWLY, 2) for _ in range(3)] == [0, 0, 1000]
    assert limit.wait("ben", SLOWLY, 2) == 0


def test_without_an_address_the_limit_holds_too() -> None:
    limit = RateLimit(None)
    assert [limit.wait("ana", SLOWLY, 1) for _ in range(2)] == [0, 1000]
    assert limit.wait("ana", 1e9, 1) == 0
