"""What must be true when the dust has settled: held against what those outside were promised."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime

from tests.faults.crowd import Agents, Senders
from tests.faults.mailbox import Mailbox
from tests.faults.stack import Stack, eventually

MOST_COPIES = 2


@dataclass
class Span:
    """From when to when something lasted, by the database's clock."""

    began: datetime
    ended: datetime
    machine_stood_still: float = 0.0
    """The longest that the machine kept a plain question to the database waiting meanwhile, in seconds."""


@contextmanager
def span(stack: Stack) -> Iterator[Span]:
    """Measure how long the block lasts, and beside it how late a machine with other work to do makes everything."""
    with stack.database() as connection:
        now = connection.execute("SELECT clock_timestamp()").fetchone()
        assert now is not None
        measured = Span(now[0], now[0])
        is_over = threading.Event()

        def ask() -> None:
            while not is_over.is_set():
                began = time.monotonic()
                is_over.wait(_ASK_EVERY)
                row = connection.execute("SELECT clock_timestamp()").fetchone()
                assert row is not None
                measured.ended = row[0]
                took = time.monotonic() - began
                measured.machine_stood_still = max(measured.machine_stood_still, took - _ASK_EVERY)

        thread = threading.Thread(target=ask, daemon=True)
        thread.start()
        try:
            yield measured
        finally:
            is_over.set()
            thread.join()


_ASK_EVERY = 0.1

_UNSETTLED = """
    SELECT (SELECT count(*) FROM offers WHERE state = 'open')
         + (SELECT count(*) FROM due_work WHERE kind IN ('end_offer', 'drain', 'send_message'))"""

_UNHAPPY = "SELECT cause, state, attempts, error FROM messages WHERE state <> 'sent'"


def wait_until_settled(stack: Stack, within: float = 90.0) -> float:
    """Wait until no offer runs and nothing is left to do; give the seconds it took."""
    return eventually(lambda: stack.number(_UNSETTLED) == 0, "every offer to end and every message to be sent", within)


def assert_nothing_lost_or_doubled(stack: Stack, *senders: Senders) -> None:
    """Every request that was sent made one lead, and its id is the one that was acknowledged."""
    for sender in senders:
        assert sender.faults == []
        assert len(sender.acknowledged) == len(sender.posts)
    promised = sorted((post.body["text"], post.id) for sender in senders for post in sender.posts)
    stored = sorted((text, str(lead_id)) for text, lead_id in stack.rows("SELECT text, id FROM leads"))
    assert stored == promised
    touches = stack.rows("SELECT lead_id, count(*) FROM touches GROUP BY lead_id HAVING count(*) > 1")
    assert touches == []


def assert_acceptances_stand(stack: Stack, agents: Agents) -> None:
    """Who was told the lead is theirs has it, and nobody else was ever given it."""
    assert agents.faults == []
    owners = {
        str(lead): str(owner) for lead, owner in stack.rows("SELECT id, owner_id FROM leads WHERE state = 'owned'")
    }
    assert agents.accepted.items() <= owners.items()
    twice = "SELECT lead_id FROM offers WHERE state = 'accepted' GROUP BY lead_id HAVING count(*) > 1"
    assert stack.rows(twice) == []


def assert_ended_on_time(stack: Stack, between: Span, seconds: float) -> float:
    """No offer due in this span ended before its window, none later than so many seconds after; gives the latest."""
    ended = """
        SELECT extract(epoch FROM ended_at - expires_at)::float FROM offers
        WHERE state = 'missed' AND expires_at BETWEEN %s AND %s"""
    late = [row[0] for row in stack.rows(ended, between.began, between.ended)]
    assert late, "no offer ran out, so nothing was shown"
    assert min(late) >= 0
    assert max(late) <= seconds + between.machine_stood_still, f"{between}; late by {sorted(late)[-5:]}"
    answered_late = "SELECT id FROM offers WHERE state IN ('accepted', 'declined') AND ended_at > expires_at"
    assert stack.rows(answered_late) == []
    return max(late)


def assert_messages_arrived(stack: Stack, mailbox: Mailbox) -> None:
    """Every message was taken by the server, at most twice, and is known to have been sent."""
    assert stack.rows(_UNHAPPY) == []
    copies = mailbox.copies()
    written = {f"<{message_id}@127.0.0.1>" for (message_id,) in stack.rows("SELECT id FROM messages")}
    assert copies.keys() == written
    assert [name for name, number in copies.items() if number > MOST_COPIES] == []
