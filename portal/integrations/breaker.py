"""Leaves a provider that is down in peace, so that messages keep their attempts for when it is back."""

from __future__ import annotations

import threading
from typing import Protocol

PAUSE = 30
"""Seconds without trying, after which one message is sent ahead to see."""
MOST_FAILURES = 5
"""Failures in a row, all about the provider itself, that mean it is down."""
_SUSPECT_FOR = 600


class Flags(Protocol):
    """Short notes all worker processes share, such as `portal.queue.WorkQueue` keeps."""

    def raise_flag(self, name: str, seconds: int) -> None: ...
    def lower_flag(self, name: str) -> None: ...
    def has_flag(self, name: str) -> bool: ...


class Breaker:
    """One channel's breaker during one batch; what it learns is shared through flags.

    Args:
        channel: whose provider it is about.
        flags: where other processes see it.
    """

    def __init__(self, channel: str, flags: Flags) -> None:
        self._down, self._suspect = f"down:{channel}", f"suspect:{channel}"
        self._flags = flags
        self._lock = threading.Lock()
        self._failures = 0
        self.is_open = flags.has_flag(self._down)
        """True = do not send."""
        self.is_suspect = flags.has_flag(self._suspect)
        """It was down lately: send one message alone first."""

    def failed(self) -> None:
        """The provider could not be reached, or said it is not available."""
        with self._lock:
            self._failures += 1
            if self.is_suspect or self._failures >= MOST_FAILURES:
                self.is_open = True
                self._flags.raise_flag(self._down, PAUSE)
                self._flags.raise_flag(self._suspect, _SUSPECT_FOR)

    def answered(self) -> None:
        """The provider took a message, or refused one: it is there."""
        with self._lock:
            self._failures = 0
            if self.is_suspect:
                self.is_suspect = False
                self._flags.lower_flag(self._suspect)
