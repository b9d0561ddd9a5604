"""Ids made by the application, so that one statement can write rows that refer to each other."""

from __future__ import annotations

import os
import threading
import time
from datetime import datetime
from uuid import UUID

BYTES_AHEAD = 4096


class _Source:
    """What ids are made of: the last 60 bits of time given out, milliseconds and a counter, so that ids of one process
    sort as they were made; and chance, of which the system gives a page at a time as quickly as a few bytes."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._last = 0
        self._chance = b""

    def next(self) -> tuple[int, int]:
        """60 bits that grow, and 62 that nobody can guess."""
        fresh = time.time_ns() // 1_000_000 << 12
        with self._lock:
            self._last = max(fresh, self._last + 1)
            if not self._chance:
                self._chance = os.urandom(BYTES_AHEAD)
            chance, self._chance = self._chance[:8], self._chance[8:]
            return self._last, int.from_bytes(chance) >> 2


_source = _Source()
# A child must not go on with what its parent has drawn.
os.register_at_fork(after_in_child=lambda: _source.__init__())  # type: ignore[misc]


def first_id_of(moment: datetime) -> UUID:
    """The least id that could have been made at this moment: what came before it sorts before it."""
    return UUID(int=int(moment.timestamp() * 1000) << 80 | 0x7000 << 64 | 0b10 << 62)


def new_id() -> UUID:
    """A version 7 UUID (RFC 9562, section 5.7): time-ordered, so indexes grow at one end and lists page by it."""
    stamp, chance = _source.next()
    high = (stamp >> 12) << 16 | 0x7000 | (stamp & 0xFFF)
    return UUID(int=high << 64 | 0b10 << 62 | chance)
