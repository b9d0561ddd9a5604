"""Where the embedded servers keep their data and sockets.

Everything stands in INSTANCE_DIR, with two exceptions:

- PostgreSQL refuses to run as root, so under root it runs as an unprivileged user. Where that user cannot reach
  INSTANCE_DIR (a folder only root may enter), its data goes to a folder in the system's state directory.
- The address of a unix socket is limited to about 107 bytes. Where INSTANCE_DIR is too long, sockets move to a short
  private folder.

Both are named by a hash of INSTANCE_DIR, so that every command finds the same place without being told.
"""

from __future__ import annotations

import hashlib
import os
import pwd
import shutil
import stat
import subprocess
import sys
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from portal.supervisor.refusal import RefusalError


def _nobody() -> int:
    """The uid (and gid) of "nobody": 65534 practically everywhere, but not on macOS; initdb wants it to exist."""
    try:
        return pwd.getpwuid(65534).pw_uid
    except KeyError:
        return pwd.getpwnam("nobody").pw_uid


UNPRIVILEGED = _nobody()
"""Who PostgreSQL runs as when we are root."""

LONGEST_SOCKET_PATH = 99
_POSTGRES_SOCKET = ".s.PGSQL.5432"


class PlaceError(RefusalError):
    """The servers' data cannot stand where it would have to; the message says what to do."""


@dataclass(frozen=True, slots=True)
class Places:
    """Folders and sockets of the embedded servers of one INSTANCE_DIR."""

    instance_dir: Path
    home: Path
    """Holds everything below; INSTANCE_DIR itself or a folder in the system's state directory."""
    sockets: Path
    runs_as: int | None
    """The uid PostgreSQL runs as when it must not be our own."""

    @property
    def postgres_data(self) -> Path:
        return self.home / "postgres"

    @property
    def postgres_binaries(self) -> Path:
        """Where a readable copy of the binaries goes when the unprivileged user cannot reach the installed ones."""
        return self.home / "postgres-binaries"

    @property
    def postgres_sockets(self) -> Path:
        return self.sockets / "postgres"

    @property
    def valkey_data(self) -> Path:
        return self.home / "valkey"

    @property
    def valkey_socket(self) -> Path:
        return self.sockets / "valkey.sock"

    @property
    def logs(self) -> Path:
        return self.home / "logs"

    @property
    def lock(self) -> Path:
        """Held by the one process that owns the running servers."""
        return self.instance_dir / "servers.lock"

    @property
    def users_lock(self) -> Path:
        """Shared by everybody who uses servers somebody else owns."""
        return self.instance_dir / "servers.users"

    @property
    def is_elsewhere(self) -> bool:
        """Whether data stands outside INSTANCE_DIR, which people should be told."""
        return self.home != self.instance_dir

    def prepare(self) -> None:
        """Make the folders. Raises PlaceError when one cannot be made or belongs to somebody else."""
        try:
            # Under root others must be able to pass through (not to list), or PostgreSQL's user never gets to its data.
            mode = 0o700 if self.runs_as is None else 0o711
            for folder in (self.home, self.sockets):
                _make(folder, mode)
            _refuse_strangers_folder(self.sockets)
            for folder in (self.valkey_data, self.logs):
                folder.mkdir(exist_ok=True, mode=0o700)
            self.postgres_sockets.mkdir(exist_ok=True, mode=0o700)
            if self.runs_as is not None:
                os.chown(self.postgres_sockets, self.runs_as, self.runs_as)
        except OSError as error:
            raise PlaceError(
                f"The servers' folders cannot be made: {error}. Set INSTANCE_DIR to another folder."
            ) from None

    def remove(self) -> None:
        """Remove the servers' data and everything else made here. The secret key stays.

        Call it only while holding the lock: nothing may run from these folders.
        """
        ours = (self.postgres_data, self.postgres_binaries, self.postgres_sockets, self.valkey_data, self.logs)
        for folder in ours:
            shutil.rmtree(folder, ignore_errors=False, onerror=_missing_is_fine)
        self.valkey_socket.unlink(missing_ok=True)
        for folder in {self.sockets, self.home} - {self.instance_dir}:
            shutil.rmtree(folder, onerror=_missing_is_fine)
        if self.sockets.parent.name == _name(self.instance_dir):
            # Only the sockets stood in the state directory; the folder made for them goes too.
            with suppress(FileNotFoundError):
                self.sockets.parent.rmdir()


