"""PostgreSQL cuts its connections, restarts, is killed and stays away, while leads come in."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Iterator

import httpx
import pytest

from tests.faults.crowd import Senders
from tests.faults.promises import assert_nothing_lost_or_doubled, span, wait_until_settled
from tests.faults.shop import Shop, open_shop
from tests.faults.stack import Stack, eventually
from tests.supervisor.conftest import needs_linux

pytestmark = [pytest.mark.fault, needs_linux]

AWAY = float(os.environ.get("BATON_DATABASE_AWAY", "8"))
"""Seconds PostgreSQL stays away; a long run sets 60."""
HEALTHY_AGAIN = 5.0


@pytest.fixture
def stack() -> Iterator[Stack]:
    with Stack() as running:
        yield running.start()


@pytest.fixture
def shop(stack: Stack) -> Shop:
    return open_shop(stack, ("ana", "ben", "cem"))


def test_nothing_is_acknowledged_that_is_not_stored(stack: Stack, shop: Shop) -> None:
    key = shop.intake_key()
    with Senders(stack, key, 5000, per_second=12) as senders:
        senders.wait_for(20)
        cut_all_connections(stack)
        senders.wait_for(len(senders.acknowledged) + 20)
        kill_a_backend(stack)
        senders.wait_for(len(senders.acknowledged) + 20)
        restart(stack)
        senders.wait_for(len(senders.acknowledged) + 20)
        with stack.without_database():
            time.sleep(AWAY)
            told = httpx.post(f"{stack.url}/api/v1/leads", json={"name": "Now"}, headers=bearer(key), timeout=20)
            assert httpx.get(f"{stack.url}/healthz", timeout=5).status_code == 200
            assert "database" in httpx.get(f"{stack.url}/readyz", timeout=5).json()["missing"]
        assert (told.status_code, told.headers["Content-Type"]) == (503, "application/problem+json")
        assert int(told.headers["Retry-After"]) >= 1
        assert_healthy_soon_after_return(stack, senders)
        senders.enough()
    wait_until_settled(stack)
    assert 503 in {refusal for post in senders.posts for refusal in post.refusals}
    assert_nothing_lost_or_doubled(stack, senders)
    stack.assert_sound()


def cut_all_connections(stack: Stack) -> None:
    """As a proxy or an administrator does."""
    with stack.database() as connection:
        connection.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid <> pg_backend_pid()")


def kill_a_backend(stack: Stack) -> None:
    """PostgreSQL then ends all others and reads back its log, as after a crash."""
    backend = "SELECT min(pid) FROM pg_stat_activity WHERE backend_type = 'client backend' AND pid <> pg_backend_pid()"
    os.kill(stack.number(backend), signal.SIGKILL)


def restart(stack: Stack) -> None:
    """A "fast" shutdown; the supervisor starts it again."""
    before = stack.pid_of("postgres")
    os.kill(before, signal.SIGINT)
    stack.runs_again("postgres", but_not=before)


def assert_healthy_soon_after_return(stack: Stack, senders: Senders) -> None:
    with span(stack) as after_return:
        taken_before = len(senders.acknowledged)
        took = eventually(lambda: len(senders.acknowledged) > taken_before, "a lead to be taken in again")
        took += stack.wait_until_ready()
    print(f"healthy {took:.2f} s after PostgreSQL was back")
    assert took <= HEALTHY_AGAIN + after_return.machine_stood_still


def bearer(key: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {key}"}
