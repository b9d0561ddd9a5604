"""Ends everything the supervisor started when the supervisor itself is gone, even by kill -9.

The supervisor starts this file as a small program of its own and holds the writing end of its standard input. The
operating system closes that end when the supervisor ends, however it ends; the guardian reads end-of-file and stops
what is still registered, in stages. Standard library only, and started with ``python -I -S``, so that it stays small
and can never fail to start because of a package.

Lines it reads:

    add PID STAGE SIGNAL SECONDS    this process leads a session; stop it in that stage, politely first
    gone PID                        it has ended and was reaped; its number may belong to somebody else from now on
"""

from __future__ import annotations

import os
import select
import signal
import subprocess
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass

_LOOK_AGAIN = 0.02


@dataclass(frozen=True)
class Ward:
    """One process to stop: a session leader, when to stop it, and how to ask."""

    pid: int
    stage: int
    signal: int
    seconds: float
    """How long it may take after being asked before it is killed."""


def session_members(leader: int) -> list[int]:
    """All processes of the session this process leads (or led), as far as the system tells.

    A job that a worker forked is in a process group of its own but still in the worker's session.
    """
    if os.path.isdir("/proc/self"):
        return [pid for pid, session in _sessions_from_proc() if session == leader]
    # macOS has no /proc and its ps prints no session; the group is what can be had.
    listing = subprocess.run(["/bin/ps", "-A", "-o", "pid=,pgid=,stat="], capture_output=True, text=True, check=False)
    rows = (line.split() for line in listing.stdout.splitlines())
    return [int(row[0]) for row in rows if len(row) == 3 and row[1] == str(leader) and not row[2].startswith("Z")]


def _sessions_from_proc() -> Iterator[tuple[int, int]]:
    for name in os.listdir("/proc"):
        if name.isdigit():
            with suppress(OSError, ValueError, IndexError), open(f"/proc/{name}/stat", "rb") as file:
                # pid (name, which may hold spaces and brackets) state ppid pgrp session …, see proc(5)
                state, _parent, _group, session = file.read().rpartition(b")")[2].split()[:4]
                if state not in (b"Z", b"X"):
                    yield int(name), int(session)


def signal_session(leader: int, number: int) -> None:
    """Send a signal to every process of the session."""
    for pid in session_members(leader):
        signal_process(pid, number)


def signal_process(pid: int, number: int) -> None:
    """Send a signal; a process that is gone already is what we wanted."""
    with suppress(ProcessLookupError):
        os.kill(pid, number)


def stop_orphans(wards: list[Ward]) -> None:
    """Stop these processes, which are not our children, stage by stage."""
    for stage in sorted({ward.stage for ward in wards}):
        _stop_stage([ward for ward in wards if ward.stage == stage])


def _stop_stage(wards: list[Ward]) -> None:
    for ward in wards:
        if ward.pid in session_members(ward.pid):
            signal_process(ward.pid, ward.signal)
    started = time.monotonic()
    left = wards
    while left:
        for ward in left:
            is_late = time.monotonic() - started > ward.seconds
            leader_is_gone = ward.pid not in session_members(ward.pid)
            if is_late or leader_is_gone:
                # What outlives its leader has nobody left to tell it to stop.
                signal_session(ward.pid, signal.SIGKILL)
        left = [ward for ward in left if session_members(ward.pid)]
        time.sleep(_LOOK_AGAIN)


def _watch() -> list[Ward]:
    """Read registrations until the supervisor is gone; return what it left behind."""
    wards: dict[int, Ward] = {}
    supervisor = os.getppid()
    unread = b""
    while True:
        readable, _, _ = select.select([0], [], [], 1.0)
        if not readable:
            # A process that the supervisor forked may hold the pipe open; a changed parent says the same thing.
            if os.getppid() != supervisor:
                return list(wards.values())
            continue
        chunk = os.read(0, 65536)
        if not chunk:
            return list(wards.values())
        *lines, unread = (unread + chunk).split(b"\n")
        for line in lines:
            _note(line.decode("ascii").split(), wards)


def _note(words: list[str], wards: dict[int, Ward]) -> None:
    if words[0] == "add":
        pid, stage, number = int(words[1]), int(words[2]), int(words[3])
        wards[pid] = Ward(pid, stage, number, float(words[4]))
    else:
        wards.pop(int(words[1]), None)


def main() -> None:
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT):
        signal.signal(number, signal.SIG_IGN)
    stop_orphans(_watch())


if __name__ == "__main__":
    main()
