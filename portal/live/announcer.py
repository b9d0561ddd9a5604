"""Tells Redis what changed, after the commit, without anybody waiting for it.

News goes into a line in memory, and a thread of its own empties that line: what comes within a few milliseconds
travels together, which under load costs less than a message each. While Redis is away the line waits, up to a bound;
what is lost then is lost to pages that ask by themselves anyway.
"""

from __future__ import annotations

import atexit
import os
import threading
import time
import weakref
from collections import deque
from collections.abc import Sequence
from uuid import UUID

import structlog
from flask import Flask
from redis.exceptions import RedisError

from portal.config import Settings
from portal.live.news import News, channel_of, encoded
from portal.metrics import NEWS_LOST, QUEUE_AWAY
from portal.queue import connect

LONGEST_LINE = 10_000
GATHER_SECONDS = 0.01
TRY_AGAIN_AFTER = 1.0
_ANSWER_WITHIN = 0.5
_MOST_TOGETHER = 500

_log = structlog.get_logger(__name__)

Item = tuple[UUID, Sequence[News]]


class Announcer:
    """The way to Redis of one process. Its thread starts with the first news, also after a fork.

    Args:
        url: of the Redis or Valkey.
    """

    def __init__(self, url: str) -> None:
        self._url = url
        self._start_afresh()
        this = weakref.ref(self)
        os.register_at_fork(after_in_child=lambda: _afresh(this()))

    def _start_afresh(self) -> None:
        """Nothing of our parent's: it tells its own news, and its thread did not come along."""
        self._line: deque[Item] = deque()
        self._has_news = threading.Event()
        self._is_empty = threading.Condition()
        self._is_telling = False
        self._starting = threading.Lock()
        self._thread: threading.Thread | None = None
        self._is_away = False

    def announce(self, company_id: UUID, news: Sequence[News]) -> None:
        """Have this told to whoever listens. Never waits and never fails."""
        if len(self._line) >= LONGEST_LINE:
            NEWS_LOST.alone().inc()
            return
        self._line.append((company_id, news))
        self._has_news.set()
        if self._thread is None:
            self._start()

    def finish(self, within: float) -> bool:
        """Wait until all is told, for processes that end right after; whether it was, within so many seconds."""
        with self._is_empty:
            return self._is_empty.wait_for(lambda: not self._line and not self._is_telling, timeout=within)

    def _start(self) -> None:
        with self._starting:
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, name="announcer", daemon=True)
                self._thread.start()
                atexit.register(self.finish, _ANSWER_WITHIN)

    def _run(self) -> None:
        redis = connect(self._url, _ANSWER_WITHIN)
        while True:
            self._has_news.wait()
            # Under load others finish within this time, and all of it is one journey.
            time.sleep(GATHER_SECONDS)
            self._has_news.clear()
            self._is_telling = True
            while some := [self._line.popleft() for _ in range(min(len(self._line), _MOST_TOGETHER))]:
                while not self._tell(redis, some):
                    time.sleep(TRY_AGAIN_AFTER)
            with self._is_empty:
                self._is_telling = False
                self._is_empty.notify_all()

    def _tell(self, redis: object, some: Sequence[Item]) -> bool:
        by_company: dict[UUID, list[News]] = {}
        for company_id, news in some:
            by_company.setdefault(company_id, []).extend(news)
        try:
            with redis.pipeline(transaction=False) as pipeline:  # type: ignore[attr-defined]
                for company_id, told in by_company.items():
                    pipeline.publish(channel_of(company_id), encoded(told))
                pipeline.execute()
        except RedisError as error:
            self._note_away(error)
            return False
        if self._is_away:
            self._is_away = False
            _log.info("live_updates_back")
        return True

    def _note_away(self, error: RedisError) -> None:
        QUEUE_AWAY.labels("announce").inc()
        if not self._is_away:
            self._is_away = True
            _log.warning("live_updates_away", error=str(error))


def _afresh(announcer: Announcer | None) -> None:
    if announcer is not None:
        announcer._start_afresh()


def bind(app: Flask) -> None:
    """Make this application's announcer. Without a Redis, as in a command that migrates, there is nobody to tell."""
    settings: Settings = app.extensions["settings"]
    if settings.redis_url is not None:
        app.extensions["announcer"] = Announcer(settings.redis_url)
