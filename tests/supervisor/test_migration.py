"""When the database is brought up to date, and when that can be left out."""

from __future__ import annotations

from pathlib import Path

import psycopg
import pytest

from portal.config import Settings
from portal.supervisor.migration import Migration
from portal.supervisor.processes import Command
from portal.supervisor.servers import embedded_servers


@pytest.fixture
def migration(tmp_path: Path) -> Migration:
    (tmp_path / "versions").mkdir()
    (tmp_path / "versions" / "0001_first.py").write_text("revision = 1")
    return Migration(Command("migrate", ["true"]), tmp_path)


def set_version(settings: Settings, version: str) -> None:
    assert settings.database_url is not None
    with psycopg.connect(settings.database_url.replace("+psycopg", "")) as connection:
        connection.execute("CREATE TABLE IF NOT EXISTS alembic_version (version_num text)")
        connection.execute("DELETE FROM alembic_version")
        connection.execute("INSERT INTO alembic_version VALUES (%s)", [version])


def test_it_is_done_again_when_files_or_database_have_changed(settings: Settings, migration: Migration) -> None:
    with embedded_servers(settings, durable=False) as complete:
        assert not migration.is_done(complete), "an empty database"
        migration.note_done(complete)
        assert not migration.is_done(complete), "still an empty database"
        set_version(complete, "0001")
        assert not migration.is_done(complete), "never noted"
        migration.note_done(complete)
        assert migration.is_done(complete)

        set_version(complete, "0000")
        assert not migration.is_done(complete), "an older backup was restored"
        set_version(complete, "0001")
        assert migration.is_done(complete)

        (migration.folder / "versions" / "0002_second.py").write_text("revision = 2")
        assert not migration.is_done(complete), "a new migration"
