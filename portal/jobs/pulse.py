"""The pulse: finds what is due in PostgreSQL, five times a second, and sees to it that it is done.

It runs in a thread of its own in every worker process, and claims nothing: what is due is handed to the queue, and
what is still due a second later is handed out again. When the queue does not answer, or the quick workers do not keep
up, the process does timeouts itself. So the queue may lose everything it holds and offers still end on time; two
processes doing the same is harmless, because each piece of work is deleted in the transaction that does it.

Never early: what is due is decided by the database's clock, here and once more in the operation itself.
"""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Callable, Collection, Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime, timedelta
from importlib import import_module

import structlog
from flask import Flask

from portal.extensions import db
from portal.jobs import replays, timeouts
from portal.jobs.clock_watch import ClockWatch, seconds_passed
from portal.jobs.messages import SENDING
from portal.jobs.schedule import Schedule
from portal.metrics import CLOCK_JUMPS, HAND_OUTS
from portal.models import WorkKind
from portal.queries import across
from portal.queries.across import Due, DueGroup
from portal.queries.clock import database_time
from portal.queue import HAND_OUT_AGAIN, HEARD_WITHIN, OUTSIDE, QUICK, Job, WorkQueue

EVERY = 0.2
"""Seconds from one look to the next."""
KEPT_FROM_SENDING = 5
"""Seconds after which a message that is due is sent by the pulse's own hand."""
_AT_ONCE = 20_000
_REPLAYS_AT_ONCE = 5
_QUICK_KINDS = (WorkKind.END_OFFER, WorkKind.DRAIN, WorkKind.RELEASE, WorkKind.REMIND, WorkKind.CONTACT)
_REPORT_EVERY = HEARD_WITHIN / 5
_AFTER_A_FAILURE = 1.0

_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Task:
    """A job and since when it is due."""

    job: Job
    due_at: datetime


class StandIn:
    """Does jobs in this process, one after the other per queue, beside the pulse."""

    def __init__(self) -> None:
        self._threads = {
            name: ThreadPoolExecutor(1, thread_name_prefix=f"stand-in-{name}") for name in (QUICK, OUTSIDE)
        }
        self._names: set[str] = set()

    def do(self, job: Job) -> None:
        """Do it soon, unless it is about to be done here already."""
        if job.name not in self._names:
            self._names.add(job.name)
            HAND_OUTS.labels("pulse").inc()
            self._threads[job.queue].submit(self._run, job)

    def end(self) -> None:
        """Finish what runs and forget the rest; it is still due."""
        for threads in self._threads.values():
            threads.shutdown(wait=False, cancel_futures=True)

    def _run(self, job: Job) -> None:
        self._names.discard(job.name)
        try:
            function_of(job)(*job.arguments)
        except Exception:  # noqa: BLE001 (said below)
            # It is still due, so it is tried again; a thread that ended silently would hide why it is late.
            _log.exception("stand_in_failed", job=job.name)


