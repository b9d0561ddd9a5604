"""``portal up``: start the embedded servers, migrate, then run web and workers until somebody says stop."""

from __future__ import annotations

import errno
import os
import socket
import sys
import threading
from collections.abc import Callable, Sequence
from contextlib import closing
from dataclasses import replace
from functools import partial
from urllib.parse import urlsplit

import psycopg

from portal.config import PROJECT, Settings
from portal.supervisor.keeper import Keeper, Kept, StopRequested
from portal.supervisor.migration import Migration
from portal.supervisor.ownership import Ownership, own
from portal.supervisor.places import Places, places
from portal.supervisor.processes import Command, Guardian
from portal.supervisor.refusal import RefusalError
from portal.supervisor.servers import LONGEST_START, Server, ServerError, embedded, with_urls
from portal.supervisor.valkey import policy_warning

_HOPELESS = 6
"""A server that failed that often before it answered once will not start."""
_PORT_PATIENCE = 5.0
"""Seconds to wait for a port that a web server which just ended may still hold."""


def run(
    settings: Settings,
    host: str = "127.0.0.1",
    port: int = 8000,
    web: int | None = None,
    workers: int | None = None,
    before_ready: Callable[[Settings], None] | None = None,
    also: Sequence[Command] = (),
) -> int:
    """Run the whole portal in the foreground; return when it was stopped.

    Args:
        host: address to listen on.
        port: TCP port to listen on.
        web: web processes; None = the setting WEB_PROCESSES.
        workers: quick workers, and as many outside workers; None = the setting WORKERS.
        before_ready: called with complete settings (both URLs) when the database is migrated and before the first
            request is served. It runs in a thread of its own.
        also: more programs to keep running beside web and workers.

    Returns:
        The exit status: 0 when stopped as asked, 1 when it could not start (the reason is on standard error).
    """
    settings = _reachable_at(settings, host, port)
    work = [
        web_command(host, port, web or settings.web_processes),
        *worker_commands(workers or settings.workers),
        *also,
    ]
    return supervise(settings, work, Migration(), host, port, before_ready)


def web_command(host: str, port: int, processes: int) -> Command:
    """The web server. Its master restarts a web process that dies; we restart the master."""
    options = {
        "--interface": "asgi",
        # portal.asgi_application hears signals beside this loop's own handler.
        "--loop": "asyncio",
        # HTTP/2 clients send several Cookie headers, which WSGI would see joined by commas.
        "--http": "1",
        "--host": host,
        "--port": str(port),
        "--workers": str(processes),
        "--workers-kill-timeout": "3",
        "--respawn-interval": "0.2",
        "--backlog": "4096",
        # Open /events streams count as requests being processed; the default (backlog / workers) would shut out pages.
        "--backpressure": "8192",
        "--log-level": "warning",
    }
    return Command(
        name="web",
        arguments=[
            sys.executable,
            "-m",
            "granian",
            *(part for option in options.items() for part in option),
            "--respawn-failed-workers",
            "--no-ws",
            "portal.asgi:app",
        ],
        folder=PROJECT,
    )


def worker_commands(count: int) -> list[Command]:
    """That many quick workers and as many outside workers."""
    program = str(PROJECT / "worker.py")
    return [
        Command(
            name=queues if count == 1 else f"{queues} {number}",
            arguments=[sys.executable, program, "--queues", queues],
            folder=PROJECT,
        )
        for queues in ("quick", "outside")
        for number in range(1, count + 1)
    ]


def supervise(
    settings: Settings,
    work: Sequence[Command],
    migration: Migration,
    host: str,
    port: int,
    before_ready: Callable[[Settings], None] | None = None,
) -> int:
    """Run the embedded servers and these commands until SIGINT, SIGTERM or SIGHUP; what ends is started again.

    Args:
        work: what to keep running once the servers answer.
        migration: run to its end before the work starts, unless it was; must succeed.
        host, port: where the work is expected to answer, for the announcement.
    """
    try:
        where = places(settings.instance_dir)
        servers = embedded(settings, where)
        ownership = own(where, lasting=True) if servers else None
    except RefusalError as refusal:
        return _refuse(refusal)
    try:
        return _supervise_owned(
            with_urls(settings, where), where, servers, ownership, work, migration, host, port, before_ready
        )
    finally:
        if ownership is not None:
            ownership.release()


