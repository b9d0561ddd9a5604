"""Several clients at once, and what they saw."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

import psutil

CLIENTS = 8
_PROGRAM = Path(__file__).parent / "client.py"


@dataclass(frozen=True, slots=True)
class Load:
    """One run: leads a second, sorted answer times in milliseconds, and who used the processor how much (in cores).

    What others do on the machine changes rates and times, but hardly the processor time one lead takes.
    """

    rate: float
    milliseconds: list[float]
    clients_used: float
    web_used: float

    @property
    def web_milliseconds(self) -> float:
        """Processor time of the web process per lead."""
        return self.web_used / self.rate * 1000

    def percentile(self, share: float) -> float:
        """The answer time that this share of all answers (0.99) did not exceed."""
        return self.milliseconds[min(len(self.milliseconds) - 1, int(len(self.milliseconds) * share))]


def post_leads(port: int, web_pid: int, key: str, first: int, count: int, rate: float | None = None) -> Load:
    """Post leads numbered from `first` on, shared among the clients.

    Args:
        web_pid: the server's, to tell how much of the machine it used.
        rate: leads a second over all clients; None = as fast as they are answered.

    Raises:
        RuntimeError: any answer but 201.
    """
    each = count // CLIENTS
    start_at = time.monotonic() + 0.5
    tasks = [
        {
            "port": port,
            "key": key,
            "numbers": [first + place * each, first + (place + 1) * each],
            "rate": rate and rate / CLIENTS,
            # With a rate the clients take turns rather than all posting at the same moment.
            "start_at": start_at + (place / rate if rate else 0.0),
        }
        for place in range(CLIENTS)
    ]
    before = _used_by(web_pid)
    told = _run(tasks)
    after = _used_by(web_pid)
    statuses = {status for one in told for status in one["statuses"]}
    if statuses != {"201"}:
        raise RuntimeError(f"Not every lead was taken in: {sorted(statuses - {'201'})[:3]}")
    seconds = max(one["end"] for one in told) - min(one["start"] for one in told)
    return Load(
        each * CLIENTS / seconds,
        sorted(took for one in told for took in one["milliseconds"]),
        sum(one["processor_seconds"] for one in told) / seconds,
        (after - before) / seconds,
    )


def _run(tasks: list[dict]) -> list[dict]:  # type: ignore[type-arg]
    programs = [
        subprocess.Popen([sys.executable, "-S", str(_PROGRAM)], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        for _ in tasks
    ]
    try:
        for program, task in zip(programs, tasks, strict=True):
            assert program.stdin is not None
            program.stdin.write(json.dumps(task).encode())
            program.stdin.close()
        return [json.loads(program.stdout.read()) for program in programs if program.stdout is not None]
    finally:
        for program in programs:
            program.kill()
            program.wait()


def _used_by(pid: int) -> float:
    """Processor seconds of a server and its children so far."""
    server = psutil.Process(pid)
    times = [process.cpu_times() for process in (server, *server.children(recursive=True))]
    return sum(one.user + one.system for one in times)


def cores() -> int:
    """How many cores this process may use."""
    return len(os.sched_getaffinity(0))