def places(instance_dir: Path) -> Places:
    """Where the servers of this INSTANCE_DIR live, from facts that every command sees alike.

    Args:
        instance_dir: absolute path; made when it is missing.

    Raises:
        PlaceError: data stands where its user can no longer reach it, or no place was found.
    """
    try:
        _make(instance_dir, 0o711 if _is_root() else 0o700)
    except OSError as error:
        raise PlaceError(f"INSTANCE_DIR {instance_dir} cannot be made: {error}.") from None
    instance_dir = instance_dir.resolve()
    runs_as = UNPRIVILEGED if _is_root() else None
    home = _home(instance_dir) if runs_as is not None else instance_dir
    return Places(instance_dir, home, _sockets(instance_dir, home), runs_as)


def _home(instance_dir: Path) -> Path:
    elsewhere = _state_directory() / _name(instance_dir)
    # Data decides before reachability does: whoever opens or closes a folder must not find an empty database.
    if (elsewhere / "postgres").exists():
        return elsewhere
    if can_reach(instance_dir, UNPRIVILEGED):
        return instance_dir
    if (instance_dir / "postgres").exists():
        raise PlaceError(
            f"The database stands in {instance_dir / 'postgres'}, which the user PostgreSQL runs as "
            f"(uid {UNPRIVILEGED}) can no longer reach. Let others pass through every folder above it (chmod o+x), "
            f"or move the data to {elsewhere}."
        )
    return elsewhere


def can_reach(folder: Path, uid: int) -> bool:
    """Whether this user can enter the folder. Asked of the system, because modes alone do not say (ACLs, mounts)."""
    asked = subprocess.run(
        ["/bin/sh", "-c", 'cd -- "$1"', "sh", str(folder)],
        user=uid,
        group=uid,
        extra_groups=[],
        cwd="/",
        env={},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        check=False,
    )
    return asked.returncode == 0


def _sockets(instance_dir: Path, home: Path) -> Path:
    for folder in (
        home / "run",
        _state_directory() / _name(instance_dir) / "run" if _is_root() else _private(instance_dir),
    ):
        longest = max(
            len(os.fsencode(folder / "postgres" / _POSTGRES_SOCKET)), len(os.fsencode(folder / "valkey.sock"))
        )
        if longest <= LONGEST_SOCKET_PATH:
            return folder
    raise PlaceError(f"No folder with a path short enough for a socket was found (INSTANCE_DIR is {instance_dir}).")


def _private(instance_dir: Path) -> Path:
    # Not TMPDIR or XDG_RUNTIME_DIR: they differ between a terminal, cron and a service, and all must find one socket.
    return Path("/tmp") / f"{_name(instance_dir)}-{os.getuid()}"  # noqa: S108 (made 0700, its owner is checked)


def _make(folder: Path, mode: int) -> None:
    if not folder.exists():
        folder.mkdir(parents=True)
        # Set afterwards, because what mkdir gets is narrowed by the umask.
        folder.chmod(mode)


def _refuse_strangers_folder(folder: Path) -> None:
    found = folder.lstat()
    if not stat.S_ISDIR(found.st_mode) or found.st_uid != os.getuid() or found.st_mode & 0o022:
        raise PlaceError(f"{folder} belongs to somebody else or others may write to it. Remove it and start again.")


def _state_directory() -> Path:
    return Path("/var/db") if sys.platform == "darwin" else Path("/var/lib")


def _name(instance_dir: Path) -> str:
    return "baton-" + hashlib.sha256(os.fsencode(instance_dir)).hexdigest()[:16]


def _is_root() -> bool:
    return os.getuid() == 0


def _missing_is_fine(_function: object, _path: str, failure: tuple[type[BaseException], BaseException, object]) -> None:
    if not isinstance(failure[1], FileNotFoundError):
        raise failure[1]
