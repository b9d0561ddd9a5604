"""Somebody who reads a stream of live updates, and a Valkey that may be killed."""

from __future__ import annotations

import json
import queue
import subprocess
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from uuid import UUID

import httpx
import redis

from portal.supervisor.valkey import _binary
from tests.supervisor.miniature import eventually
from tests.web import PATIENCE

SOON = 0.4
"""Seconds within which what would wrongly be told has long arrived."""


class Listener:
    """One open stream: what it was told, in order, as (kind, data)."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._told: queue.Queue[tuple[str, dict[str, Any]]] = queue.Queue()
        self._opened = threading.Event()
        self.raw: list[str] = []
        self.ended = threading.Event()
        self.ended_in_order = False
        self._thread = threading.Thread(target=self._read, daemon=True)
        self._thread.start()
        assert self._opened.wait(PATIENCE), "the stream does not open"

    def _read(self) -> None:
        try:
            with httpx.stream("GET", self._url, timeout=PATIENCE) as answer:
                kind = ""
                for line in answer.iter_lines():
                    self._opened.set()
                    self.raw.append(line)
                    name, _, value = line.partition(": ")
                    if name == "event":
                        kind = value
                    elif name == "data":
                        self._told.put((kind, json.loads(value)))
            self.ended_in_order = True
        except httpx.TransportError:
            pass
        finally:
            self.ended.set()

    def next(self) -> tuple[str, dict[str, Any]]:
        """What it is told next."""
        return self._told.get(timeout=PATIENCE)

    def told(self, count: int) -> list[tuple[str, UUID]]:
        """The next so many things it is told, in the order of their names: (kind, id)."""
        return sorted((kind, UUID(data["id"])) for kind, data in (self.next() for _ in range(count)))

    def is_told_nothing(self) -> bool:
        """Whether nothing comes, for long enough that it would have."""
        time.sleep(SOON)
        return self._told.empty()


class OwnValkey:
    """A Valkey of this test's own, which may be killed and started again."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self.url = f"unix://{folder}/socket?db=0"
        self._program: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        arguments = ["--port", "0", "--unixsocket", f"{self._folder}/socket", "--dir", str(self._folder), "--save", ""]
        self._program = subprocess.Popen([str(_binary()), *arguments], stdout=subprocess.DEVNULL)
        eventually(self._answers, "Valkey to answer")

    def kill(self) -> None:
        if self._program is not None:
            self._program.kill()
            self._program.wait(timeout=PATIENCE)
            self._program = None
            (self._folder / "socket").unlink(missing_ok=True)

    def _answers(self) -> bool:
        try:
            with redis.Redis.from_url(self.url) as client:
                return bool(client.ping())
        except redis.RedisError:
            return False


@contextmanager
def own_valkey(folder: Path) -> Iterator[OwnValkey]:
    """One that runs, and is ended at the end."""
    started = OwnValkey(folder)
    started.start()
    try:
        yield started
    finally:
        started.kill()
