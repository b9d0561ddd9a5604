"""The demo to take pictures of: one that runs already, or one that is started for it and ends with it."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from portal.config import PROJECT, Settings
from portal.supervisor.places import places
from portal.supervisor.servers import with_urls

_STOPS_WITHIN = 30.0


@dataclass(frozen=True, slots=True)
class Stage:
    """A running demo: where it answers, and the settings that lead to its database."""

    address: str
    settings: Settings


def running(address: str, instance: Path) -> Stage:
    """A demo somebody started.

    Args:
        address: as it printed it, `http://127.0.0.1:8000`.
        instance: the folder its data is in.
    """
    return Stage(address.rstrip("/"), _settings(instance, address))


@contextmanager
def own_demo() -> Iterator[Stage]:
    """A demo of its own: fresh, quiet, in a folder that is removed at the end."""
    folder = Path(tempfile.mkdtemp(prefix="baton-screenshots-"))
    # Under root PostgreSQL runs as somebody else, who has to pass through.
    folder.chmod(0o711)
    port = _free_port()
    address = f"http://127.0.0.1:{port}"
    command = [sys.executable, "-m", "screenshots.demo", str(port)]
    environ = {**os.environ, "INSTANCE_DIR": str(folder), "PUBLIC_URL": address, "PYTHONUNBUFFERED": "1"}
    process = subprocess.Popen(  # noqa: S603 (ourselves)
        command, cwd=PROJECT, env=environ, stdout=subprocess.PIPE, text=True
    )
    try:
        _wait_until_ready(process)
        yield Stage(address, _settings(folder, address))
    finally:
        process.send_signal(signal.SIGINT)
        try:
            process.wait(_STOPS_WITHIN)
        except subprocess.TimeoutExpired:
            process.kill()
        shutil.rmtree(folder, ignore_errors=True)


def _settings(instance: Path, address: str) -> Settings:
    settings = Settings.from_environ({"INSTANCE_DIR": str(instance.resolve()), "PUBLIC_URL": address})
    return with_urls(settings, places(settings.instance_dir))


def _wait_until_ready(process: subprocess.Popen[str]) -> None:
    assert process.stdout is not None
    for line in process.stdout:
        print(f"  {line.rstrip()}", flush=True)
        if "Baton is ready" in line:
            return
    raise SystemExit("The demo did not start; what it said is above.")


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
