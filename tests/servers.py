"""Real PostgreSQL and Valkey for one test run, and an own database for every test."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from urllib.parse import quote, urlsplit
from uuid import uuid4

import psycopg
from psycopg import sql

from portal import bind_migrations, create_app
from portal.config import Settings
from portal.extensions import db
from portal.supervisor.servers import embedded_servers

TEMPLATE = "portal_template"
# Valkey has 16 numbered databases, so that many workers have one of their own.
VALKEY_DATABASES = 16


@dataclass(frozen=True, slots=True)
class Servers:
    """Where the servers of this run answer, and the folder everything of theirs is in."""

    instance_dir: str
    database_url: str
    redis_url: str

    def settings(self, database: str, worker: int) -> Settings:
        """Settings of the application under test, for one database and one numbered Valkey database."""
        return Settings.from_environ(
            {
                "PORTAL_ENV": "test",
                "SECRET_KEY": "for tests only, long enough to be believed",
                "INSTANCE_DIR": self.instance_dir,
                "DATABASE_URL": self.url_of(database),
                "REDIS_URL": self.redis_url.replace("db=0", f"db={worker % VALKEY_DATABASES}"),
                "PUBLIC_URL": "http://localhost",
            }
        )

    def url_of(self, database: str) -> str:
        """The address of another database on the same server, for its owner."""
        return urlsplit(self.database_url)._replace(path=f"/{quote(database)}").geturl()

    def address_of(self, database: str) -> str:
        """The same as libpq knows it, without SQLAlchemy's mark of the driver."""
        return self.url_of(database).replace("+psycopg", "")

    def as_data(self) -> dict[str, str]:
        """Plain data that can be handed to a worker of the test run."""
        return asdict(self)


@contextmanager
def running_servers() -> Iterator[Servers]:
    """Both servers, and a migrated template database, in a folder that is removed at the end."""
    folder = Path(tempfile.mkdtemp(prefix="baton-tests-"))
    # Under root PostgreSQL runs as somebody else, who has to pass through.
    folder.chmod(0o711)
    asked = Settings.from_environ({"PORTAL_ENV": "test", "INSTANCE_DIR": str(folder)})
    try:
        with embedded_servers(asked, durable=False) as found:
            assert found.database_url is not None
            assert found.redis_url is not None
            servers = Servers(str(folder), found.database_url, found.redis_url)
            _make_template(servers)
            yield servers
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def own_database(servers: Servers) -> Iterator[str]:
    """The name of a fresh, migrated database."""
    name = f"test_{uuid4().hex}"
    _run(servers, "CREATE DATABASE {} TEMPLATE {}", name, TEMPLATE)
    try:
        yield name
    finally:
        _run(servers, "DROP DATABASE {} WITH (FORCE)", name)


class CleanDatabases:
    """Databases for tests that leave the schema alone: one that a test is done with is emptied and used again.

    A database costs a quarter of a second, and the next test a cold start in it. It is only used again while it is as
    one that was just made: the same schema, small, and without statistics of rows that are gone.
    """

    def __init__(self, servers: Servers) -> None:
        self._servers = servers
        self._spare: str | None = None
        self._as_made: tuple[object, ...] | None = None
        # Kept as long as its database: a connection that is new to 40 tables needs three times as long to empty them.
        self._inside: psycopg.Connection | None = None

    @contextmanager
    def one(self) -> Iterator[str]:
        """The name of a database without rows."""
        name, self._spare = self._spare or self._make(), None
        try:
            yield name
        finally:
            if self._empty():
                self._spare = name
            else:
                self._drop(name)

    def close(self) -> None:
        """Drop what is left."""
        if self._spare is not None:
            self._drop(self._spare)

    def _make(self) -> str:
        name = f"test_{uuid4().hex}"
        _run(self._servers, "CREATE DATABASE {} TEMPLATE {}", name, TEMPLATE)
        self._inside = psycopg.connect(self._servers.address_of(name), autocommit=True)
        if self._as_made is None:
            self._as_made = self._inside.execute(_MARKS).fetchone()
        return name

    def _drop(self, name: str) -> None:
        assert self._inside is not None
        self._inside.close()
        _run(self._servers, "DROP DATABASE {} WITH (FORCE)", name)

    def _empty(self) -> bool:
        """Take all rows out of the database; False when it is no longer as it was made."""
        assert self._inside is not None
        self._inside.execute(_END_OTHERS)
        if self._inside.execute(_MARKS).fetchone() != self._as_made:
            return False
        tables = [row[0] for row in self._inside.execute(_TABLES)]
        deletes = [sql.SQL("DELETE FROM {}").format(sql.Identifier(table)) for table in tables]
        # Keys and triggers have nothing to say when everything goes.
        self._inside.execute(sql.SQL("; ").join([sql.SQL("SET session_replication_role = replica"), *deletes]))
        return True


_END_OTHERS = """
    SELECT pg_terminate_backend(pid) FROM pg_stat_activity
    WHERE datname = current_database() AND pid <> pg_backend_pid()"""

# Which migration a database is at is no row of a test.
_TABLES = """
    SELECT relname FROM pg_class
    WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace AND relname <> 'alembic_version'"""

# What a test may have changed beside rows. Object ids are those of the template in every copy of it.
_MARKS = """
    WITH here AS (SELECT * FROM pg_class WHERE relnamespace = 'public'::regnamespace)
    SELECT
        (SELECT md5(string_agg(concat_ws(' ', oid, relname, relkind, relrowsecurity, relforcerowsecurity, relacl), ','
            ORDER BY oid)) FROM here),
        (SELECT md5(string_agg(concat_ws(' ', attrelid, attnum, attname, atttypid, attnotnull, attgenerated), ','
            ORDER BY attrelid, attnum)) FROM pg_attribute JOIN here ON here.oid = attrelid),
        (SELECT md5(string_agg(concat_ws(' ', oid, adrelid, adnum), ',' ORDER BY oid)) FROM pg_attrdef),
        (SELECT md5(string_agg(concat_ws(' ', oid, conname, convalidated), ',' ORDER BY oid)) FROM pg_constraint),
        (SELECT md5(string_agg(concat_ws(' ', oid, tgname, tgenabled), ',' ORDER BY oid)) FROM pg_trigger),
        (SELECT md5(string_agg(concat_ws(' ', oid, proname, md5(prosrc), proacl), ',' ORDER BY oid)) FROM pg_proc
            WHERE pronamespace = 'public'::regnamespace),
        (SELECT md5(string_agg(concat_ws(' ', oid, polname), ',' ORDER BY oid)) FROM pg_policy),
        (SELECT count(*) FROM here WHERE relkind = 'r' AND reltuples >= 0 AND relname <> 'alembic_version'),
        (SELECT sum(pg_relation_size(oid)) > 4000000 FROM here)"""


def _make_template(servers: Servers) -> None:
    from flask_migrate import upgrade

    _run(servers, "CREATE DATABASE {}", TEMPLATE)
    app = create_app(servers.settings(TEMPLATE, worker=0))
    bind_migrations(app)
    with app.app_context():
        upgrade()
        db.engine.dispose()


def _run(servers: Servers, command: str, *names: str) -> None:
    with psycopg.connect(servers.address_of("postgres"), autocommit=True) as connection:
        connection.execute(sql.SQL(command).format(*(sql.Identifier(name) for name in names)))
