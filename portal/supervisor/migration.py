"""Bringing the database up to date, only when it is not: starting Alembic takes longer than all the rest."""

from __future__ import annotations

import hashlib
import sys
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import psycopg

from portal.config import PROJECT, Settings
from portal.supervisor.processes import Command

_COMMAND = Command(
    name="migrate",
    arguments=[sys.executable, "-m", "flask", "--app", "portal", "db", "upgrade", "-d", str(PROJECT / "migrations")],
    folder=PROJECT,
)


@dataclass(frozen=True, slots=True)
class Migration:
    """What brings the database up to date, and the note of when that was last done."""

    command: Command = _COMMAND
    folder: Path = PROJECT / "migrations"

    def is_done(self, settings: Settings) -> bool:
        """Whether these very migration files were applied, and the database still has the version they led to."""
        version = _version(settings)
        if version is None:
            return False
        with suppress(FileNotFoundError):
            return _note(settings).read_text(encoding="ascii") == self._fingerprint(version)
        return False

    def note_done(self, settings: Settings) -> None:
        """Remember that the command has succeeded."""
        version = _version(settings)
        if version is not None:
            _note(settings).write_text(self._fingerprint(version), encoding="ascii")

    def _fingerprint(self, version: str) -> str:
        digest = hashlib.sha256(version.encode())
        for path in sorted(self.folder.rglob("*.py")):
            digest.update(path.name.encode() + b"\0" + path.read_bytes() + b"\0")
        return digest.hexdigest()


def _note(settings: Settings) -> Path:
    return settings.instance_dir / "migrated"


def _version(settings: Settings) -> str | None:
    """What Alembic wrote into the database, or None when it never did."""
    assert settings.database_url is not None
    # libpq knows the address without SQLAlchemy's mark of the driver.
    address = settings.database_url.replace("+psycopg", "", 1)
    with psycopg.connect(address, connect_timeout=10) as connection, suppress(psycopg.errors.UndefinedTable):
        rows = connection.execute("SELECT version_num FROM alembic_version ORDER BY 1").fetchall()
        return " ".join(row[0] for row in rows) or None
    return None
