"""Live updates: an offer on an open page, and what idle pages cost.

    python -m bench.live

An offer: from just before the lead is posted until a page of its agent was told by its stream and has fetched the part
that shows it, the page's own pause for gathering included. Beside it what nobody can avoid on this machine: a message
through Redis and a page that asks nothing. Idle pages: the processor time of the web process while 300 streams are
open, with and without each page's question every 25 seconds; and its memory.
"""

from __future__ import annotations

import asyncio
import json
import logging
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

import psutil
import redis.asyncio

from bench.client import request_of
from bench.stage import HOST, Stage, portal_web, stage

STREAMS = 20
LEADS, WARM_UP, LEADS_A_SECOND = 120, 10, 4.0
GATHER_SECONDS = 0.06
"""What portal/static/live.js waits for more messages before it asks."""
REACH_MILLISECONDS = 1500.0
IDLE_STREAMS, IDLE_SECONDS, POLL_SECONDS = 300, 30.0, 25.0
REACH_CORES = 0.25
PATIENCE = 30.0
PART = "/offers/now"


@dataclass(frozen=True, slots=True)
class Page:
    """Somebody's open page: its session, and the address of its stream."""

    user_id: UUID
    cookie: str
    events: str


@dataclass(slots=True)
class Seen:
    """When each offer was on its agent's page, by the clock `time.monotonic`."""

    at: dict[str, float] = field(default_factory=dict)


def measure() -> list[dict[str, Any]]:
    """The time to an open page beside the machine's own, and the cost of idle ones."""
    with stage(members=STREAMS, delivery="offer") as playing, playing.database() as database:
        with portal_web(playing, database) as served:
            pages = _pages(playing, database)
            shown, bare = asyncio.run(_offers_on_pages(playing, served.port, pages))
        with portal_web(playing, database) as served:
            pages = _pages(playing, database)
            idle = asyncio.run(_idle(served.port, served.pid, pages))
    return [
        {
            "name": f"an offer on an open page, p95 of {len(shown)} leads, {STREAMS} pages open",
            "value": _p95(shown),
            "unit": "ms",
            "reach": REACH_MILLISECONDS,
            "limit": _p95(bare),
            "limit_name": "a message through Redis, then /healthz on the same server",
        },
        {
            "name": f"{IDLE_STREAMS} idle pages: streams, and a question each {POLL_SECONDS:.0f} s",
            "value": idle.with_polls,
            "unit": "cores",
            "reach": REACH_CORES,
            "limit": None,
            "limit_name": None,
        },
        {
            "name": f"{IDLE_STREAMS} idle streams alone",
            "value": idle.alone,
            "unit": "cores",
            "reach": REACH_CORES,
            "limit": None,
            "limit_name": None,
        },
        {
            "name": "memory of the web process for each idle stream",
            "value": idle.kilobytes_each,
            "unit": "KB",
            "reach": None,
            "limit": None,
            "limit_name": None,
        },
    ]


def _p95(milliseconds: Sequence[float]) -> float:
    return sorted(milliseconds)[int(len(milliseconds) * 0.95)]


# An offer on an open page


async def _offers_on_pages(playing: Stage, port: int, pages: list[Page]) -> tuple[list[float], list[float]]:
    seen = Seen()
    readers = [asyncio.create_task(_read(port, page, seen)) for page in pages]
    # All streams are open and the hub listens.
    await asyncio.sleep(2)
    posted = await _post(playing, port)
    until = time.monotonic() + PATIENCE
    while len(seen.at) < len(posted) and time.monotonic() < until:
        await asyncio.sleep(0.05)
    for reader in readers:
        reader.cancel()
    missing = [offer for offer in posted if offer not in seen.at]
    if missing:
        raise RuntimeError(f"{len(missing)} of {len(posted)} offers never came to their page")
    shown = [(seen.at[offer] - began) * 1000 for offer, began in posted.items()]
    return shown[WARM_UP:], await _bare(playing, port)


