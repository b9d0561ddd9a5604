"""Every process is killed, one after the other, while leads come in, are offered, accepted, declined and passed on."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from typing import Any

import pytest

from tests.faults.crowd import Agents, Senders
from tests.faults.mailbox import Mailbox
from tests.faults.promises import (
    assert_acceptances_stand,
    assert_ended_on_time,
    assert_messages_arrived,
    assert_nothing_lost_or_doubled,
    wait_until_settled,
)
from tests.faults.shop import Shop, open_shop
from tests.faults.stack import Stack, eventually
from tests.supervisor.conftest import needs_linux

pytestmark = [pytest.mark.fault, needs_linux]

AGENTS = ("ana", "ben", "cem", "dora", "eli", "fay")
LATEST_END = 2.0
"""Seconds an offer may end late while any worker runs, whatever else is missing."""


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
        with Senders(stack, shop.intake_key(), 120, per_second=100) as burst:
            burst.wait_for(20)
            kill_a_web_process(stack)
            burst.wait_for(60)
            stack.runs_again("web", but_not=stack.kill("web"))
        with Senders(stack, shop.intake_key(), 100, per_second=8, first=120) as steady:
            steady.wait_for(5)
            stack.runs_again("quick", but_not=stack.kill("quick"))
            steady.wait_for(15)
            kill_a_running_job(stack)
            steady.wait_for(25)
            kill_a_running_job(stack)
            stack.runs_again("outside", but_not=stack.kill("outside"))
            steady.wait_for(40)
            stack.runs_again("valkey", but_not=stack.kill("valkey"))
            steady.wait_for(55)
            stack.queue().flushall()
            steady.wait_for(65)
            stack.queue().config_set("maxmemory", 1)
            steady.wait_for(80)
            stack.queue().config_set("maxmemory", 0)
            steady.wait_for(90)
            os.kill(stack.pid_of("web"), signal.SIGTERM)
        wait_until_settled(stack)
    assert_nothing_lost_or_doubled(stack, burst, steady)
    assert_acceptances_stand(stack, agents)
    assert_messages_arrived(stack, mailbox)
    assert_ended_on_time(stack, LATEST_END)
    stack.assert_sound()


def kill_a_web_process(stack: Stack) -> None:
    """One of those that answer requests; their master starts another."""
    os.kill(stack.children_of(stack.pid_of("web"))[0], signal.SIGKILL)


def kill_a_running_job(stack: Stack) -> None:
    """The child of the outside worker, while it has one."""
    worker = stack.pid_of("outside")
    eventually(lambda: bool(stack.children_of(worker)), "the outside worker to have a job")
    for child in stack.children_of(worker):
        os.kill(child, signal.SIGKILL)
