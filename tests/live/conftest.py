"""A web process for the tests of streams: none of them needs its pages, so it is started once."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from apiflask import APIFlask

from portal.models import User
from portal.permissions import sight_of
from portal.queries.buckets import isolation_for
from portal.tokens import Reader
from tests.cast import Company, Person
from tests.live.listening import Listener
from tests.servers import Servers
from tests.web import Web, events_of, running_web


@pytest.fixture(scope="session")
def web(servers: Servers, worker_number: int) -> Iterator[Web]:
    """The web process as the portal runs it."""
    with running_web(servers.settings("postgres", worker_number)) as running:
        yield running


def reader_of(company: Company, person: Person) -> Reader:
    """What the person's token says."""
    with company.inside():
        user: User = person.user()
        return Reader(company.id, sight_of(user, isolation_for(user)))


Listen = Callable[[Company, Person], Listener]


@pytest.fixture
def listen(app: APIFlask, web: Web) -> Listen:
    """Opens the stream of a person."""

    def opened(company: Company, person: Person) -> Listener:
        return Listener(web.url + events_of(app, reader_of(company, person)))

    return opened
