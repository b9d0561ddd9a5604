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


def _make_template(servers: Servers) -> None:
    from flask_migrate import upgrade

    _run(servers, "CREATE DATABASE {}", TEMPLATE)
    app = create_app(servers.settings(TEMPLATE, worker=0))
    bind_migrations(app)
    with app.app_context():
        upgrade()
        db.engine.dispose()


def _run(servers: Servers, command: str, *names: str) -> None:
    # libpq knows the address without SQLAlchemy's mark of the driver.
    address = servers.url_of("postgres").replace("+psycopg", "")
    with psycopg.connect(address, autocommit=True) as connection:
        connection.execute(sql.SQL(command).format(*(sql.Identifier(name) for name in names)))
