"""A worker that stands still past its lease, and one that dies while it hands a message over."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from tests.faults.crowd import Senders
from tests.faults.mailbox import Mailbox
from tests.faults.promises import assert_nothing_lost_or_doubled, wait_until_settled
from tests.faults.shop import Shop, open_shop
from tests.faults.stack import Stack, eventually
from tests.supervisor.conftest import needs_linux

pytestmark = [pytest.mark.fault, needs_linux]

WORK_REDONE = 35.0
WAKES_UP_WITHIN = 3.0
"""Seconds it takes the second time."""
HELD_UP = 20.0
"""Seconds until leads come in and offers end again: the database lets go of a silent transaction after ten."""
SERVER_THINKS = 8.0
"""Seconds the mail server takes before it confirms: less than the sender's patience, enough to be caught in."""


@pytest.fixture
def mailbox() -> Iterator[Mailbox]:
    with Mailbox() as running:
        yield running


@pytest.fixture
def stack(mailbox: Mailbox) -> Iterator[Stack]:
    with Stack({"MAIL_SERVER": "127.0.0.1", "MAIL_PORT": str(mailbox.port)}) as running:
        yield running


def test_a_message_in_hand_is_sent_again_once_and_a_late_worker_changes_nothing(stack: Stack, mailbox: Mailbox) -> None:
    shop = open_shop(stack.start("--workers", "2"), ("ana",))
    # The second time as well: the late worker wakes up while another one is at it.
    mailbox.hold_for = {"pat@example.com": (SERVER_THINKS, WAKES_UP_WITHIN), "kim@example.com": (SERVER_THINKS,)}

    paused = job_that_writes_to("pat", stack, shop, mailbox)
    stack.pause(paused, parent := parent_of(stack, paused))
    killed = job_that_writes_to("kim", stack, shop, mailbox, but_not=paused)
    os.kill(killed, signal.SIGKILL)
    killed_at = time.time()

    again = mailbox.wait_for("pat@example.com", number=2, within=WORK_REDONE)
    stack.resume(parent, paused)
    redone = mailbox.wait_for("kim@example.com", number=2, within=WORK_REDONE)
    print(f"the message of the killed job was sent again after {redone.taken_at - killed_at:.1f} s")
    wait_until_settled(stack)
    eventually(lambda: paused not in stack.pids_of("outside"), "the resumed job to end")

    told = stack.rows("SELECT state, error FROM messages")
    assert told == [("sent", None)] * 3
    # Only the one who holds it knows that the server has confirmed it, and when.
    sent_at = stack.number("SELECT sent_at FROM messages WHERE \"to\" = 'pat@example.com'")
    assert sent_at.timestamp() >= again.taken_at + WAKES_UP_WITHIN
    assert sorted(mailbox.copies().values()) == [1, 2, 2]
    stack.assert_sound()


def job_that_writes_to(name: str, stack: Stack, shop: Shop, mailbox: Mailbox, but_not: int = 0) -> int:
    """Add this person; give the process that is just handing over the mail to them, which the server has by then."""
    shop.api.post("/users", name=name.title(), email=f"{name}@example.com")
    mailbox.wait_for(f"{name}@example.com")

    def jobs() -> list[int]:
        workers = stack.pids_of("outside")
        return [job for worker in workers for job in stack.children_of(worker) if but_not not in (job, worker)]

    # Another one may just be looking in vain for something to do; this one is held by the mail server.
    eventually(lambda: len(jobs()) == 1, "only the job that hands the mail over to run")
    return jobs()[0]


def parent_of(stack: Stack, pid: int) -> int:
    return next(process.parent for process in stack.processes() if process.pid == pid)


def test_a_quick_worker_that_stops_inside_a_transaction_holds_nobody_up_for_long(stack: Stack) -> None:
    shop = open_shop(stack.start(), ("ana", "ben"))
    with Senders(stack, shop.intake_key(), 1, per_second=1) as first:
        first.finish()
    with pool_locked(stack, shop.pool_id):
        eventually(lambda: somebody_waits_for_a_lock(stack), "the quick worker to wait for the pool")
        stack.pause(quick := stack.pid_of("quick"))
    # The worker now has the pool's lock and does nothing with it.
    began = time.monotonic()
    with Senders(stack, shop.intake_key(), 5, per_second=5, first=1) as senders:
        eventually(lambda: missed(stack) >= 1, "the first offer to end", WORK_REDONE)
        print(f"offers end again {time.monotonic() - began:.1f} s after a worker stopped inside a transaction")
    assert time.monotonic() - began < HELD_UP
    stack.resume(quick)
    wait_until_settled(stack)
    assert_nothing_lost_or_doubled(stack, first, senders)
    stack.assert_sound()


@contextmanager
def pool_locked(stack: Stack, pool_id: str) -> Iterator[None]:
    with stack.database() as connection, connection.transaction():
        connection.execute("SELECT FROM pools WHERE id = %s FOR UPDATE", [pool_id])
        yield


def somebody_waits_for_a_lock(stack: Stack) -> bool:
    return bool(stack.number("SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock'"))


def missed(stack: Stack) -> int:
    return int(stack.number("SELECT count(*) FROM offers WHERE state = 'missed'"))
