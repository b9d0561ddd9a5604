"""The two RQ workers, with what RQ leaves to be desired: ending in time, and living through a Redis that goes away."""

from __future__ import annotations

import ctypes
import os
import signal
import sys
import threading
from contextlib import suppress
from types import FrameType
from typing import Any

import structlog
from redis.exceptions import RedisError
from rq import SimpleWorker, Worker
from rq.job import Job
from rq.queue import Queue
from rq.serializers import JSONSerializer

from portal.extensions import db
from portal.jobs.shell import application, stopping
from portal.live.announcer import Announcer
from portal.queue import OUTSIDE, connect

_END_WITHIN = 4.5
"""Seconds a running job gets after SIGTERM; the supervisor kills after eight."""
_TELL_WITHIN = 0.5
"""Seconds a job's process waits for what it announced to be told."""
_PR_SET_PDEATHSIG = 1

_log = structlog.get_logger(__name__)

_SETTINGS: dict[str, Any] = {
    # Results and arguments are JSON: nothing read from Redis is ever executed as a pickle would be.
    "serializer": JSONSerializer,
    # RQ waits 15 seconds less than this for a job before it looks at anything else; the default is seven minutes.
    "worker_ttl": 45,
    # How often jobs of killed workers are cleared away; the default is ten minutes.
    "maintenance_interval": 30,
    "log_job_description": False,
}


class _EndsInTime:
    """Ends within seconds of SIGTERM, and does not wait a minute for a Redis that was away for a moment."""

    max_connection_wait_time = 1.0
    log_result_lifespan = False
    most_jobs: int | None = None
    """After how many jobs the process ends; None = never."""
    jobs_done = 0

    def request_stop(self, signum: int, frame: FrameType | None) -> None:
        stopping.set()
        super().request_stop(signum, frame)  # type: ignore[misc]

    @property
    def has_done_enough(self) -> bool:
        """Whether the process shall end and a fresh one take over."""
        return self.most_jobs is not None and self.jobs_done >= self.most_jobs

    def execute_job(self, job: Job, queue: Queue) -> None:
        self.jobs_done += 1
        super().execute_job(job, queue)  # type: ignore[misc]

    def set_shutdown_requested_date(self) -> None:
        # Called from a signal's handler, where an error would hit whatever the job is doing.
        with suppress(RedisError):
            super().set_shutdown_requested_date()  # type: ignore[misc]

    def teardown(self) -> None:
        # Saying goodbye needs Redis; when it is away, its record of us runs out by itself.
        with suppress(RedisError):
            super().teardown()  # type: ignore[misc]


class QuickWorker(_EndsInTime, SimpleWorker):  # type: ignore[misc]
    """Runs jobs in its own process: six times as many a second as with a fork for each."""

    # Whatever leaks, leaks no further.
    most_jobs = 20_000


class OutsideWorker(_EndsInTime, Worker):  # type: ignore[misc]
    """Forks for each job: what hangs or grows there can be ended from here."""

    def handle_warm_shutdown_request(self) -> None:
        super().handle_warm_shutdown_request()
        if self.horse_pid:
            # The job learns of it too; RQ itself would wait for as long as the job likes to run.
            with suppress(ProcessLookupError):
                os.kill(self.horse_pid, signal.SIGTERM)
            last_call = threading.Timer(_END_WITHIN, self.kill_horse)
            last_call.daemon = True
            last_call.start()

    def main_work_horse(self, job: Job, queue: Queue) -> None:
        _die_with_parent()
        _use_own_connections()
        super().main_work_horse(job, queue)

    def perform_job(self, *arguments: Any) -> bool:
        try:
            return bool(super().perform_job(*arguments))
        finally:
            # The process ends right after this, and its threads with it.
            announcer: Announcer | None = application().extensions.get("announcer")
            if announcer is not None:
                announcer.finish(within=_TELL_WITHIN)

    def setup_work_horse_signals(self) -> None:
        super().setup_work_horse_signals()
        signal.signal(signal.SIGTERM, lambda _signum, _frame: stopping.set())


def make_worker(serves: tuple[str, ...], url: str) -> QuickWorker | OutsideWorker:
    """A worker for these queues, ready to work.

    Raises:
        RedisError: the queue does not answer.
    """
    kind = OutsideWorker if OUTSIDE in serves else QuickWorker
    return kind(list(serves), connection=connect(url, answer_within=None), **_SETTINGS)


def _die_with_parent() -> None:
    """A worker that is killed takes its child along, so that nobody works on with nobody watching."""
    if not sys.platform.startswith("linux"):
        return
    parent = os.getppid()
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
    if os.getppid() != parent or parent == 1:
        os._exit(1)


def _use_own_connections() -> None:
    """Two processes on one connection would read each other's answers; the parent's are left open for the parent."""
    with application().app_context():
        db.engine.dispose(close=False)
