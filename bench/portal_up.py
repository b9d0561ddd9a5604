"""What `portal up --web 1 --workers 1` takes: memory at rest, and the time of its second start.

    python -m bench.portal_up

Memory is PSS (proportional set size: a page shared by n processes counts for 1/n in each) of everything it starts,
itself included. Beside it, from the same processes: PostgreSQL and Valkey alone, the floor of any portal on them.
Beside the start: starting those two alone, on the same data.
"""

from __future__ import annotations

import http.client
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from statistics import median
from typing import Any

import psutil

from bench.stage import HOST, free_port, instance_environ
from portal.config import PROJECT, Settings
from portal.supervisor.servers import embedded_servers

REACH_MEGABYTES, REACH_SECONDS = 350, 5.0
# Long enough for the first pulse of every worker, and for what they do only once.
AT_REST_AFTER = 10.0
LONGEST_START = 120.0
RUNS = 3
SERVERS = ("postgres", "valkey-server", "redis-server")


def measure() -> list[dict[str, Any]]:
    """Memory at rest and the time of the second start, the latter as the median of three."""
    folder = Path(tempfile.mkdtemp(prefix="baton-bench-"))
    folder.chmod(0o711)
    try:
        with _running(folder) as (portal, _):
            _answer_some(portal.port)
            time.sleep(AT_REST_AFTER)
            whole, servers = _megabytes(portal.pid)
        seconds = []
        for _ in range(RUNS):
            with _running(folder) as (_, took):
                seconds.append(took)
        floor = median(_start_servers_alone(folder) for _ in range(RUNS))
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    return [
        {
            "name": "memory at rest (PSS) of `portal up --web 1 --workers 1`",
            "value": whole,
            "unit": "MB",
            "reach": REACH_MEGABYTES,
            "limit": servers,
            "limit_name": "PostgreSQL and Valkey alone",
        },
        {
            "name": "second start of `portal up`, until it is ready",
            "value": median(seconds),
            "unit": "s",
            "reach": REACH_SECONDS,
            "limit": floor,
            "limit_name": "starting PostgreSQL and Valkey alone",
        },
    ]


class Portal:
    """A running `portal up`."""

    def __init__(self, pid: int, port: int) -> None:
        self.pid, self.port = pid, port


@contextmanager
def _running(folder: Path) -> Iterator[tuple[Portal, float]]:
    """`portal up`, and the seconds it took until all of it was ready."""
    port = free_port()
    began = time.monotonic()
    with (folder / "up.log").open("wb") as log:
        program = subprocess.Popen(
            [
                *(sys.executable, "-c", "import sys; from portal.cli import main; sys.exit(main())", "up"),
                *("--host", HOST, "--port", str(port), "--web", "1", "--workers", "1"),
            ],
            env={**instance_environ(folder), "PATH": "/usr/bin:/bin"},
            cwd=PROJECT,
            stdout=log,
            stderr=log,
            start_new_session=True,
        )
    try:
        while not _is_ready(port):
            if program.poll() is not None or time.monotonic() - began > LONGEST_START:
                sys.exit(f"portal up does not start; it said:\n{(folder / 'up.log').read_text()[-2000:]}")
            time.sleep(0.02)
        yield Portal(program.pid, port), time.monotonic() - began
    finally:
        program.send_signal(signal.SIGTERM)
        program.wait(60)


def _is_ready(port: int) -> bool:
    try:
        return _status(port, "/readyz") == 200
    except OSError:
        return False


def _answer_some(port: int) -> None:
    """At rest is after work: the pages everybody opens have been shown once by every thread."""
    for _ in range(20):
        for path in ("/login", "/healthz", "/readyz"):
            _status(port, path)


def _status(port: int, path: str) -> int:
    with closing(http.client.HTTPConnection(HOST, port, timeout=5)) as connection:
        connection.request("GET", path)
        answer = connection.getresponse()
        answer.read()
        return answer.status


def _megabytes(pid: int) -> tuple[float, float]:
    """PSS of the whole tree, and of the database and queue servers in it."""
    top = psutil.Process(pid)
    whole = servers = 0
    for process in (top, *top.children(recursive=True)):
        size = process.memory_full_info().pss
        whole += size
        if process.name() in SERVERS:
            servers += size
    return whole / 2**20, servers / 2**20


def _start_servers_alone(folder: Path) -> float:
    began = time.monotonic()
    with embedded_servers(Settings.from_environ(instance_environ(folder))):
        return time.monotonic() - began


def main() -> None:
    """Print the figures."""
    from bench.table import line

    for row in measure():
        print(line(row), flush=True)


if __name__ == "__main__":
    main()
