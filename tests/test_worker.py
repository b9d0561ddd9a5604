"""Real worker processes: they do what is due, live through a queue that goes away, and end when told to."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import psutil
import pytest
import redis
from apiflask import APIFlask
from sqlalchemy import select

from portal.config import Settings
from portal.extensions import db
from portal.models import DueWork, MessageState, Offer, WorkKind
from portal.queue import QUICK, WorkQueue
from portal.supervisor.servers import embedded_servers
from tests.cast import Company
from tests.factories import make_lead, make_offer, make_pool
from tests.jobs.outbox import end_leases, message, told
from tests.smtp import MailServer, mail_server

PROGRAM = Path(__file__).parent.parent / "worker.py"
NOWHERE = "redis://127.0.0.1:1/0"
PATIENCE = 30.0
"""Seconds a loaded machine may take for what is done within one or two."""


class Running:
    """A worker process and what it wrote."""

    def __init__(self, process: subprocess.Popen[bytes], log: Path) -> None:
        self.process = process
        self._log = log

    @property
    def said(self) -> str:
        return self._log.read_text(encoding="utf-8", errors="replace")

    @property
    def children(self) -> list[psutil.Process]:
        return psutil.Process(self.process.pid).children(recursive=True)

    def ask_to_end(self) -> float:
        """SIGTERM; seconds until it has ended well."""
        began = time.monotonic()
        self.process.send_signal(signal.SIGTERM)
        assert self.process.wait(PATIENCE) == 0, self.said
        return time.monotonic() - began


@pytest.fixture
def start(settings: Settings, tmp_path: Path) -> Iterator[Callable[..., Running]]:
    """Starts workers; they are gone when the test is over."""
    started = ExitStack()

    def start(*arguments: str, **changes: str) -> Running:
        return started.enter_context(worker(settings, tmp_path, arguments, changes))

    with started:
        yield start


@contextmanager
def worker(settings: Settings, folder: Path, arguments: tuple[str, ...], changes: dict[str, str]) -> Iterator[Running]:
    log = folder / f"worker-{len(list(folder.iterdir()))}.log"
    environ = {
        "PATH": os.environ["PATH"],
        "PORTAL_ENV": "test",
        "SECRET_KEY": settings.secret_key,
        "INSTANCE_DIR": str(folder / "instance"),
        "DATABASE_URL": str(settings.database_url),
        "REDIS_URL": str(settings.redis_url),
        "LOG_FORMAT": "json",
        **changes,
    }
    with log.open("wb") as output:
        process = subprocess.Popen(
            [sys.executable, str(PROGRAM), *arguments],
            env=environ,
            cwd="/",
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    try:
        yield Running(process, log)
    finally:
        for left in [*_family(process.pid)]:
            left.kill()
        process.wait(PATIENCE)


def _family(pid: int) -> list[psutil.Process]:
    try:
        leader = psutil.Process(pid)
        return [*leader.children(recursive=True), leader]
    except psutil.NoSuchProcess:
        return []


def until(holds: Callable[[], object], what: str = "it did not happen") -> None:
    """Wait for something that takes a second or two."""
    ends = time.monotonic() + PATIENCE
    while not holds():
        assert time.monotonic() < ends, what
        time.sleep(0.05)


def open_offer(company: Company, seconds: float) -> Offer:
    pool = make_pool(company, [company.agent, company.colleague], window_seconds=300)
    offer = make_offer(company, make_lead(company), company.agent, pool, seconds=seconds)
    with company.inside():
        db.session.add(
            DueWork(
                company_id=company.id,
                kind=WorkKind.END_OFFER,
                subject_id=offer.id,
                group_id=pool.id,
                due_at=offer.expires_at,
            )
        )
        db.session.commit()
    return offer


def has_passed_on(company: Company, offer: Offer) -> bool:
    with company.inside():
        rows = db.session.execute(select(Offer.state, Offer.user_id).where(Offer.lead_id == offer.lead_id)).all()
    return sorted(row.state for row in rows) == ["missed", "open"]


def is_heard(app: APIFlask, name: str) -> bool:
    queue: WorkQueue = app.extensions["queue"]
    return name in queue.heard_from()


def test_an_offer_ends_by_itself_while_a_worker_runs(
    app: APIFlask, company: Company, start: Callable[..., Running]
) -> None:
    running = start("--queues", "quick")
    until(lambda: is_heard(app, QUICK), running.said)
    offer = open_offer(company, seconds=0.5)
    until(lambda: has_passed_on(company, offer), running.said)
    assert running.ask_to_end() < 5


def test_an_offer_ends_by_itself_without_any_queue(company: Company, start: Callable[..., Running]) -> None:
    offer = open_offer(company, seconds=0.5)
    running = start("--queues", "quick", REDIS_URL=NOWHERE)
    until(lambda: has_passed_on(company, offer), running.said)
    assert "queue_away" in running.said
    assert running.ask_to_end() < 5


def test_an_outside_worker_stands_in_for_a_quick_one(
    app: APIFlask, company: Company, start: Callable[..., Running]
) -> None:
    running = start("--queues", "outside")
    offer = open_offer(company, seconds=0.5)
    until(lambda: has_passed_on(company, offer), running.said)


def test_messages_go_out_while_an_outside_worker_runs(company: Company, start: Callable[..., Running]) -> None:
    with mail_server() as server:
        running = start("--queues", "outside", **through(server))
        said = [told(company, company.agent) for _ in range(20)]
        server.wait_for(20, PATIENCE)
        until(lambda: {message(company, each).state for each in said} == {MessageState.SENT}, running.said)
        assert len(set(server.ids)) == len(server.ids) == 20
        assert running.ask_to_end() < 5


def test_a_worker_that_is_killed_takes_its_child_along_and_the_message_is_sent_by_the_next(
    company: Company, start: Callable[..., Running]
) -> None:
    with mail_server() as server:
        running = start("--queues", "outside", **through(server))
        killed: list[psutil.Process] = []

        def kill() -> None:
            killed.extend(running.children)
            os.kill(running.process.pid, signal.SIGKILL)
            running.process.wait()

        server.before_answer = kill
        said = told(company, company.agent)
        until(lambda: killed, running.said)
        server.before_answer = None
        until(lambda: not any(child.is_running() and child.status() != psutil.STATUS_ZOMBIE for child in killed))
        start("--queues", "outside", **through(server))
        end_leases(company)
        until(lambda: message(company, said).state == MessageState.SENT)
        assert len(server.messages) <= 2
        assert len(set(server.ids)) == 1


def test_a_busy_outside_worker_ends_in_time_and_loses_nothing(company: Company, start: Callable[..., Running]) -> None:
    with mail_server() as server:
        server.before_answer = lambda: time.sleep(0.4)
        running = start("--queues", "outside", **through(server))
        said = [told(company, company.agent) for _ in range(60)]
        server.wait_for(1, PATIENCE)
        assert running.ask_to_end() < 6
        states = [message(company, each).state for each in said]
        assert states.count(MessageState.SENT) + states.count(MessageState.PENDING) == 60
        assert MessageState.PENDING in states
        server.before_answer = None
        start("--queues", "outside", **through(server))
        until(lambda: {message(company, each).state for each in said} == {MessageState.SENT}, running.said)
        assert len(set(server.ids)) == len(server.ids)


def test_a_worker_outlives_a_queue_that_is_killed_and_comes_back(
    app: APIFlask, company: Company, settings: Settings, start: Callable[..., Running], tmp_path: Path
) -> None:
    own = Settings.from_environ({"INSTANCE_DIR": str(tmp_path / "own"), "DATABASE_URL": str(settings.database_url)})
    with embedded_servers(own) as first:
        running = start("--queues", "quick", REDIS_URL=str(first.redis_url))
        watching = WorkQueue(str(first.redis_url))
        until(lambda: QUICK in watching.heard_from(), running.said)
    offer = open_offer(company, seconds=0.2)
    until(lambda: has_passed_on(company, offer), running.said)
    with embedded_servers(own) as second:
        watching = WorkQueue(str(second.redis_url))
        until(lambda: QUICK in watching.heard_from(), running.said)
        offer = open_offer(company, seconds=0.2)
        until(lambda: has_passed_on(company, offer), running.said)
        assert running.process.poll() is None
        assert running.ask_to_end() < 5


def test_an_emptied_queue_loses_nothing(
    app: APIFlask, company: Company, valkey: str, start: Callable[..., Running]
) -> None:
    running = start("--queues", "quick")
    until(lambda: is_heard(app, QUICK), running.said)
    offer = open_offer(company, seconds=0.5)
    with redis.Redis.from_url(valkey) as client:
        for _ in range(20):
            client.flushdb()
            time.sleep(0.05)
    until(lambda: has_passed_on(company, offer), running.said)


def test_a_queue_that_throws_jobs_away_is_reported(valkey: str, start: Callable[..., Running]) -> None:
    with redis.Redis.from_url(valkey) as client:
        client.config_set("maxmemory-policy", "allkeys-lru")
        try:
            running = start("--queues", "quick")
            until(lambda: "queue_unfit" in running.said, running.said)
            assert "allkeys-lru" in running.said
        finally:
            client.config_set("maxmemory-policy", "noeviction")


def test_burst_does_what_is_queued_and_ends(app: APIFlask, company: Company, start: Callable[..., Running]) -> None:
    running = start("--queues", "quick", "--burst")
    assert running.process.wait(PATIENCE) == 0, running.said


def test_a_wrong_setting_is_told_by_name(start: Callable[..., Running]) -> None:
    running = start("--queues", "quick", MAIL_PORT="many")
    assert running.process.wait(PATIENCE) == 1
    assert "MAIL_PORT" in running.said


def test_a_wrong_queue_is_told_with_those_there_are(start: Callable[..., Running]) -> None:
    running = start("--queues", "slow")
    assert running.process.wait(PATIENCE) == 2
    assert "quick" in running.said


def through(server: MailServer) -> dict[str, str]:
    return {"MAIL_SERVER": "127.0.0.1", "MAIL_PORT": str(server.port)}
