"""What is counted and timed, by name. Operations count after their commit; `/metrics` adds all processes up.

Each process writes numbers into a small memory-mapped file in INSTANCE_DIR/metrics, one numbered slot per process. A
slot is free again when its process ends, and the next process counts on from where it stood: so counters survive
restarts, and the folder never holds more files than processes ever ran at once.
"""

from __future__ import annotations

import fcntl
import os
from collections.abc import Callable, Iterable
from itertools import count
from pathlib import Path
from typing import Generic, TypeVar

import prometheus_client
from prometheus_client import CollectorRegistry, values
from prometheus_client.metrics import MetricWrapperBase
from prometheus_client.multiprocess import MultiProcessCollector

_FOLDER = "PROMETHEUS_MULTIPROC_DIR"  # The name under which the library looks for it.

Kind = TypeVar("Kind", bound=MetricWrapperBase)

_to_forget: list[Callable[[], None]] = []


class _Named(Generic[Kind]):
    """A metric made when it is first used: after the folder is known, and again after a fork."""

    def __init__(self, make: Callable[[], Kind]) -> None:
        self._make = make
        self._made: Kind | None = None
        self._children: dict[tuple[str, ...], Kind] = {}
        _to_forget.append(self.forget)

    def labels(self, *values: str) -> Kind:
        """The one counter or histogram with these label values, in the order of the label names."""
        child = self._children.get(values)
        if child is None:
            child = self._children[values] = self._whole().labels(*values)
        return child

    def alone(self) -> Kind:
        """The metric itself, for one without labels."""
        return self._whole()

    def forget(self) -> None:
        self._made, self._children = None, {}

    def _whole(self) -> Kind:
        if self._made is None:
            self._made = self._make()
        return self._made


class _Timer:
    """A histogram of seconds without labels."""

    def __init__(self, name: str, what: str, buckets: Iterable[float]) -> None:
        self._named = _Named(
            lambda: prometheus_client.Histogram(name, what, buckets=tuple(buckets), registry=None),
        )

    def observe(self, seconds: float) -> None:
        """Note one length of time, in seconds."""
        self._named.alone().observe(seconds)


def _counter(name: str, what: str, *labels: str) -> _Named[prometheus_client.Counter]:
    return _Named(lambda: prometheus_client.Counter(name, what, labels, registry=None))


INTAKE = _counter("baton_intake", "Leads taken in, by what became of them at once.", "outcome")
DECISIONS = _counter("baton_decisions", "Routing decisions.", "stage", "outcome")
OFFERS_ENDED = _counter("baton_offers_ended", "Offers that ended, by how.", "end")
MESSAGES = _counter("baton_messages", "Messages that reached a state on their way out.", "channel", "state")
HAND_OUTS = _counter(
    "baton_hand_outs", "Due work given to the queue (queue), or done by the pulse itself (pulse).", "by"
)
QUEUE_AWAY = _counter("baton_queue_away", "Times the queue did not answer, by what was tried.", "doing")
NEWS_LOST = _counter("baton_news_lost", "Changes no open page was told of, because the queue was away for too long.")
STREAMS_DROPPED = _counter("baton_streams_dropped", "Live-update streams cut because their reader was too slow.")
CLOCK_JUMPS = _counter("baton_clock_jumps", "Jumps of the database's clock that paused timeouts.", "direction")
EXPIRY_LAG = _Timer(
    "baton_expiry_lag_seconds",
    "From the end of an offer's window to the lead being passed on.",
    (0.05, 0.1, 0.2, 0.3, 0.4, 0.6, 0.8, 1.0, 1.5, 2.0, 3.0, 5.0, 10.0, 30.0, 120.0),
)


class _Slot:
    """The number this process writes under. Held by a lock that ends with the process, however it ends."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._owner = 0
        self._number = 0
        self._lock = -1

    def __call__(self) -> int:
        if self._owner != os.getpid():
            self._take()
        return self._number

    def _take(self) -> None:
        if self._lock >= 0:
            # Inherited through a fork: ours is a copy, and closing it leaves our parent's lock in place.
            os.close(self._lock)
        for number in count():
            descriptor = os.open(self._folder / f"{number}.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                os.close(descriptor)
                continue
            self._owner, self._number, self._lock = os.getpid(), number, descriptor
            return


_slot: _Slot | None = None


def keep_in(instance_dir: Path) -> None:
    """Count in files below this folder from now on, so that all processes can be added up.

    Before it is called, and in programs that never call it, counting stays in memory.

    Args:
        instance_dir: absolute; made when it is missing.
    """
    global _slot
    folder = instance_dir / "metrics"
    if os.environ.get(_FOLDER) == str(folder) and _slot is not None:
        return
    folder.mkdir(parents=True, exist_ok=True)
    os.environ[_FOLDER] = str(folder)
    _slot = _Slot(folder)
    _start_afresh()


def exposed(*others: object) -> bytes:
    """All numbers of all processes in the text format of Prometheus.

    Args:
        others: further collectors (with a `collect` method), asked now.
    """
    registry = CollectorRegistry()
    if _slot is not None:
        MultiProcessCollector(registry, os.environ[_FOLDER])  # type: ignore[no-untyped-call]
    for other in others:
        registry.register(other)  # type: ignore[arg-type]
    return prometheus_client.generate_latest(registry)


def _start_afresh() -> None:
    """Forget values that belong to another folder, or to the process we were forked from.

    A fork may have happened while another thread held the library's lock; new values come with a new lock.
    """
    if _slot is not None:
        values.ValueClass = values.MultiProcessValue(_slot)  # type: ignore[no-untyped-call]
    for forget in _to_forget:
        forget()


os.register_at_fork(after_in_child=_start_afresh)
