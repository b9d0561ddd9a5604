"""Many acts at the same instant, each in a thread and an application context of its own, on the real database."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import Any

from portal.errors import ProductError

THREADS = 32

Act = Callable[[], Any]


def at_once(*acts: Act) -> list[Any]:
    """Start all acts together; gives what each returned, or the product error it raised. Any other error is raised."""
    gate = Barrier(len(acts))

    def run(act: Act) -> Any:
        gate.wait(timeout=30)
        try:
            return act()
        except ProductError as error:
            return error

    with ThreadPoolExecutor(len(acts)) as threads:
        return [future.result(timeout=120) for future in [threads.submit(run, act) for act in acts]]


def refused(results: Sequence[Any]) -> list[ProductError]:
    """The acts that were told no."""
    return [result for result in results if isinstance(result, ProductError)]


def done(results: Sequence[Any]) -> list[Any]:
    """What the others returned."""
    return [result for result in results if not isinstance(result, ProductError)]
