"""Who owns the running servers of an INSTANCE_DIR, so that two starts do not race.

The owner is one process: ``portal up``, or a command that needed a database for a moment. It holds a lock that the
operating system releases when the owner *and its guardian* are gone, however they end. Everybody else may use the
servers while they run, and says so with a shared lock, which a passing owner waits for before it stops them.
"""

from __future__ import annotations

import fcntl
import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass

from portal.supervisor.places import Places
from portal.supervisor.refusal import RefusalError

_LOOK_AGAIN = 0.05
_PATIENCE = 90.0
"""Seconds to wait for an owner that is just starting, stopping, or was killed and is being cleared away."""


class OwnershipError(RefusalError):
    """The servers belong to somebody who does not let go; the message says who."""


@dataclass(frozen=True, slots=True)
class Ownership:
    """Proof of being the owner."""

    descriptor: int
    """The locked file; whoever inherits it keeps the lock held."""

    def release(self) -> None:
        # Closed, not unlocked: a guardian that still clears away keeps the lock until it is done.
        os.close(self.descriptor)


def try_to_own(places: Places, lasting: bool) -> Ownership | None:
    """Become the owner if there is none.

    Args:
        lasting: True for ``portal up``, False for a command that is over in a moment.
    """
    descriptor = _lock(places.lock, fcntl.LOCK_EX)
    if descriptor is None:
        return None
    os.ftruncate(descriptor, 0)
    os.write(descriptor, f"{'up' if lasting else 'command'} {os.getpid()}\n".encode("ascii"))
    return Ownership(descriptor)


def own(places: Places, lasting: bool) -> Ownership:
    """Become the owner, waiting for one who is only passing.

    Raises:
        OwnershipError: ``portal up`` runs already, or nobody let go in time.
    """
    until = time.monotonic() + _PATIENCE
    while (ownership := try_to_own(places, lasting)) is None:
        kind, pid = _owner(places)
        if kind == "up" and _is_alive(pid):
            raise OwnershipError(f"The portal is already running from {places.instance_dir} (process {pid}).")
        if time.monotonic() > until:
            raise OwnershipError(f"The servers in {places.instance_dir} are still held by process {pid}.")
        time.sleep(_LOOK_AGAIN)
    return ownership


@contextmanager
def own_or_use(places: Places, is_ready: Callable[[], bool]) -> Iterator[Ownership | None]:
    """Become the owner for a moment (gives the Ownership), or use what somebody else runs (gives None).

    Args:
        is_ready: whether the servers answer.

    Raises:
        OwnershipError: there is an owner, but its servers do not answer in time.
    """
    until = time.monotonic() + _PATIENCE
    while True:
        ownership = try_to_own(places, lasting=False)
        if ownership is not None:
            try:
                yield ownership
            finally:
                ownership.release()
            return
        # The shared lock first, the question second: an owner who stops after the answer has to wait for us.
        using = _lock(places.users_lock, fcntl.LOCK_SH)
        if using is not None:
            try:
                if is_ready():
                    yield None
                    return
            finally:
                os.close(using)
        if time.monotonic() > until:
            _kind, pid = _owner(places)
            raise OwnershipError(f"The servers of process {pid} in {places.instance_dir} do not answer.")
        time.sleep(_LOOK_AGAIN)


@contextmanager
def without_users(places: Places) -> Iterator[None]:
    """Wait until nobody else uses our servers and let nobody in while they stop."""
    until = time.monotonic() + _PATIENCE
    while (alone := _lock(places.users_lock, fcntl.LOCK_EX)) is None and time.monotonic() < until:
        time.sleep(_LOOK_AGAIN)
    try:
        yield
    finally:
        if alone is not None:
            os.close(alone)


def _lock(path: os.PathLike[str], how: int) -> int | None:
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(descriptor, how | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(descriptor)
        return None
    return descriptor


def _owner(places: Places) -> tuple[str, int]:
    with suppress(FileNotFoundError, ValueError):
        kind, pid = places.lock.read_text(encoding="ascii").split()
        return kind, int(pid)
    return "command", 0


def _is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
