"""A web process on a real granian, on a real port."""

from __future__ import annotations

import os
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import httpx
from apiflask import APIFlask

from portal.config import Settings
from portal.supervisor.up import web_command
from portal.tokens import Reader, live_token
from tests.supervisor.miniature import eventually

PROJECT = Path(__file__).resolve().parents[1]
PATIENCE = 20.0


class Web:
    """One web process, which may be ended and started again on the same port.

    Args:
        application: what it serves, as granian names it.
        answers_at: a path that answers 200 once it is up.
    """

    def __init__(self, settings: Settings, port: int, application: str, answers_at: str) -> None:
        self.address = ("127.0.0.1", port)
        self.url = f"http://127.0.0.1:{port}"
        self._answers_at = answers_at
        command = web_command("127.0.0.1", port, 1).arguments
        self._command = [application if part == "portal.asgi:app" else part for part in command]
        self._environ = {
            "PORTAL_ENV": "test",
            "DATABASE_URL": str(settings.database_url),
            "REDIS_URL": str(settings.redis_url),
            "SECRET_KEY": settings.secret_key,
            "INSTANCE_DIR": str(settings.instance_dir),
            "PUBLIC_URL": settings.public_url,
            "TRUSTED_HOSTS": ",".join(settings.trusted_hosts),
        }
        self.start()

    def start(self) -> None:
        """Start it and wait until it answers."""
        self.program = subprocess.Popen(
            self._command, cwd=PROJECT, env={**os.environ, **self._environ}, start_new_session=True
        )
        eventually(self.answers, "the web process to answer")

    def stop(self) -> None:
        """Tell it to stop, and wait until it did."""
        self.program.terminate()
        self.program.wait(timeout=PATIENCE)

    def kill(self) -> None:
        """End it and all it started at once, as a crash of the machine would."""
        os.killpg(self.program.pid, 9)
        self.program.wait(timeout=PATIENCE)

    def answers(self) -> bool:
        try:
            return httpx.get(f"{self.url}{self._answers_at}", timeout=2).status_code == 200
        except httpx.TransportError:
            return False

    def raw(self, *pieces: bytes) -> bytes:
        """Send these bytes and read until the other side closes."""
        with closing(socket.create_connection(self.address, timeout=PATIENCE)) as connection:
            for piece in pieces:
                connection.sendall(piece)
            received = b""
            while chunk := connection.recv(65536):
                received += chunk
            return received


@contextmanager
def running_web(
    settings: Settings, application: str = "portal.asgi:app", answers_at: str = "/healthz"
) -> Iterator[Web]:
    """A web process on a free port, ended at the end."""
    with closing(socket.socket()) as probe:
        probe.bind(("127.0.0.1", 0))
        port = int(probe.getsockname()[1])
    running = Web(settings, port, application, answers_at)
    try:
        yield running
    finally:
        running.stop()


def events_of(app: APIFlask, reader: Reader, issued_at: float | None = None) -> str:
    """The address of somebody's stream of live updates."""
    with app.app_context():
        return f"/events?token={live_token(reader, issued_at or time.time())}"
