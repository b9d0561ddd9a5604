"""The weeks before today, told in seconds: what happens is put in order first, and happens one after the other.

Everything is done by operations, which go by the database's clock. So it all happens now, in the order it is told,
and beside each act stands the time it is told for. Afterwards `backdating` gives every row the time of its act.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from heapq import heappop, heappush
from itertools import count

from portal.queries.clock import database_time

Story = Iterator[datetime]
"""What happens to somebody or something: it does something, gives the time it goes on, and is called again then."""

Mark = tuple[datetime, datetime]
"""From this moment on, as the database's clock has it, what happens is told for that time."""


class ToldTime:
    """Runs stories side by side, each act at its time.

    Args:
        until: what would happen later is left untold.
    """

    def __init__(self, until: datetime) -> None:
        self.until = until
        self.marks: list[Mark] = []
        self._now = until
        self._order = count()
        self._waiting: list[tuple[datetime, int, Story]] = []

    @property
    def now(self) -> datetime:
        """The time the running act is told for."""
        return self._now

    def begin(self, at: datetime, story: Story) -> None:
        """Begin a story at a time."""
        heappush(self._waiting, (at, next(self._order), story))

    def tell(self, acts: int) -> bool:
        """Tell the next so many acts; whether there is more to tell."""
        for _ in range(acts):
            if not self._waiting or self._waiting[0][0] > self.until:
                return False
            at, _, story = heappop(self._waiting)
            self._mark(at)
            goes_on = next(story, None)
            if goes_on is not None:
                self.begin(max(goes_on, at), story)
        return True

    def _mark(self, at: datetime) -> None:
        real = database_time()
        if self.marks:
            # Two acts of one told moment are as far apart as they really were: nothing is told backwards.
            last_real, last_told = self.marks[-1]
            at = max(at, last_told + (real - last_real))
        self._now = at
        self.marks.append((real, at))
