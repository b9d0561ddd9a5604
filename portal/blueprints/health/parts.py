"""The parts the portal consists of, each asked whether it answers."""

from __future__ import annotations

from collections.abc import Iterator

from prometheus_client.core import GaugeMetricFamily, Metric
from redis.exceptions import RedisError
from sqlalchemy.exc import SQLAlchemyError

from portal.extensions import db
from portal.models import WorkKind
from portal.queries import across
from portal.queries.clock import database_time
from portal.queue import HEARD_WITHIN, work_queue


def database() -> str | None:
    """Why the database does not answer; None = it does."""
    try:
        database_time()
    except SQLAlchemyError:
        return "PostgreSQL does not answer."
    finally:
        _let_go()
    return None


def queue() -> str | None:
    """Why the queue does not answer; None = it does."""
    try:
        work_queue().heard_from()
    except RedisError:
        return "Redis does not answer. Offers still end; messages may be late."
    return None


def workers() -> str | None:
    """Why no worker is known to run; None = one was heard from."""
    try:
        if work_queue().heard_from():
            return None
    except RedisError:
        return "Unknown while Redis does not answer."
    return f"No worker was heard from in the last {HEARD_WITHIN} seconds."


class WorkWaiting:
    """How much work is overdue and for how long, by kind; asked of the database at each scrape."""

    def collect(self) -> Iterator[Metric]:
        """Two gauges; none at all while the database is away, which says more than a zero would."""
        many = GaugeMetricFamily("baton_work_waiting", "Overdue work that waits to be done.", labels=["kind"])
        oldest = GaugeMetricFamily(
            "baton_work_oldest_seconds", "For how long the oldest overdue work waits.", labels=["kind"]
        )
        try:
            waiting = {kind: (count, since) for kind, count, since in across.work_waiting()}
            now = database_time()
        except SQLAlchemyError:
            return
        finally:
            _let_go()
        for kind in WorkKind:
            count, since = waiting.get(kind, (0, now))
            many.add_metric([kind], count)
            oldest.add_metric([kind], max(0.0, (now - since).total_seconds()))
        yield many
        yield oldest


def _let_go() -> None:
    try:
        db.session.rollback()
    except SQLAlchemyError:
        # The connection is broken, which was said already.
        db.session.remove()