def _supervise_owned(
    settings: Settings,
    where: Places,
    servers: list[Server],
    ownership: Ownership | None,
    work: Sequence[Command],
    migration: Migration,
    host: str,
    port: int,
    before_ready: Callable[[Settings], None] | None,
) -> int:
    environ = _environ(settings)
    guardian = Guardian(keeps=[] if ownership is None else [ownership.descriptor])
    with Keeper(guardian, environ) as keeper:
        try:
            _wait_for_port(keeper, host, port)
            if servers:
                where.prepare()
                _tell_place(keeper, where)
            _start_servers(keeper, servers)
            if all(server.name != "valkey" for server in servers):
                _report_queue(keeper, settings)
            _migrate(keeper, migration, settings)
            if before_ready is not None:
                _call(keeper, before_ready, settings)
            for command in work:
                keeper.keep(partial(_as_it_is, command))
            keeper.until(lambda: _answers(host, port))
            keeper.say(f"Baton is ready on {settings.public_url} (Ctrl-C stops it)")
            keeper.until(lambda: False)
        except StopRequested:
            return 0
        except RefusalError as refusal:
            return _refuse(refusal)
    raise AssertionError("unreachable")


def _migrate(keeper: Keeper, migration: Migration, settings: Settings) -> None:
    try:
        if migration.is_done(settings):
            return
        status = keeper.run_to_end(migration.command)
        if status != 0:
            raise ServerError(f"{migration.command.name} failed (exit status {status}); its output is above.")
        migration.note_done(settings)
    except psycopg.OperationalError as error:
        raise ServerError(f"The database does not answer: {error}") from None


def _start_servers(keeper: Keeper, servers: list[Server]) -> None:
    started = [(server, keeper.keep(server.prepare)) for server in servers]
    for server, kept in started:
        keeper.until(partial(_answers_or_is_hopeless, server, kept), LONGEST_START)
        if not server.is_ready():
            raise ServerError(f"The embedded {server.name} does not start; its output is above.")


def _answers_or_is_hopeless(server: Server, kept: Kept) -> bool:
    return kept.failures >= _HOPELESS or server.is_ready()


def _as_it_is(command: Command) -> Command:
    return command


def _report_queue(keeper: Keeper, settings: Settings) -> None:
    assert settings.redis_url is not None
    warning = policy_warning(settings.redis_url)
    if warning is not None:
        keeper.say(f"Warning: {warning}")


def _call(keeper: Keeper, function: Callable[[Settings], None], settings: Settings) -> None:
    """Call it in a thread, so that the servers' output is still read and a Ctrl-C still heard."""
    failure: list[BaseException] = []

    def guarded() -> None:
        try:
            function(settings)
        except BaseException as error:  # noqa: BLE001 (raised again below, in the main thread)
            failure.append(error)

    thread = threading.Thread(target=guarded, daemon=True)
    thread.start()
    keeper.until(lambda: not thread.is_alive())
    if failure:
        raise failure[0]


def _environ(settings: Settings) -> dict[str, str]:
    """What the children must agree with us about, whatever the environment we were started in says."""
    assert settings.database_url is not None
    assert settings.redis_url is not None
    return {
        "DATABASE_URL": settings.database_url,
        "REDIS_URL": settings.redis_url,
        "INSTANCE_DIR": str(settings.instance_dir),
        "PUBLIC_URL": settings.public_url,
        "TRUSTED_HOSTS": ",".join(settings.trusted_hosts),
        "PYTHONUNBUFFERED": "1",
    }


def _reachable_at(settings: Settings, host: str, port: int) -> Settings:
    """While PUBLIC_URL is not set, links lead to where we listen."""
    if os.environ.get("PUBLIC_URL", "").strip():
        return settings
    name = "127.0.0.1" if host in ("0.0.0.0", "::", "") else f"[{host}]" if ":" in host else host  # noqa: S104
    public_url = f"http://{name}:{port}"
    hosts = tuple(dict.fromkeys((*settings.trusted_hosts, urlsplit(public_url).hostname or name)))
    return replace(settings, public_url=public_url, trusted_hosts=hosts)


def _wait_for_port(keeper: Keeper, host: str, port: int) -> None:
    if not keeper.until(lambda: _is_free(host, port), _PORT_PATIENCE):
        raise ServerError(f"Port {port} on {host} is taken by another program; choose another one with --port.")


def _is_free(host: str, port: int) -> bool:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with closing(socket.socket(family, socket.SOCK_STREAM)) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            if error.errno == errno.EADDRINUSE:
                return False
            raise ServerError(f"Cannot listen on {host}, port {port}: {error.strerror}.") from None
    return True


def _answers(host: str, port: int) -> bool:
    target = {"0.0.0.0": "127.0.0.1", "::": "::1", "": "127.0.0.1"}.get(host, host)  # noqa: S104
    try:
        socket.create_connection((target, port), timeout=1).close()
    except OSError:
        return False
    return True


def _tell_place(keeper: Keeper, where: Places) -> None:
    if where.is_elsewhere:
        keeper.say(
            f"PostgreSQL does not run as root, and its user cannot reach {where.instance_dir}; "
            f"data and sockets are in {where.home} (--fresh removes it)"
        )


def _refuse(refusal: Exception) -> int:
    sys.stdout.flush()
    print(f"portal: {refusal}", file=sys.stderr, flush=True)
    return 1
