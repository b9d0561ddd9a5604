"""A worker: `worker.py --queues quick` for timeouts and routing, `worker.py --queues outside` for messages.

Everything rests on one assumption: PostgreSQL is the record of what must be done, and Redis merely carries it about.
So this program may be killed at any line, and Redis may be away or be emptied at any moment: what was not done is still
a row, and the pulse, which runs in a thread here, finds it again within a second or does it itself.

Run as many as you like, on any machine that reaches the same database and queue.
"""

from __future__ import annotations

import argparse
import signal
import sys
from collections.abc import Sequence

import structlog
from flask import Flask
from redis.exceptions import RedisError

from portal import create_worker_app, logs
from portal.config import SettingError, Settings
from portal.jobs.pulse import Pulse
from portal.jobs.shell import stopping, work_for
from portal.jobs.workers import make_worker
from portal.queue import OUTSIDE, QUICK, WorkQueue
from portal.supervisor.places import places
from portal.supervisor.servers import with_urls
from portal.supervisor.valkey import policy_warning

TRY_AGAIN_AFTER = 1.0
"""Seconds to wait for a Redis that does not answer; the pulse works on meanwhile."""

log = structlog.get_logger("worker")


def main(arguments: Sequence[str] | None = None) -> int:
    """Work until SIGTERM or SIGINT; with `--burst` until nothing is left in the queues. Gives the exit status."""
    options = _options(arguments)
    try:
        settings = Settings.from_environ()
    except SettingError as refusal:
        print(f"worker: {refusal}", file=sys.stderr)
        return 1
    if settings.database_url is None or settings.redis_url is None:
        settings = with_urls(settings, places(settings.instance_dir))
    logs.configure(settings.log_format)
    # Made once, before any fork: a job then starts in milliseconds.
    app = create_worker_app(settings)
    work_for(app)
    return run(app, tuple(options.queues.split(",")), is_burst=options.burst)


def run(app: Flask, serves: tuple[str, ...], *, is_burst: bool) -> int:
    """Serve these queues with the pulse beside it."""
    queue: WorkQueue = app.extensions["queue"]
    _listen()
    log.info("worker_started", serves=serves)
    _report_policy(queue.url)
    pulse = Pulse(app, queue, serves)
    pulse.start()
    try:
        return _work(queue.url, serves, is_burst=is_burst)
    finally:
        pulse.stop()
        log.info("worker_ended", serves=serves)


def _work(url: str, serves: tuple[str, ...], *, is_burst: bool) -> int:
    """RQ's loop, begun again whenever Redis comes back."""
    while not stopping.is_set():
        try:
            worker = make_worker(serves, url)
            worker.work(burst=is_burst, logging_level="WARNING", max_jobs=worker.most_jobs)
        except RedisError as error:
            log.warning("queue_away", error=str(error), waits_seconds=TRY_AGAIN_AFTER)
            stopping.wait(TRY_AGAIN_AFTER)
            continue
        finally:
            _listen()
        if is_burst or worker.has_done_enough:
            break
        stopping.wait(TRY_AGAIN_AFTER)
    return 0


def _listen() -> None:
    """Hear the signals that end us; RQ puts its own handlers in place while it works."""
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda _number, _frame: stopping.set())


def _report_policy(url: str) -> None:
    try:
        warning = policy_warning(url)
    except RedisError as error:
        warning = f"REDIS_URL: the queue does not answer ({error}); timeouts are done without it."
    if warning is not None:
        log.warning("queue_unfit", reason=warning)


def _options(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="worker.py", description="Runs a worker.")
    parser.add_argument(
        "--queues",
        choices=(QUICK, OUTSIDE, f"{QUICK},{OUTSIDE}"),
        default=f"{QUICK},{OUTSIDE}",
        help="quick: timeouts and routing; outside: messages and housekeeping (default: both)",
    )
    parser.add_argument("--burst", action="store_true", help="end when the queues are empty")
    return parser.parse_args(arguments)


if __name__ == "__main__":
    sys.exit(main())
