"""One child process at a time: started in a session of its own, registered with the guardian, stopped whole."""

from __future__ import annotations

import ctypes
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from enum import IntEnum
from pathlib import Path
from typing import IO

from portal.supervisor import guardian as guardian_program
from portal.supervisor.guardian import session_members, signal_process, signal_session

_LOOK_AGAIN = 0.02
_PR_SET_PDEATHSIG = 1
_GUARDIAN_FILE = Path(guardian_program.__file__)


class Stage(IntEnum):
    """The order in which processes are stopped: what uses a server goes before the server."""

    WORK = 0
    QUEUE = 1
    DATABASE = 2


@dataclass(frozen=True, slots=True)
class Command:
    """What to run and how to stop it."""

    name: str
    """Short; the prefix of its lines of output."""
    arguments: Sequence[str]
    stage: Stage = Stage.WORK
    environ: Mapping[str, str] = field(default_factory=dict)
    """Added to our own environment."""
    folder: Path = Path("/")
    stop_signal: signal.Signals = signal.SIGTERM
    stop_seconds: float = 8.0
    """How long it may take to end after the signal before it is killed."""
    runs_as: int | None = None
    """uid and gid to run under instead of our own (only root may set this)."""


class Guardian:
    """The supervisor's end of the guardian program (see guardian.py for what it does and why).

    Args:
        keeps: file descriptors it shares with us until it ends, so that a lock on them outlives a kill -9 of ours
            exactly as long as something of ours still runs.
    """

    def __init__(self, keeps: Sequence[int] = ()) -> None:
        self._keeps = tuple(keeps)
        self._wards: dict[int, str] = {}
        self._start()

    def _start(self) -> None:
        self._program = subprocess.Popen(
            [sys.executable, "-I", "-S", str(_GUARDIAN_FILE)],
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            cwd="/",
            start_new_session=True,
            pass_fds=self._keeps,
        )

    @property
    def pid(self) -> int:
        return self._program.pid

    @property
    def pipe(self) -> int:
        """Where registrations are written to."""
        assert self._program.stdin is not None
        return self._program.stdin.fileno()

    def remember(self, pid: int, line: str) -> None:
        """Keep a registration the child has written itself, for a guardian that has to be started anew."""
        self._wards[pid] = line

    def forget(self, pid: int) -> None:
        """Say that this process was reaped."""
        self._wards.pop(pid, None)
        self._write(f"gone {pid}\n")

    def revive(self) -> bool:
        """Start the guardian again if it was killed. True if it had to be."""
        if self._program.poll() is None:
            return False
        self._close_pipe()
        self._start()
        for line in self._wards.values():
            self._write(line)
        return True

    def dismiss(self) -> None:
        """End the guardian; it first ends what is still registered."""
        self._close_pipe()
        self._program.wait()

    def _write(self, line: str) -> None:
        with suppress(BrokenPipeError):
            os.write(self.pipe, line.encode("ascii"))

    def _close_pipe(self) -> None:
        assert self._program.stdin is not None
        with suppress(BrokenPipeError):
            self._program.stdin.close()


class Process:
    """A running child. Make it with :func:`start`."""

    def __init__(self, command: Command, popen: subprocess.Popen[bytes], guardian: Guardian) -> None:
        self.command = command
        self.started_at = time.monotonic()
        self._popen = popen
        self._guardian = guardian
        self._is_reaped = False

    @property
    def pid(self) -> int:
        return self._popen.pid

    @property
    def output(self) -> IO[bytes]:
        """Its output, if it was started with a pipe."""
        assert self._popen.stdout is not None
        return self._popen.stdout

    def ended(self) -> int | None:
        """The exit status (negative: the signal that ended it), or None while it runs.

        The first time it is seen ended, whatever it left behind in its session is killed: a worker that was killed
        leaves its running job, a web server its children, still bound to the port.
        """
        status = self._popen.poll()
        if status is not None and not self._is_reaped:
            signal_session(self.pid, signal.SIGKILL)
            self._guardian.forget(self.pid)
            self._is_reaped = True
        return status

    def ask_to_stop(self) -> None:
        """Send the signal it stops on."""
        if self.ended() is None:
            signal_process(self.pid, self.command.stop_signal)

    def kill(self) -> None:
        """Kill it and everything in its session."""
        if self.ended() is None:
            signal_session(self.pid, signal.SIGKILL)


def start(command: Command, guardian: Guardian, output: int | IO[bytes] = subprocess.PIPE) -> Process:
    """Start a child in a session of its own, so that a Ctrl-C in the terminal reaches only the supervisor.

    Args:
        output: where standard output and error go; a pipe by default.

    Raises:
        OSError: the program cannot be started.
    """
    line = f"{command.stage.value} {command.stop_signal.value} {command.stop_seconds}\n"
    other_user = {"user": command.runs_as, "group": command.runs_as, "extra_groups": []} if command.runs_as else {}
    popen = subprocess.Popen(  # type: ignore[call-overload]
        list(command.arguments),
        stdin=subprocess.DEVNULL,
        stdout=output,
        stderr=subprocess.STDOUT,
        cwd=command.folder,
        env={**os.environ, **command.environ},
        start_new_session=True,
        preexec_fn=_announce(guardian.pipe, line, command.stop_signal),
        **other_user,
    )
    guardian.remember(popen.pid, f"add {popen.pid} {line}")
    return Process(command, popen, guardian)


def _announce(pipe: int, line: str, death_signal: int) -> Callable[[], None]:
    """What the child does between fork and exec: register itself, so that there is no moment nobody knows of it."""
    parent = os.getpid()
    # The kernel sends the death signal when the *thread* that forked ends, so a short-lived thread must not ask for it.
    prctl = _prctl() if threading.current_thread() is threading.main_thread() else None

    def announce() -> None:
        with suppress(BrokenPipeError):
            os.write(pipe, f"add {os.getpid()} {line}".encode("ascii"))
        if prctl is not None:
            prctl(_PR_SET_PDEATHSIG, death_signal, 0, 0, 0)
            if os.getppid() != parent:
                os._exit(1)

    return announce


def _prctl() -> Callable[[int, int, int, int, int], int] | None:
    if not sys.platform.startswith("linux"):
        return None
    function: Callable[[int, int, int, int, int], int] = ctypes.CDLL(None, use_errno=True).prctl
    return function


def stop_in_stages(
    processes: Sequence[Process],
    while_waiting: Callable[[float], None] = time.sleep,
    is_hurried: Callable[[], bool] = lambda: False,
) -> None:
    """Stop all, stage by stage; return when none is left.

    Args:
        while_waiting: called again and again with seconds to pass, for example to keep printing output.
        is_hurried: True once somebody lost patience; then everything is killed.
    """
    for stage in Stage:
        members = [process for process in processes if process.command.stage is stage]
        for process in members:
            process.ask_to_stop()
        asked_at = time.monotonic()
        while any(process.ended() is None for process in members):
            waited = time.monotonic() - asked_at
            for process in members:
                if is_hurried() or waited > process.command.stop_seconds:
                    process.kill()
            while_waiting(_LOOK_AGAIN)
        for process in members:
            _wait_for_session(process.pid, while_waiting)


def _wait_for_session(leader: int, while_waiting: Callable[[float], None]) -> None:
    while session_members(leader):
        signal_session(leader, signal.SIGKILL)
        while_waiting(_LOOK_AGAIN)
