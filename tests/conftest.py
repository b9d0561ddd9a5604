"""What every test may ask for: servers, an application on a database of its own, a company with its cast.

The servers are started once per run; each test gets a clone of a migrated database (20 to 30 ms).
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from typing import Any

import pytest
import redis
from apiflask import APIFlask
from flask.testing import FlaskClient
from hypothesis import settings as property_tests
from sqlalchemy import event

from portal import create_app
from portal.config import Settings
from portal.extensions import db
from tests.cast import Api, Company, Person, make_company
from tests.servers import CleanDatabases, Servers, running_servers

_of_the_run = ExitStack()

# How long one example takes says nothing of what it shows, and on a busy machine it may take any time.
property_tests.register_profile("baton", deadline=None)
property_tests.load_profile("baton")


@pytest.hookimpl(optionalhook=True)
def pytest_configure_node(node: Any) -> None:
    """In the controller of a run over several workers: start the servers once and tell each worker where they are."""
    config = node.config
    if not hasattr(config, "baton_servers"):
        config.baton_servers = _of_the_run.enter_context(running_servers()).as_data()
    node.workerinput["baton_servers"] = config.baton_servers


def pytest_unconfigure() -> None:
    """After the last worker has ended."""
    _of_the_run.close()


@pytest.fixture(scope="session")
def servers(request: pytest.FixtureRequest) -> Iterator[Servers]:
    """The PostgreSQL and Valkey of this run. A test that stops a server starts its own instead."""
    told = getattr(request.config, "workerinput", {}).get("baton_servers")
    if told is not None:
        yield Servers(**told)
        return
    with running_servers() as started:
        yield started


@pytest.fixture(scope="session")
def worker_number(request: pytest.FixtureRequest) -> int:
    """Which of the run's workers this is, from 0."""
    name = getattr(request.config, "workerinput", {}).get("workerid", "gw0")
    return int(name.removeprefix("gw"))


@pytest.fixture(scope="session")
def _databases(servers: Servers) -> Iterator[CleanDatabases]:
    databases = CleanDatabases(servers)
    yield databases
    databases.close()


@pytest.fixture
def database(_databases: CleanDatabases) -> Iterator[str]:
    """The name of this test's database: nobody else uses it meanwhile, and it has no rows."""
    with _databases.one() as name:
        yield name


@pytest.fixture
def settings(servers: Servers, database: str, worker_number: int, valkey: str) -> Settings:
    """Complete settings for this test's database and queue: for tests that start processes."""
    return servers.settings(database, worker_number)


@pytest.fixture(scope="session")
def _valkey_of_the_worker(servers: Servers, worker_number: int) -> Iterator[tuple[str, redis.Redis]]:
    address = servers.settings("postgres", worker_number).redis_url
    assert address is not None
    with redis.Redis.from_url(address) as client:
        yield address, client


@pytest.fixture
def valkey(_valkey_of_the_worker: tuple[str, redis.Redis]) -> str:
    """The URL of an empty Valkey database."""
    address, client = _valkey_of_the_worker
    client.flushdb()
    return address


@pytest.fixture(scope="session")
def _app_of_the_run(servers: Servers, worker_number: int) -> APIFlask:
    # Made once: the application keeps nothing, and making it takes longer than most tests.
    app = create_app(servers.settings("postgres", worker_number))

    def use_database_of_the_test(_dialect: object, _record: object, _arguments: object, parameters: Any) -> None:
        parameters["dbname"] = app.extensions["database_of_the_test"]

    with app.app_context():
        event.listen(db.engine, "do_connect", use_database_of_the_test)
    return app


@pytest.fixture
def app(_app_of_the_run: APIFlask, database: str, valkey: str) -> Iterator[APIFlask]:
    """The application on this test's database and an empty Valkey. No context is pushed: requests make their own."""
    _app_of_the_run.extensions["database_of_the_test"] = database
    yield _app_of_the_run
    with _app_of_the_run.app_context():
        db.engine.dispose()


@pytest.fixture
def client(app: APIFlask) -> FlaskClient:
    """A browser nobody has signed in with."""
    return app.test_client()


@pytest.fixture
def company(app: APIFlask) -> Company:
    """A company with an owner, a manager, an agent and a colleague (also an agent), and its default rule."""
    return make_company(app, "Acme Solar")


@pytest.fixture
def other_company(app: APIFlask) -> Company:
    """A company that must never notice the first one, nor be noticed."""
    return make_company(app, "Other Windows")


@pytest.fixture
def stranger(other_company: Company) -> Person:
    """The owner of the other company."""
    return other_company.owner


@pytest.fixture
def api(company: Company) -> Api:
    """The JSON API with a full key of the company's owner."""
    return company.owner.api
