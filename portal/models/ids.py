"""Ids made by the application, so that one statement can write rows that refer to each other."""

from __future__ import annotations

import os
import secrets
import threading
import time
from datetime import datetime
from uuid import UUID


class _Clock:
    """The last 60 bits given out: milliseconds and a counter, so ids of one process sort as they were made."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._last = 0

    def tick(self) -> int:
        fresh = time.time_ns() // 1_000_000 << 12
        with self._lock:
            self._last = max(fresh, self._last + 1)
            return self._last


_clock = _Clock()
os.register_at_fork(after_in_child=lambda: _clock.__init__())  # type: ignore[misc]


def first_id_of(moment: datetime) -> UUID:
    """The least id that could have been made at this moment: what came before it sorts before it."""
    return UUID(int=int(moment.timestamp() * 1000) << 80 | 0x7000 << 64 | 0b10 << 62)


def new_id() -> UUID:
    """A version 7 UUID (RFC 9562, section 5.7): time-ordered, so indexes grow at one end and lists page by it."""
    stamp = _clock.tick()
    high = (stamp >> 12) << 16 | 0x7000 | (stamp & 0xFFF)
    return UUID(int=high << 64 | 0b10 << 62 | secrets.randbits(62))
