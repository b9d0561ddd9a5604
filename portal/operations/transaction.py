"""One operation, one transaction; what leaves the process waits for the commit."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import wraps
from typing import ParamSpec, TypeVar

from psycopg.errors import DeadlockDetected, SerializationFailure
from sqlalchemy.exc import DBAPIError

from portal.extensions import db

P = ParamSpec("P")
R = TypeVar("R")

MOST_TRIES = 3


def operation(work: Callable[P, R]) -> Callable[P, R]:
    """Run a function as one transaction: commit when it returns, roll back when it raises.

    An operation called by another joins its transaction. Locks are taken in one order everywhere, so a deadlock
    should not happen; should PostgreSQL ever end one, the operation is run again from the start.
    """

    @wraps(work)
    def run(*args: P.args, **kwargs: P.kwargs) -> R:
        info = db.session().info
        if info.get("in_operation"):
            return work(*args, **kwargs)
        for tries_left in reversed(range(MOST_TRIES)):
            info["in_operation"], info["after_commit"], info["before_commit"] = True, [], {}
            try:
                result = work(*args, **kwargs)
                for last in list(info["before_commit"].values()):
                    last()
                db.session.commit()
            except DBAPIError as error:
                db.session.rollback()
                if tries_left and isinstance(error.orig, DeadlockDetected | SerializationFailure):
                    continue
                raise
            except BaseException:
                db.session.rollback()
                raise
            finally:
                info["in_operation"] = False
            for effect in info.pop("after_commit"):
                effect()
            return result
        raise AssertionError("unreachable: the last try returns or raises")

    return run


def after_commit(effect: Callable[[], object]) -> None:
    """Do something once the running operation is committed; never when it is rolled back.

    Effects only hurry things along (waking a worker): what must happen is a row in `due_work`.
    """
    db.session().info.setdefault("after_commit", []).append(effect)


def before_commit(name: str, act: Callable[[], object]) -> None:
    """Do something as the last act of the running operation, once, however often it is asked for under this name."""
    db.session().info.setdefault("before_commit", {}).setdefault(name, act)


@contextmanager
def taken_back() -> Iterator[None]:
    """A block whose changes are undone at its end, however it ends, with everything that was to follow from them."""
    info = db.session().info
    kept = list(info["after_commit"]), dict(info["before_commit"])
    for_a_moment = db.session.begin_nested()
    try:
        yield
    finally:
        for_a_moment.rollback()
        db.session.expire_all()
        info["after_commit"], info["before_commit"] = kept
