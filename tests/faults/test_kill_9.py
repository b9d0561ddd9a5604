"""Every process is killed, one after the other, while leads come in, are offered, accepted, declined and passed on."""

from __future__ import annotations

import os
import signal
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx
import pytest

from tests.faults.crowd import Agents, Senders
from tests.faults.mailbox import Mailbox
from tests.faults.promises import (
    assert_acceptances_stand,
    assert_ended_on_time,
    assert_messages_arrived,
    assert_nothing_lost_or_doubled,
    span,
    wait_until_settled,
)
from tests.faults.shop import Shop, open_shop
from tests.faults.stack import Stack, eventually
from tests.supervisor.conftest import needs_linux

pytestmark = [pytest.mark.fault, needs_linux]

AGENTS = ("ana", "ben", "cem", "dora", "eli", "fay")
LATEST_END = 2.0
"""Seconds an offer may end late without the queue."""
AWAY = float(os.environ.get("BATON_QUEUE_AWAY", "7"))
"""Seconds Valkey stays away; a long run sets 300."""
WORK_REDONE = 35.0
"""Seconds after which what a killed worker held is done all the same."""


@pytest.fixture
def mailbox() -> Iterator[Mailbox]:
    with Mailbox() as running:
        # Long enough for a kill to fall between taking a message and saying so.
        running.hold = 0.05
        yield running


@pytest.fixture
def stack(mailbox: Mailbox) -> Iterator[Stack]:
    with Stack({"MAIL_SERVER": "127.0.0.1", "MAIL_PORT": str(mailbox.port)}) as running:
        yield running.start()


@pytest.fixture
def shop(stack: Stack) -> Shop:
    return open_shop(stack, AGENTS)


def by_lead(offer: dict[str, Any]) -> str | None:
    """Every third lead is accepted, every fourth of the others declined; most offers run out."""
    number = int(offer["lead_id"].replace("-", "")[-8:], 16)
    if number % 3 == 0:
        return "accept"
    return "decline" if number % 4 == 0 else None


def test_nothing_acknowledged_is_lost_or_doubled(stack: Stack, shop: Shop, mailbox: Mailbox) -> None:
    keys = {user_id: shop.key_of(email) for email, user_id in shop.agents.items()}
    with Agents(stack, keys, by_lead) as agents:
        with Senders(stack, shop.intake_key(), 100, per_second=100) as burst:
            kill_web_processes(stack, burst)
        with Senders(stack, shop.intake_key(), 2000, per_second=3, first=100) as steady:
            with span(stack) as of_the_workers:
                kill_workers(stack, steady)
            with span(stack) as of_the_queue:
                take_the_queue_away(stack, steady)
            steady.wait_for(100)
            steady.enough()
        wait_until_settled(stack)
    assert_nothing_lost_or_doubled(stack, burst, steady)
    assert_acceptances_stand(stack, agents)
    assert_messages_arrived(stack, mailbox)
    late_without_workers = assert_ended_on_time(stack, of_the_workers, WORK_REDONE)
    late_without_queue = assert_ended_on_time(stack, of_the_queue, LATEST_END)
    print(f"offers ended at most {late_without_workers:.2f} s late while workers were killed,")
    print(f"{late_without_queue:.2f} s late while the queue was away, full, emptied and hung")
    stack.assert_sound()


def kill_web_processes(stack: Stack, senders: Senders) -> None:
    """One that answers requests, then the one above it, then ask that one to end, as a deployment does."""
    senders.wait_for(20)
    os.kill(stack.children_of(stack.pid_of("web"))[0], signal.SIGKILL)
    senders.wait_for(45)
    stack.kill_and_wait("web")
    senders.wait_for(70)
    os.kill(stack.pid_of("web"), signal.SIGTERM)


def kill_workers(stack: Stack, senders: Senders) -> None:
    """The quick one, the outside one's running job, then both it and its job."""
    stack.kill_and_wait("quick")
    senders.wait_for(15)
    kill_a_running_job(stack)
    senders.wait_for(25)
    kill_a_running_job(stack)
    stack.kill_and_wait("outside")


def take_the_queue_away(stack: Stack, senders: Senders) -> None:
    """Valkey is killed and stays away, has no memory left, is emptied, and hangs."""
    with stack.without_queue():
        time.sleep(AWAY)
    stack.queue().config_set("maxmemory", 1)
    assert_pages_answer(stack)
    time.sleep(6)
    stack.queue().config_set("maxmemory", 0)
    stack.queue().flushall()
    senders.wait_for(len(senders.acknowledged) + 5)
    stack.pause(hung := stack.pid_of("valkey"))
    assert_pages_answer(stack)
    time.sleep(4)
    stack.resume(hung)


def assert_pages_answer(stack: Stack) -> None:
    """Also those that count how often they are asked for, and more of them at once than the web process has threads."""
    with ThreadPoolExecutor(10) as visitors:
        answers = visitors.map(lambda path: httpx.get(f"{stack.url}{path}", timeout=4).status_code, 5 * _COUNTED)
        assert Counter(answers) == {404: 10}
    assert httpx.get(f"{stack.url}/login", timeout=4).status_code == 200


_COUNTED = ("/o/wrong", "/set-password/wrong")


def kill_a_running_job(stack: Stack) -> None:
    """The child of the outside worker, while it has one."""
    worker = stack.pid_of("outside")
    eventually(lambda: bool(stack.children_of(worker)), "the outside worker to have a job")
    for child in stack.children_of(worker):
        os.kill(child, signal.SIGKILL)