class Beat:
    """One look at what is due, again and again.

    Args:
        app: the application.
        queue: where jobs go.
        stand_in: does a job in this process.
        serves: the queues of this worker. Only a worker that serves OUTSIDE sends messages itself.
        passed: seconds on a clock nobody can set.
    """

    def __init__(
        self,
        app: Flask,
        queue: WorkQueue,
        stand_in: Callable[[Job], None],
        serves: Collection[str],
        passed: Callable[[], float] = seconds_passed,
    ) -> None:
        self._app = app
        self._queue = queue
        self._stand_in = stand_in
        self._serves = serves
        self._passed = passed
        self._clock = ClockWatch()
        self._schedule = Schedule()
        self._reported_at = float("-inf")

    def beat(self) -> None:
        """Look once: hand out what is due, and do what was handed out in vain."""
        with self._app.app_context():
            now = database_time()
            self._watch_clock(now)
            timeouts_due = [] if self._clock.is_paused else _timeouts(across.groups_due(_QUICK_KINDS, _AT_ONCE))
            messages_due = _sending(across.work_due([WorkKind.SEND_MESSAGE], 1))
            replays_due = _replaying(across.work_due([WorkKind.REPLAY], _REPLAYS_AT_ONCE))
            db.session.rollback()
        tasks = [*timeouts_due, *messages_due, *replays_due]
        was_taken = self._queue.hand_out([task.job for task in tasks])
        for task in tasks:
            is_late = now - task.due_at > timedelta(seconds=HAND_OUT_AGAIN)
            # A worker that is at something long, such as a replay, must not keep offers from those they are for.
            is_kept = task.job is SENDING and now - task.due_at > timedelta(seconds=KEPT_FROM_SENDING)
            if not was_taken or is_kept or (is_late and task.job.queue == QUICK):
                self._do(task.job)
        self._do_the_rest()

    def _do(self, job: Job) -> None:
        if job.queue == QUICK or job.queue in self._serves:
            self._stand_in(job)

    def _do_the_rest(self) -> None:
        if time.monotonic() - self._reported_at >= _REPORT_EVERY:
            self._reported_at = time.monotonic()
            self._queue.report(self._serves)
        self._queue.hand_out(self._schedule.due(self._queue))

    def _watch_clock(self, now: datetime) -> None:
        jump = self._clock.look(now, self._passed())
        if jump is not None:
            CLOCK_JUMPS.labels("forward" if jump.seconds > 0 else "back").inc()
            _log.critical(
                "database_clock_jumped",
                seconds=round(jump.seconds),
                timeouts="paused",
                until="it is back, or 10 minutes",
            )


class Pulse:
    """Beats until it is stopped, in a thread of its own."""

    def __init__(self, app: Flask, queue: WorkQueue, serves: Collection[str]) -> None:
        self._stand_in = StandIn()
        self._beat = Beat(app, queue, self._stand_in.do, serves)
        self._stop = threading.Event()
        self._is_failing = False
        self._thread = threading.Thread(target=self._run, name="pulse", daemon=True)

    def start(self) -> None:
        """Begin to beat."""
        self._thread.start()

    def stop(self) -> None:
        """Beat no more; returns when the last beat is over."""
        self._stop.set()
        self._thread.join(timeout=2.0)
        self._stand_in.end()

    def _run(self) -> None:
        # Processes that start together should not look together.
        self._stop.wait(random.uniform(0, EVERY))  # noqa: S311 (no secret depends on it)
        while not self._stop.is_set():
            began = time.monotonic()
            self._stop.wait(max(0.0, self._beat_once() - (time.monotonic() - began)))

    def _beat_once(self) -> float:
        """One beat, and seconds until the next."""
        try:
            self._beat.beat()
        except Exception:  # noqa: BLE001 (said below)
            # A pulse that ends takes every timeout with it; whatever it is (mostly a database that is away) may pass.
            if not self._is_failing:
                _log.exception("pulse_failed")
            self._is_failing = True
            return _AFTER_A_FAILURE
        if self._is_failing:
            _log.info("pulse_works_again")
            self._is_failing = False
        return EVERY


def function_of(job: Job) -> Callable[..., object]:
    """The function a job names."""
    module, _, name = job.function.rpartition(".")
    function: Callable[..., object] = getattr(import_module(module), name)
    return function


def _timeouts(due: Iterable[DueGroup]) -> list[Task]:
    """One job per pool and per company, in an order of chance: several processes should not all begin with one pool."""
    tasks = []
    for work in due:
        if work.kind == WorkKind.END_OFFER and work.group_id is not None:
            job = timeouts.ending(work.company_id, work.group_id)
        elif work.kind == WorkKind.CONTACT and work.group_id is not None:
            job = timeouts.reassigning_late(work.company_id, work.group_id)
        elif work.kind == WorkKind.RELEASE:
            job = timeouts.letting_go(work.company_id)
        elif work.kind == WorkKind.REMIND:
            job = timeouts.reminding(work.company_id)
        else:
            job = timeouts.draining(work.company_id)
        tasks.append(Task(job, work.due_at))
    return random.sample(tasks, len(tasks))


def _replaying(due: Iterable[Due]) -> list[Task]:
    return [Task(replays.playing(work.company_id, work.subject_id), work.due_at) for work in due]


def _sending(due: Iterable[Due]) -> list[Task]:
    return [Task(SENDING, work.due_at) for work in due]