async def _post(playing: Stage, port: int) -> dict[str, float]:
    """Post leads at an even pace; when each was sent, by the offer that came of it."""
    connection = await asyncio.open_connection(HOST, port)
    sent: dict[str, float] = {}
    start = time.monotonic()
    for number in range(1, LEADS + WARM_UP + 1):
        await asyncio.sleep(max(0.0, start + number / LEADS_A_SECOND - time.monotonic()))
        began = time.monotonic()
        status, body = await _asked(connection, request_of(number, playing.cast.api_key))
        if status != 201:
            raise RuntimeError(f"lead {number} was answered {status}: {body[:300]!r}")
        [offer] = json.loads(body)["routing"]["offers"]
        sent[offer] = began
    return sent


async def _read(port: int, page: Page, seen: Seen) -> None:
    """One open page: told of an offer it fetches its part, and looks for the offer in it."""
    reader, _ = await _stream(port, page)
    connection = await asyncio.open_connection(HOST, port)
    request = _get(PART, page.cookie)
    # Answers come in chunks, whose sizes stand on lines of their own: those say nothing to us.
    while line := await reader.readline():
        if line.startswith(b"event: offer"):
            offer = json.loads((await reader.readline())[6:])["id"]
            await asyncio.sleep(GATHER_SECONDS)
            status, part = await _asked(connection, request)
            if status != 200 or offer.encode() not in part:
                raise RuntimeError(f"{PART} was answered {status} without the offer: {part[:300]!r}")
            seen.at[offer] = time.monotonic()


async def _bare(playing: Stage, port: int) -> list[float]:
    """A message from one connection to Redis to another, then a page that asks nothing of anybody."""
    assert playing.settings.redis_url is not None
    connection = await asyncio.open_connection(HOST, port)
    took = []
    async with (
        redis.asyncio.Redis.from_url(playing.settings.redis_url) as client,
        client.pubsub() as subscription,
    ):
        await subscription.subscribe("bench")
        await subscription.get_message(timeout=PATIENCE)
        for _ in range(LEADS):
            await asyncio.sleep(1 / LEADS_A_SECOND / 4)
            began = time.monotonic()
            await client.publish("bench", b"x" * 200)
            await subscription.get_message(timeout=PATIENCE)
            await _asked(connection, _get("/healthz", ""))
            took.append((time.monotonic() - began) * 1000)
    return took


# Idle pages


@dataclass(frozen=True, slots=True)
class Idle:
    """What idle pages cost: shares of one core, and memory."""

    alone: float
    with_polls: float
    kilobytes_each: float


async def _idle(port: int, pid: int, pages: list[Page]) -> Idle:
    # What a first request makes the process load is not the streams' memory.
    for page in pages:
        await _asked(await asyncio.open_connection(HOST, port), _get(PART, page.cookie))
    before = _memory(pid)
    streams = [await _stream(port, pages[number % len(pages)]) for number in range(IDLE_STREAMS)]
    drains = [asyncio.create_task(_drain(reader)) for reader, _ in streams]
    await asyncio.sleep(3)
    memory = (_memory(pid) - before) / 1024 / IDLE_STREAMS
    alone = await _used_over(pid)
    polling = [asyncio.create_task(_poll(port, pages, number)) for number in range(IDLE_STREAMS)]
    with_polls = await _used_over(pid)
    if any(one.done() for one in (*drains, *polling)):
        raise RuntimeError("a stream or its page ended meanwhile")
    for one in (*drains, *polling):
        one.cancel()
    return Idle(alone, with_polls, memory)


async def _used_over(pid: int) -> float:
    began, before = time.monotonic(), _processor_seconds(pid)
    await asyncio.sleep(IDLE_SECONDS)
    return (_processor_seconds(pid) - before) / (time.monotonic() - began)


