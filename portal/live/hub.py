"""Hears of every change once per web process, and tells the open streams of whoever may know of it.

One subscription to Redis serves all companies and streams. Everything runs on the event loop: no thread, no SQL, no
Flask. Whom a change may be told to follows from what the stream's token says, by `permissions.Sight`.
"""

from __future__ import annotations

import asyncio
import random
import time
from collections import defaultdict, deque
from collections.abc import Iterable
from contextlib import suppress

import msgspec
import structlog
from redis.asyncio import Redis
from redis.asyncio.client import PubSub
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import RedisError

from portal.live.news import EVERY_CHANNEL, LeadNews, News, OfferNews, company_of, decoded
from portal.metrics import STREAMS_DROPPED
from portal.tokens import Reader

MOST_UNTOLD = 1_000
"""How many changes a stream may have before it; a reader who is further behind is cut off and asks for all again."""
KEPT_SECONDS = 15.0
"""How long news is kept for pages that were made meanwhile and open their stream a moment later."""
MOST_KEPT = 5_000
_LISTEN_SECONDS = 20.0
_LONGEST_PAUSE = 2.0

_log = structlog.get_logger(__name__)

AGAIN = b"event: again\ndata: {}\n\n"


class Stream:
    """What one open page has yet to be told, the newest of each thing only.

    Args:
        reader: who reads it.
    """

    def __init__(self, reader: Reader) -> None:
        self.reader = reader
        self.is_over = False
        self._untold: dict[object, bytes] = {}
        self._news = asyncio.Event()
        self._task = asyncio.current_task()

    def tell(self, about: object, event: bytes) -> None:
        """Have this told. Whoever cannot keep up is cut off."""
        # Out and in again: told in the order of the last change.
        self._untold.pop(about, None)
        self._untold[about] = event
        self._news.set()
        if len(self._untold) > MOST_UNTOLD and not self.is_over:
            STREAMS_DROPPED.alone().inc()
            self.end()
            if self._task is not None:
                self._task.cancel()

    def end(self) -> None:
        """Nothing more will be told."""
        self.is_over = True
        self._news.set()

    async def next(self, within: float) -> bytes:
        """All there is to tell, waited for at most so many seconds; empty when there is nothing."""
        if not self._untold and not self.is_over:
            with suppress(TimeoutError):
                async with asyncio.timeout(within):
                    await self._news.wait()
        self._news.clear()
        told = b"".join(self._untold.values())
        self._untold.clear()
        return told


class Hub:
    """The streams of this process, and the one subscription they live on.

    Args:
        url: of the Redis or Valkey; None = pages are told nothing and ask by themselves.
    """

    def __init__(self, url: str | None) -> None:
        self._url = url
        self._streams: defaultdict[bytes, set[Stream]] = defaultdict(set)
        self._kept: deque[tuple[float, bytes, bytes]] = deque()
        # From when on nothing is missing in what is kept; nothing is known before the first subscription.
        self._complete_since = float("inf")
        self._is_closed = False

    def open(self, reader: Reader, since: float) -> Stream:
        """A stream that tells what changed since a moment (`time.time`), or to ask for all when that is not known."""
        stream = Stream(reader)
        company = _key(reader)
        self._forget_old()
        if since < max(self._complete_since, time.time() - KEPT_SECONDS):
            stream.tell("again", AGAIN)
        else:
            for arrived, of_company, message in self._kept:
                # The page may be a little older than its token.
                if of_company == company and arrived >= since - 1:
                    _tell((stream,), _readable(message))
        self._streams[company].add(stream)
        if self._is_closed:
            stream.end()
        return stream

    def close(self, stream: Stream) -> None:
        """Forget a stream whose reader is gone."""
        company = _key(stream.reader)
        self._streams[company].discard(stream)
        if not self._streams[company]:
            del self._streams[company]

    def close_all(self) -> None:
        """End every stream, and those that are opened from now on."""
        self._is_closed = True
        for streams in self._streams.values():
            for stream in streams:
                stream.end()

    async def run(self) -> None:
        """Listen until cancelled; whenever Redis went away, come back to it with pauses."""
        if self._url is None:
            return
        pause, is_away = 0.1, False
        while True:
            # Without a connection timeout a machine that swallows packets would be waited for for minutes.
            redis = Redis.from_url(self._url, socket_connect_timeout=2, retry=Retry(NoBackoff(), 0))
            try:
                async with redis, redis.pubsub() as subscription:
                    await subscription.psubscribe(EVERY_CHANNEL)
                    await self._listen(subscription)
            except (RedisError, OSError, TimeoutError) as error:
                if self._complete_since != float("inf") or not is_away:
                    _log.warning("live_updates_deaf", error=str(error))
                    is_away, pause = True, 0.1
                self._complete_since = float("inf")
            await asyncio.sleep(pause * random.uniform(0.5, 1.0))  # noqa: S311 (so that not all come at once)
            pause = min(_LONGEST_PAUSE, pause * 2)

    async def _listen(self, subscription: PubSub) -> None:
        is_answering = True
        while True:
            message = await subscription.get_message(timeout=_LISTEN_SECONDS)
            if message is None:
                if not is_answering:
                    raise TimeoutError("Redis does not answer")
                is_answering = False
                await subscription.ping()
                continue
            is_answering = True
            if message["type"] == "psubscribe":
                self._begin()
            elif message["type"] == "pmessage":
                self._hear(company_of(message["channel"]), message["data"])
                # When much comes at once, streams get their turn in between; or quick readers would look slow.
                await asyncio.sleep(0)

    def _begin(self) -> None:
        """From here on everything is heard; what was said before is not known, so all pages ask for all they show."""
        self._complete_since = time.time()
        self._kept.clear()
        for streams in self._streams.values():
            for stream in streams:
                stream.tell("again", AGAIN)

    def _hear(self, company: bytes, message: bytes) -> None:
        self._forget_old()
        self._kept.append((time.time(), company, message))
        streams = self._streams.get(company)
        if streams:
            _tell(tuple(streams), _readable(message))

    def _forget_old(self) -> None:
        oldest = time.time() - KEPT_SECONDS
        while self._kept and (self._kept[0][0] < oldest or len(self._kept) > MOST_KEPT):
            arrived, _, _ = self._kept.popleft()
            self._complete_since = max(self._complete_since, arrived)


def _readable(message: bytes) -> list[News]:
    try:
        return decoded(message)
    except msgspec.DecodeError as error:
        # Another version of the portal, during a deploy.
        _log.warning("live_updates_unreadable", error=str(error))
        return []


def _tell(streams: Iterable[Stream], news: list[News]) -> None:
    for one in news:
        event = _event(one)
        for stream in streams:
            if _may_be_told(stream.reader, one):
                stream.tell((type(one), one.id), event)


def _may_be_told(reader: Reader, news: News) -> bool:
    match news:
        case OfferNews(user_id=user_id):
            return user_id == reader.user_id
        case LeadNews(owners=owners, teams=teams, called=called):
            return reader.user_id in called or any(reader.sight.sees(owner, team) for owner in owners for team in teams)


def _event(news: News) -> bytes:
    """As the stream says it: an id and a number, nothing else."""
    kind = "offer" if isinstance(news, OfferNews) else "lead"
    return f'event: {kind}\ndata: {{"id": "{news.id}", "version": {news.version}}}\n\n'.encode()


def _key(reader: Reader) -> bytes:
    """The reader's company as channels name it."""
    return str(reader.company_id).encode()
