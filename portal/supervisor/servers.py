"""The embedded servers as one thing: which are needed, where they answer, and running them for a moment."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from portal.config import Settings
from portal.supervisor import postgres, valkey
from portal.supervisor.ownership import own, own_or_use, without_users
from portal.supervisor.places import Places, places
from portal.supervisor.processes import Command, Guardian, Process, start, stop_in_stages
from portal.supervisor.refusal import RefusalError

LONGEST_START = 120.0
"""Seconds a server may take to answer; after a crash it may have much to read back first."""
_LOOK_AGAIN = 0.02


class ServerError(RefusalError):
    """An embedded server ended or did not answer; the message says where to read why."""


@dataclass(frozen=True, slots=True)
class Server:
    """One embedded server."""

    name: str
    prepare: Callable[[], Command]
    """Makes it startable and gives the command; called before every start."""
    is_ready: Callable[[], bool]


def embedded(settings: Settings, where: Places, durable: bool = True) -> list[Server]:
    """The servers no URL replaces."""
    servers = []
    if settings.database_url is None:
        servers.append(
            Server("postgres", lambda: postgres.prepare(where, durable), lambda: postgres.is_ready(where)),
        )
    if settings.redis_url is None:
        servers.append(Server("valkey", lambda: valkey.prepare(where), lambda: valkey.is_ready(where)))
    return servers


def with_urls(settings: Settings, where: Places) -> Settings:
    """The same settings with both URLs filled in: those that are set, the private sockets otherwise."""
    return settings.with_servers(
        settings.database_url or postgres.url(where),
        settings.redis_url or valkey.url(where),
    )


@contextmanager
def embedded_servers(settings: Settings, durable: bool = True) -> Iterator[Settings]:
    """The same settings with both servers' URLs filled in, and both servers answering.

    Servers that already run (because ``portal up`` does) are used; others are started and stopped again at the end,
    even when this process is killed.

    Args:
        durable: False gives up safety against power failures for speed; for tests only.

    Raises:
        RefusalError: what is in the way and what to do.
    """
    if settings.database_url is not None and settings.redis_url is not None:
        yield settings
        return
    where = places(settings.instance_dir)
    servers = embedded(settings, where, durable)
    complete = with_urls(settings, where)
    with own_or_use(where, lambda: all(server.is_ready() for server in servers)) as ownership:
        if ownership is None:
            yield complete
            return
        where.prepare()
        guardian = Guardian(keeps=[ownership.descriptor])
        processes: list[Process] = []
        try:
            for server in servers:
                with log_file(where, server.name) as log:
                    processes.append(start(server.prepare(), guardian, output=log))
            for server, process in zip(servers, processes, strict=True):
                _wait_until_ready(server, process, where)
            yield complete
        finally:
            with without_users(where):
                stop_in_stages(processes)
            guardian.dismiss()


def remove_data(settings: Settings) -> Places:
    """Remove the data of the embedded servers for a start from nothing. The secret key stays.

    Raises:
        OwnershipError: the portal is running.
    """
    where = places(settings.instance_dir)
    ownership = own(where, lasting=False)
    try:
        where.remove()
    finally:
        ownership.release()
    return where


def log_file(where: Places, name: str) -> IO[bytes]:
    """A fresh file for the output of a server that runs for a moment."""
    return _log_path(where, name).open("wb")


def _log_path(where: Places, name: str) -> Path:
    return where.logs / f"{name}.log"


def _wait_until_ready(server: Server, process: Process, where: Places) -> None:
    until = time.monotonic() + LONGEST_START
    while not server.is_ready():
        status = process.ended()
        if status is not None or time.monotonic() > until:
            what = "does not answer" if status is None else f"ended at once (exit status {status})"
            path = _log_path(where, server.name)
            last = path.read_text(encoding="utf-8", errors="replace").strip().splitlines()[-5:]
            raise ServerError(f"The embedded {server.name} {what}. From {path}:\n  " + "\n  ".join(last))
        time.sleep(_LOOK_AGAIN)
