"""A process that works for the application under test, and a mail server it sends through."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from apiflask import APIFlask

from portal.jobs.shell import stopping, work_for
from portal.queue import WorkQueue
from tests.smtp import MailServer, mail_server, send_through


@pytest.fixture(autouse=True)
def worker(app: APIFlask, valkey: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Jobs called in this test work for its application, as in a process that has just begun."""
    work_for(app)
    monkeypatch.setitem(app.extensions, "queue", WorkQueue(valkey))
    stopping.clear()
    yield
    stopping.clear()


@pytest.fixture
def mail(app: APIFlask, monkeypatch: pytest.MonkeyPatch) -> Iterator[MailServer]:
    """A mail server, set as the application's."""
    with mail_server() as server:
        send_through(app, server.port, monkeypatch)
        yield server
