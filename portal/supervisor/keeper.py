"""Keeps programs running: prints what they say, starts again what ends, stops them all in order.

One thread, one ``select`` over the children's output and a wake-up socket that every signal (also SIGCHLD) writes to.
"""

from __future__ import annotations

import os
import selectors
import signal
import socket
import sys
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from types import FrameType, TracebackType
from typing import Any, Self

from portal.supervisor.processes import Command, Guardian, Process, start, stop_in_stages
from portal.supervisor.refusal import RefusalError

FIRST_PAUSE = 0.1
LONGEST_PAUSE = 10.0
HEALTHY_AFTER = 30.0
"""Seconds a program must have run for the pause before its next start to be short again."""

_TICK = 0.05
_GUARDIAN_LOOK = 1.0
_LONGEST_LINE = 65536
_STOP_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class StopRequested(Exception):  # noqa: N818 (not an error)
    """Somebody pressed Ctrl-C or sent SIGTERM or SIGHUP."""


@dataclass
class Kept:
    """A program that is kept running."""

    make: Callable[[], Command]
    process: Process
    pause: float = FIRST_PAUSE
    start_at: float | None = None
    """When it is started again; None while it runs."""
    failures: int = 0
    """How often it ended or could not be started."""


class Keeper:
    """Use as a context manager in the main thread: leaving it stops everything, however it is left.

    Args:
        environ: added to the environment of every program.
    """

    def __init__(self, guardian: Guardian, environ: Mapping[str, str]) -> None:
        self._guardian = guardian
        self._environ = dict(environ)
        self._selector = selectors.DefaultSelector()
        self._kept: list[Kept] = []
        self._passing: list[Process] = []
        self._unread: dict[int, bytes] = {}
        self._stop_requests = 0
        self._is_stopping = False
        self._guardian_seen_at = time.monotonic()

    # Starting and stopping

    def __enter__(self) -> Self:
        self._woken, waker = socket.socketpair()
        for end in (self._woken, waker):
            end.setblocking(False)
        self._waker = waker
        self._selector.register(self._woken, selectors.EVENT_READ)
        self._old_wakeup = signal.set_wakeup_fd(waker.fileno(), warn_on_full_buffer=False)
        self._old_handlers: dict[int, Any] = {}
        for number in _STOP_SIGNALS:
            # nohup sets SIGHUP to be ignored, and means it.
            if signal.getsignal(number) is not signal.SIG_IGN or number != signal.SIGHUP:
                self._old_handlers[number] = signal.signal(number, self._note_stop)
        # Needs a handler to be noticed at all; what ended is found by asking every child.
        self._old_handlers[signal.SIGCHLD] = signal.signal(signal.SIGCHLD, lambda _number, _frame: None)
        return self

    def __exit__(
        self, _type: type[BaseException] | None, _error: BaseException | None, _trace: TracebackType | None
    ) -> None:
        self._is_stopping = True
        asked = self._stop_requests
        processes = [*(kept.process for kept in self._kept), *self._passing]
        # A second Ctrl-C means now.
        stop_in_stages(processes, self._turn, lambda: self._stop_requests > asked)
        self._turn(0)
        self._guardian.dismiss()
        signal.set_wakeup_fd(self._old_wakeup)
        for number, handler in self._old_handlers.items():
            signal.signal(number, handler)
        self._selector.close()
        self._woken.close()
        self._waker.close()

    def keep(self, make: Callable[[], Command]) -> Kept:
        """Start this program and start it again whenever it ends.

        Args:
            make: gives the command; called before every start, so that it can clear away what the last run left.

        Raises:
            StopRequested: somebody asked to stop while it was being made.
        """
        try:
            kept = Kept(make, self._start(make()))
        except RefusalError:
            # A terminal sends its Ctrl-C to whatever runs in there too (initdb), which then fails; that is no news.
            if self._stop_requests:
                raise StopRequested from None
            raise
        self._kept.append(kept)
        return kept

    def run_to_end(self, command: Command) -> int:
        """Run a program once; return its exit status. Raises StopRequested."""
        process = self._start(command)
        self._passing.append(process)
        self.until(lambda: process.ended() is not None)
        self._passing.remove(process)
        status = process.ended()
        assert status is not None
        return status

    def until(self, is_so: Callable[[], bool], seconds: float = float("inf")) -> bool:
        """Keep everything running until this is so (True) or that much time has passed (False).

        Raises:
            StopRequested: somebody asked to stop meanwhile.
        """
        ends_at = time.monotonic() + seconds
        while True:
            if self._stop_requests:
                raise StopRequested
            if is_so():
                return True
            if time.monotonic() >= ends_at:
                return False
            self._turn(_TICK)

    def say(self, line: str) -> None:
        """Print a line of our own."""
        self._print("portal", line)

    def _start(self, command: Command) -> Process:
        command = replace(command, environ={**command.environ, **self._environ})
        process = start(command, self._guardian)
        descriptor = process.output.fileno()
        os.set_blocking(descriptor, False)
        self._unread[descriptor] = b""
        self._selector.register(process.output, selectors.EVENT_READ, process)
        return process

    def _note_stop(self, _number: int, _frame: FrameType | None) -> None:
        self._stop_requests += 1

    # One turn of the loop

    def _turn(self, seconds: float) -> None:
        for key, _ in self._selector.select(seconds):
            if key.data is None:
                with suppress(BlockingIOError):
                    self._woken.recv(4096)
            else:
                self._read(key.data)
        if not self._is_stopping:
            for kept in self._kept:
                self._look_after(kept)
            self._look_after_guardian()

    def _look_after(self, kept: Kept) -> None:
        now = time.monotonic()
        if kept.start_at is None:
            status = kept.process.ended()
            if status is None:
                return
            if now - kept.process.started_at >= HEALTHY_AFTER:
                kept.pause = FIRST_PAUSE
            self._put_off(kept, f"ended ({_how(status)})")
        elif now >= kept.start_at:
            try:
                kept.process = self._start(kept.make())
            except (RefusalError, OSError) as refusal:
                self._put_off(kept, f"cannot be started ({refusal})")
            else:
                kept.start_at = None

    def _put_off(self, kept: Kept, why: str) -> None:
        self.say(f"{kept.process.command.name} {why}, starting it again in {kept.pause:.1f} s")
        kept.start_at = time.monotonic() + kept.pause
        kept.pause = min(kept.pause * 2, LONGEST_PAUSE)
        kept.failures += 1

    def _look_after_guardian(self) -> None:
        now = time.monotonic()
        if now - self._guardian_seen_at < _GUARDIAN_LOOK:
            return
        self._guardian_seen_at = now
        if self._guardian.revive():
            self.say("the guardian was killed, started it again")

    # Output

    def _read(self, process: Process) -> None:
        descriptor = process.output.fileno()
        try:
            chunk = os.read(descriptor, 65536)
        except BlockingIOError:
            return
        *lines, unread = (self._unread[descriptor] + chunk).split(b"\n")
        if not chunk or len(unread) > _LONGEST_LINE:
            lines, unread = [*lines, *([unread] if unread else [])], b""
        self._unread[descriptor] = unread
        for line in lines:
            self._print(process.command.name, line.decode("utf-8", "replace").rstrip("\r"))
        if not chunk:
            self._selector.unregister(process.output)
            del self._unread[descriptor]
            process.output.close()

    def _print(self, name: str, line: str) -> None:
        # Whoever read our output may be gone; that is no reason to stop serving.
        with suppress(BrokenPipeError):
            sys.stdout.write(f"{name:<10}| {line}\n")
            sys.stdout.flush()


def _how(status: int) -> str:
    if status >= 0:
        return f"exit status {status}"
    with suppress(ValueError):
        return f"killed by {signal.Signals(-status).name}"
    return f"killed by signal {-status}"
