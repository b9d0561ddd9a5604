from __future__ import annotations

import os
import shutil
import socket
import sys
import tempfile
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from portal.config import Settings
from portal.supervisor.places import places
from tests.supervisor.miniature import Miniature


@pytest.fixture
def instance_dir() -> Iterator[Path]:
    """A new INSTANCE_DIR that every user can reach (pytest's own folders are closed to others)."""
    top = Path(tempfile.mkdtemp(prefix="baton-test-"))
    top.chmod(0o755)
    yield top / "instance"
    _remove(top)


@pytest.fixture
def closed_instance_dir() -> Iterator[Path]:
    """An INSTANCE_DIR in a folder that only its owner may enter."""
    top = Path(tempfile.mkdtemp(prefix="baton-test-closed-"))
    top.chmod(0o700)
    yield top / "instance"
    _remove(top)


def _remove(top: Path) -> None:
    # Data may stand in the system's state directory, which the test must not leave behind.
    where = places(top / "instance")
    where.remove()
    shutil.rmtree(top)


@pytest.fixture
def settings(instance_dir: Path) -> Settings:
    return Settings.from_environ({"INSTANCE_DIR": str(instance_dir)})


@pytest.fixture
def free_port() -> int:
    with closing(socket.socket()) as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.fixture
def miniature(instance_dir: Path, free_port: int) -> Iterator[Miniature]:
    """The portal in miniature, started."""
    running = Miniature(instance_dir, free_port)
    running.start()
    yield running
    running.end()


needs_linux = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="reads /proc, which only Linux has")
needs_root = pytest.mark.skipif(os.getuid() != 0, reason="needs to be root, to run PostgreSQL as somebody else")
