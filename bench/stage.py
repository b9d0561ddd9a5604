"""What the benchmarks play on: embedded servers in a folder of their own, a company, a web process. All of it ends
with the benchmark, also when that is killed."""

from __future__ import annotations

import http.client
import shutil
import socket
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote, urlsplit
from uuid import UUID

import psycopg
from psycopg import sql

from portal.config import PROJECT, Settings
from portal.supervisor.processes import Command, Guardian, start, stop_in_stages
from portal.supervisor.servers import embedded_servers
from portal.supervisor.up import web_command

HOST = "127.0.0.1"
_START = "bench_start"
_SECRET = "for benchmarks only, long enough to be believed"
_OWNER = "olive.owner@example.com"
_LONGEST_START = 30.0


@dataclass(frozen=True, slots=True)
class Cast:
    """The company leads are sent to: a full key, and the pool everybody takes turns in."""

    company_id: UUID
    owner_id: UUID
    api_key: str
    pool_id: UUID


@dataclass(frozen=True, slots=True)
class Stage:
    """Running servers with a database that is copied for each run, so that every run starts from the same rows."""

    settings: Settings
    cast: Cast

    @property
    def folder(self) -> Path:
        return self.settings.instance_dir

    def url(self, database: str) -> str:
        """A database of this server, as SQLAlchemy names it."""
        assert self.settings.database_url is not None
        return urlsplit(self.settings.database_url)._replace(path=f"/{quote(database)}").geturl()

    def address(self, database: str) -> str:
        """The same, as libpq reads it."""
        return self.url(database).replace("+psycopg", "")

    def settings_for(self, database: str) -> Settings:
        """Settings of an application on that database."""
        return Settings.from_environ(self.environ(database))

    def environ(self, database: str) -> dict[str, str]:
        """The environment of a process that works on that database."""
        return instance_environ(self.folder) | {
            "DATABASE_URL": self.url(database),
            "REDIS_URL": self.settings.redis_url or "",
        }

    @contextmanager
    def database(self) -> Iterator[str]:
        """The name of a copy of the database as it stood before the first lead."""
        name = f"bench_{time.monotonic_ns()}"
        self._run("CREATE DATABASE {} TEMPLATE {}", name, _START)
        try:
            with psycopg.connect(self.address(name), autocommit=True) as connection:
                # A copy starts without statistics; what autovacuum does some minutes later is done at once.
                connection.execute("ANALYZE")
            yield name
        finally:
            self._run("DROP DATABASE {} WITH (FORCE)", name)

    def _run(self, command: str, *names: str) -> None:
        with psycopg.connect(self.address("postgres"), autocommit=True) as connection:
            connection.execute(sql.SQL(command).format(*(sql.Identifier(name) for name in names)))


@contextmanager
def stage(members: int = 20, delivery: str = "assign") -> Iterator[Stage]:
    """Embedded servers, as durable as in earnest, and a company with one pool that its default rule points at.

    Args:
        members: agents in the pool, taking turns.
        delivery: `assign` or `offer`.
    """
    folder = Path(tempfile.mkdtemp(prefix="baton-bench-"))
    # Under root PostgreSQL runs as somebody else, who has to pass through.
    folder.chmod(0o711)
    try:
        with embedded_servers(Settings.from_environ(instance_environ(folder))) as settings:
            empty = Stage(settings, Cast(UUID(int=0), UUID(int=0), "", UUID(int=0)))
            empty._run("CREATE DATABASE {}", _START)
            yield Stage(settings, _populate(empty.settings_for(_START), members, delivery))
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def portal_web(stage: Stage, database: str) -> Iterator[Served]:
    """One web process of the portal, started as `portal up` starts it."""
    port = free_port()
    with _served(web_command(HOST, port, 1), port, stage, stage.environ(database)) as served:
        yield served


@contextmanager
def other_web(stage: Stage, application: str, environ: Mapping[str, str]) -> Iterator[Served]:
    """The same server with the same options, serving another ASGI application (`module:name`)."""
    port = free_port()
    command = web_command(HOST, port, 1)
    arguments = [application if argument == "portal.asgi:app" else argument for argument in command.arguments]
    with _served(Command(command.name, arguments, folder=PROJECT), port, stage, environ) as served:
        yield served


@dataclass(frozen=True, slots=True)
class Served:
    """A web server that answers."""

    port: int
    pid: int


@contextmanager
def _served(command: Command, port: int, stage: Stage, environ: Mapping[str, str]) -> Iterator[Served]:
    guardian = Guardian()
    log = stage.folder / f"web-{port}.log"
    complete = Command(command.name, command.arguments, environ=environ, folder=command.folder)
    with log.open("wb") as output:
        process = start(complete, guardian, output=output)
    try:
        _wait_for_answer(port, process.ended, log)
        yield Served(port, process.pid)
    finally:
        stop_in_stages([process])
        guardian.dismiss()


def _wait_for_answer(port: int, ended, log: Path) -> None:  # type: ignore[no-untyped-def]
    until = time.monotonic() + _LONGEST_START
    while time.monotonic() < until and ended() is None:
        try:
            with closing(http.client.HTTPConnection(HOST, port, timeout=5)) as connection:
                connection.request("GET", "/healthz")
                connection.getresponse().read()
                return
        except OSError:
            time.sleep(0.05)
    sys.exit(f"The web server does not answer; it said:\n{log.read_text(errors='replace')[-2000:]}")


def free_port() -> int:
    """A port nobody listens on."""
    with closing(socket.socket()) as probe:
        probe.bind((HOST, 0))
        return int(probe.getsockname()[1])


def instance_environ(folder: Path) -> dict[str, str]:
    """The environment of a portal whose data stands in this folder."""
    return {
        "PORTAL_ENV": "development",
        "SECRET_KEY": _SECRET,
        "INSTANCE_DIR": str(folder),
        "PUBLIC_URL": f"http://{HOST}:8000",
        "LOG_FORMAT": "json",
    }


def _populate(settings: Settings, members: int, delivery: str) -> Cast:
    """The tables, and the company, made by the same operations people use."""
    from flask_migrate import upgrade
    from sqlalchemy import select

    from portal import bind_migrations, create_app
    from portal.extensions import db
    from portal.models import Rule, Source, User
    from portal.operations import company, people, pools, rules

    app = create_app(settings)
    bind_migrations(app)
    with app.app_context():
        upgrade()
        made = company.create_company(name="Benchmark", email=_OWNER, password="correct horse battery staple 9")
        owner = db.session.get(User, (made.company_id, made.user_id))
        # The limit of requests is not what is measured.
        company.change_company(by=owner, rate_limit=100_000)
        agents = [
            people.add_user(by=owner, name=f"Agent {number}", email=f"agent.{number}@example.com").id
            for number in range(members)
        ]
        pool = pools.make_pool(
            by=owner,
            name="Everybody",
            delivery=delivery,
            members=[(agent, weight % 3 + 1) for weight, agent in enumerate(agents)],
        )
        rules.point_rule(db.session.scalar(select(Rule.id)), pool.id, by=owner)
        # A known source, so that every lead does the same.
        db.session.add(Source(company_id=made.company_id, name="website"))
        db.session.commit()
        cast = Cast(made.company_id, made.user_id, made.api_key, pool.id)
        db.session.remove()
        db.engine.dispose()
    return cast
