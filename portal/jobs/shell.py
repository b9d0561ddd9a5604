"""What every job has around it: the application, and a session that ends with the job."""

from __future__ import annotations

import threading
from collections.abc import Callable
from functools import wraps
from typing import ParamSpec, TypeVar

from flask import Flask

P = ParamSpec("P")
R = TypeVar("R")

stopping = threading.Event()
"""Set when this process was asked to end: long jobs finish what they hold and take nothing new."""

_app: Flask | None = None


def work_for(app: Flask) -> None:
    """Name the application this process works for. Called once, before any job and before a forking worker forks."""
    global _app
    _app = app


def application() -> Flask:
    """The application named by `work_for`."""
    if _app is None:
        raise RuntimeError("No application: call portal.jobs.shell.work_for first.")
    return _app


def job(work: Callable[P, R]) -> Callable[P, R]:
    """A function the queue may call by its dotted path. Its arguments are text, as they travel as JSON."""

    @wraps(work)
    def run(*args: P.args, **kwargs: P.kwargs) -> R:
        with application().app_context():
            return work(*args, **kwargs)

    return run
