"""The queue: what carries due work to a worker. It only carries names and ids.

Everything that must happen is a row in PostgreSQL, and the pulse hands it out again until it is done. So nothing here
is ever a reason to fail: when Redis does not answer, that is a log line, a number, and somebody else's turn.
"""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace

import redis
import structlog
from flask import Flask, current_app
from redis.backoff import NoBackoff
from redis.exceptions import RedisError
from redis.retry import Retry
from rq import Queue
from rq.serializers import JSONSerializer

from portal.config import Settings
from portal.metrics import HAND_OUTS, QUEUE_AWAY

QUICK = "quick"
"""Timeouts and routing: short work on the database."""
OUTSIDE = "outside"
"""What leaves the house: messages and housekeeping. May wait for others, so it must never stand before QUICK work."""

HEARD_WITHIN = 15
"""Seconds a worker's sign of life counts."""
HAND_OUT_AGAIN = 1.0
"""Seconds after which work that is still due is handed out once more."""

_ANSWER_WITHIN = 0.5
_TRY_AGAIN_AFTER = 1.0
_LONGEST_QUEUE = 2000
_PREFIX = "baton"

_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Job:
    """Something for a worker to do.

    Args:
        name: the same for the same work; while one of this name waits in the queue, no second one is put there.
        function: dotted path of a function in `portal.jobs`.
        arguments: ids as text.
        seconds: how long it may run.
        together: how many jobs of this function may travel as one, their arguments one after the other.
    """

    name: str
    queue: str
    function: str
    arguments: tuple[str, ...] = ()
    seconds: int = 30
    together: int = 1


class WorkQueue:
    """The queue as the web and the pulse use it: every call is quick, and none raises when Redis is away.

    Args:
        url: of the Redis or Valkey.
    """

    def __init__(self, url: str) -> None:
        self.url = url
        self._redis = connect(url, _ANSWER_WITHIN)
        self._queues = {name: _queue(name, self._redis) for name in (QUICK, OUTSIDE)}
        self._flags: dict[str, float] = {}
        self._away_until = 0.0

    def hand_out(self, jobs: Sequence[Job]) -> bool:
        """Put jobs into their queues, those left out that wait there already. False when the queue does not answer."""
        if not jobs:
            return True
        if time.monotonic() < self._away_until:
            return False
        try:
            self._put(self._not_waiting(jobs))
        except RedisError as error:
            self._note_away("hand out", error)
            return False
        self._note_back()
        return True

    def started(self, name: str) -> None:
        """A job of this name runs: what becomes due from now on needs another one."""
        with suppress(RedisError):
            self._redis.delete(_waiting(name))

    def report(self, queues: Iterable[str]) -> None:
        """A sign of life of a worker that serves these queues."""
        if time.monotonic() < self._away_until:
            return
        try:
            with self._redis.pipeline(transaction=False) as pipeline:
                for name in queues:
                    pipeline.set(_heard(name), 1, ex=HEARD_WITHIN)
                pipeline.execute()
        except RedisError as error:
            self._note_away("report", error)
        else:
            self._note_back()

    def is_my_turn(self, name: str, seconds: int) -> bool:
        """Whether this process is the one that does something all could do, once in so many seconds."""
        try:
            return bool(self._redis.set(f"{_PREFIX}:turn:{name}", 1, nx=True, ex=seconds))
        except RedisError as error:
            self._note_away("schedule", error)
            return False

    def raise_flag(self, name: str, seconds: int) -> None:
        """Tell all processes something for a while; this one at least, when the queue does not answer."""
        self._flags[name] = time.monotonic() + seconds
        with suppress(RedisError):
            self._redis.set(f"{_PREFIX}:flag:{name}", 1, ex=seconds)

    def lower_flag(self, name: str) -> None:
        """It is no longer so."""
        self._flags.pop(name, None)
        with suppress(RedisError):
            self._redis.delete(f"{_PREFIX}:flag:{name}")

    def has_flag(self, name: str) -> bool:
        """Whether this process, or as far as can be told any other, said so."""
        if self._flags.get(name, 0.0) > time.monotonic():
            return True
        try:
            return bool(self._redis.exists(f"{_PREFIX}:flag:{name}"))
        except RedisError:
            return False

    def heard_from(self) -> frozenset[str]:
        """The queues a worker was heard from lately.

        Raises:
            RedisError: the queue does not answer.
        """
        found = self._redis.mget([_heard(QUICK), _heard(OUTSIDE)])
        return frozenset(name for name, sign in zip((QUICK, OUTSIDE), found, strict=True) if sign is not None)

    def _not_waiting(self, jobs: Sequence[Job]) -> list[Job]:
        with self._redis.pipeline(transaction=False) as pipeline:
            for name in self._queues:
                pipeline.llen(self._queues[name].key)
            for job in jobs:
                pipeline.set(_waiting(job.name), 1, nx=True, px=round(HAND_OUT_AGAIN * 1000))
            answers = pipeline.execute()
        # Without a worker the same work would be put there every second; what is due is not lost by leaving it out.
        full = {name for name, length in zip(self._queues, answers, strict=False) if length > _LONGEST_QUEUE}
        fresh = zip(jobs, answers[len(self._queues) :], strict=True)
        return [job for job, is_fresh in fresh if is_fresh and job.queue not in full]

    def _put(self, jobs: list[Job]) -> None:
        for name, queue in self._queues.items():
            ours = [job for job in jobs if job.queue == name]
            if ours:
                queue.enqueue_many([_prepared(job) for job in _joined(ours)])
                HAND_OUTS.labels("queue").inc(len(ours))

    def _note_away(self, doing: str, error: RedisError) -> None:
        QUEUE_AWAY.labels(doing).inc()
        if self._away_until == 0.0:
            _log.warning("queue_away", doing=doing, error=str(error))
        self._away_until = time.monotonic() + _TRY_AGAIN_AFTER

    def _note_back(self) -> None:
        if self._away_until:
            _log.info("queue_back")
            self._away_until = 0.0


