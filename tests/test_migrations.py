"""Migrations: one line, readable names, and the same tables as the models."""

from __future__ import annotations

import re
from pathlib import Path

from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from flask_migrate import downgrade, upgrade
from sqlalchemy import create_engine, inspect

from portal import bind_migrations, create_app
from portal.config import Settings
from portal.extensions import Base

MIGRATIONS = Path(__file__).parent.parent / "migrations"


def test_there_is_one_head() -> None:
    assert len(ScriptDirectory(str(MIGRATIONS)).get_heads()) == 1


def test_names_are_numbered_and_readable() -> None:
    names = sorted(path.name for path in (MIGRATIONS / "versions").glob("*.py"))
    assert names
    assert all(re.fullmatch(r"\d{4}_[a-z][a-z_]+\.py", name) for name in names)
    assert [int(name[:4]) for name in names] == list(range(1, len(names) + 1))


def test_migrated_tables_are_the_models(settings: Settings) -> None:
    engine = create_engine(settings.database_url or "")
    with engine.connect() as connection:
        assert compare_metadata(MigrationContext.configure(connection), Base.metadata) == []
    engine.dispose()


def test_down_and_up_again_gives_the_same_tables(settings: Settings) -> None:
    engine = create_engine(settings.database_url or "")
    app = create_app(settings)
    bind_migrations(app)
    with app.app_context():
        downgrade(revision="base")
        assert set(inspect(engine).get_table_names()) <= {"alembic_version"}
        upgrade()
    with engine.connect() as connection:
        assert compare_metadata(MigrationContext.configure(connection), Base.metadata) == []
    engine.dispose()
