"""Drives tests/supervisor/stand_in.py as a real program and finds the processes it started."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from pathlib import Path

PROJECT = Path(__file__).resolve().parents[2]
PATIENCE = 30.0


def eventually(is_so: Callable[[], bool], what: str) -> None:
    """Wait until this is so; how long it takes is no part of the test."""
    until = time.monotonic() + PATIENCE
    while not is_so():
        assert time.monotonic() < until, f"waited in vain for: {what}"
        time.sleep(0.05)


def processes_with(variable: str) -> dict[int, str]:
    """Processes whose environment or command line holds this text: number → command line."""
    found = {}
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            command = (folder / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace").strip()
            environ = (folder / "environ").read_bytes().decode(errors="replace")
        except OSError:
            continue
        if command and (variable in command or variable in environ):
            found[int(folder.name)] = command
    return found


class Miniature:
    """One ``portal up`` in miniature."""

    def __init__(self, instance_dir: Path, port: int, *arguments: str) -> None:
        self.instance_dir = instance_dir
        self.port = port
        self.arguments = arguments
        self.output_path = instance_dir.parent / f"output-{port}"
        # Inherited by everything it starts, so that nothing of it can hide from us.
        self.mark = f"BATON_TEST_MARK={instance_dir}:{port}"

    def start(self) -> None:
        self.begin()
        eventually(lambda: "Baton is ready" in self.output, f"the miniature to be ready; it said:\n{self.output}")

    def begin(self) -> None:
        name, _, value = self.mark.partition("=")
        environ = {**os.environ, "PYTHONPATH": str(PROJECT), name: value}
        with self.output_path.open("wb") as output:
            self.program = subprocess.Popen(
                [
                    sys.executable,
                    str(PROJECT / "tests/supervisor/stand_in.py"),
                    str(self.instance_dir),
                    str(self.port),
                    *self.arguments,
                ],
                stdout=output,
                stderr=subprocess.STDOUT,
                env=environ,
                # As from a terminal: a group of its own, which a Ctrl-C reaches as a whole.
                start_new_session=True,
            )

    def end(self) -> None:
        if self.program.poll() is None:
            self.program.kill()
            self.program.wait()
        eventually(lambda: not self.processes(), "everything the test started to end")

    @property
    def output(self) -> str:
        return self.output_path.read_text(errors="replace")

    def stop(self, number: int = signal.SIGTERM) -> int:
        """Send it a signal and return its exit status."""
        self.program.send_signal(number)
        return self.program.wait(timeout=PATIENCE)

    def press_ctrl_c(self) -> int:
        """SIGINT to its whole process group, as a terminal does."""
        os.killpg(self.program.pid, signal.SIGINT)
        return self.program.wait(timeout=PATIENCE)

    def processes(self) -> dict[int, str]:
        """Everything it started and that still runs, with command lines."""
        found = processes_with(self.mark.partition("=")[2])
        found.pop(os.getpid(), None)
        return {**found, **processes_with(str(self.instance_dir) + "/")}

    def pid_of(self, part: str, beside: int = 0) -> int:
        """The oldest process whose command line has this part (not counting one)."""
        pids = [pid for pid, command in self.processes().items() if part in command and pid != beside]
        assert pids, f"no process with {part!r} runs: {self.processes()}"
        return min(pids)

    def pids_of(self, part: str) -> set[int]:
        return {pid for pid, command in self.processes().items() if part in command}

    def answers(self) -> str | None:
        """What the web program says: the number of the process that answers."""
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self.port}/", timeout=2) as answer:
                return str(answer.read().decode())
        except (urllib.error.URLError, OSError):
            return None

    def starts_of(self, line: str) -> int:
        return len(re.findall(re.escape(line), self.output))