def connect(url: str, answer_within: float | None) -> redis.Redis:
    """A client that fails at once instead of trying again by itself: all its users have something better to do.

    Args:
        answer_within: seconds; None for a worker that waits for work.
    """
    return redis.Redis.from_url(
        url, socket_timeout=answer_within, socket_connect_timeout=_ANSWER_WITHIN, retry=Retry(NoBackoff(), 0)
    )


def bind(app: Flask) -> None:
    """Make this application's queue. A command that only migrates needs none, so a missing URL is no error yet."""
    settings: Settings = app.extensions["settings"]
    if settings.redis_url is not None:
        app.extensions["queue"] = WorkQueue(settings.redis_url)


def work_queue() -> WorkQueue:
    """The running application's queue."""
    found: WorkQueue | None = current_app.extensions.get("queue")
    if found is None:
        raise RuntimeError("This needs a queue: start the embedded one first, or set REDIS_URL.")
    return found


def _queue(name: str, connection: redis.Redis) -> Queue:
    return Queue(name, connection=connection, serializer=JSONSerializer)


def _joined(jobs: list[Job]) -> Iterator[Job]:
    """Fewer jobs that do the same: what RQ does around a job takes longer than the job of ending a few offers."""
    by_function: defaultdict[str, list[Job]] = defaultdict(list)
    for job in jobs:
        by_function[job.function].append(job)
    for alike in by_function.values():
        together = alike[0].together
        for start in range(0, len(alike), together):
            some = alike[start : start + together]
            yield replace(
                some[0],
                name=", ".join(job.name for job in some),
                arguments=tuple(argument for job in some for argument in job.arguments),
                seconds=sum(job.seconds for job in some),
            )


def _prepared(job: Job) -> object:
    return Queue.prepare_data(
        job.function,
        args=job.arguments,
        timeout=job.seconds,
        # The row in PostgreSQL says what came of it; nobody reads results here.
        result_ttl=0,
        failure_ttl=3600,
        # What waited longer was handed out again long ago.
        ttl=60,
        description=job.name,
    )


def _waiting(name: str) -> str:
    return f"{_PREFIX}:waiting:{name}"


def _heard(name: str) -> str:
    return f"{_PREFIX}:heard:{name}"