async def _poll(port: int, pages: list[Page], number: int) -> None:
    """One page's question every 25 seconds; pages were opened at any moment, so they are spread evenly."""
    page = pages[number % len(pages)]
    await asyncio.sleep(number * POLL_SECONDS / IDLE_STREAMS)
    connection = await asyncio.open_connection(HOST, port)
    while True:
        status, _ = await _asked(connection, _get(PART, page.cookie))
        if status != 200:
            raise RuntimeError(f"{PART} was answered {status}")
        await asyncio.sleep(POLL_SECONDS)


async def _drain(reader: asyncio.StreamReader) -> None:
    while await reader.read(65536):
        pass


def _processes(pid: int) -> list[psutil.Process]:
    server = psutil.Process(pid)
    return [server, *server.children(recursive=True)]


def _processor_seconds(pid: int) -> float:
    times = [process.cpu_times() for process in _processes(pid)]
    return sum(one.user + one.system for one in times)


def _memory(pid: int) -> float:
    return sum(process.memory_full_info().pss for process in _processes(pid))


# HTTP as cheaply as Python can


def _get(path: str, cookie: str) -> bytes:
    head = f"GET {path} HTTP/1.1\r\nHost: {HOST}\r\nHX-Request: true\r\n"
    return (head + (f"Cookie: {cookie}\r\n" if cookie else "") + "\r\n").encode()


async def _stream(port: int, page: Page) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    reader, writer = await asyncio.open_connection(HOST, port)
    writer.write(_get(page.events, ""))
    head = await reader.readuntil(b"\r\n\r\n")
    if b" 200 " not in head.split(b"\r\n", 1)[0]:
        raise RuntimeError(f"the stream was answered {head[:100]!r}")
    return reader, writer


async def _asked(connection: tuple[asyncio.StreamReader, asyncio.StreamWriter], request: bytes) -> tuple[int, bytes]:
    reader, writer = connection
    writer.write(request)
    head = await reader.readuntil(b"\r\n\r\n")
    length = int(head.lower().partition(b"content-length:")[2].split(b"\r\n", 1)[0])
    return int(head[9:12]), await reader.readexactly(length)


def _pages(playing: Stage, database: str) -> list[Page]:
    """A page of each agent, as the server would have made it just now."""
    from sqlalchemy import select

    from portal import create_app
    from portal.extensions import db
    from portal.models import Account, LeadAccess, User
    from portal.models.tenancy import inside_company
    from portal.permissions import Sight
    from portal.tokens import Reader, live_token

    logging.disable(logging.INFO)
    app, company_id = create_app(playing.settings_for(database)), playing.cast.company_id
    with app.app_context(), inside_company(company_id):
        agents = db.session.execute(
            select(User.id, Account.fs_uniquifier)
            .join(Account, Account.id == User.account_id)
            .where(User.id != playing.cast.owner_id)
        ).all()
        readers = {user_id: Reader(company_id, Sight(user_id, frozenset(LeadAccess))) for user_id, _ in agents}
        events = {user_id: f"/events?token={live_token(reader, time.time())}" for user_id, reader in readers.items()}
    pages = [Page(user_id, _cookie(app, company_id, user_id, account), events[user_id]) for user_id, account in agents]
    with app.app_context():
        db.engine.dispose()
    logging.disable(logging.NOTSET)
    return pages


def _cookie(app: Any, company_id: UUID, user_id: UUID, uniquifier: str) -> str:
    client = app.test_client()
    with client.session_transaction() as session:
        session.permanent = True
        session.update(_user_id=uniquifier, _fresh=True, company_id=str(company_id), user_id=str(user_id))
    # As a browser holds it after the first page: with the secret of its forms.
    client.get("/me")
    name = app.config["SESSION_COOKIE_NAME"]
    cookie = client.get_cookie(name)
    assert cookie is not None
    return f"{name}={cookie.value}"


def main() -> None:
    """Print the figures."""
    from bench.table import line

    for row in measure():
        print(line(row), flush=True)


if __name__ == "__main__":
    main()
