"""What is written to the log: one line per event, with request and lead ids, and nothing of any customer.

Lines are text for people or JSON for programs (LOG_FORMAT). Lines of libraries take the same road, so that a worker's
output can be read by one program.
"""

from __future__ import annotations

import logging
import re
import sys
import time
import traceback
from typing import Any
from uuid import uuid4

import psycopg
import structlog
from flask import Flask, Response, g, request
from structlog.contextvars import bind_contextvars, clear_contextvars, merge_contextvars
from structlog.types import EventDict, Processor

from portal.config import LogFormat, Settings

# Everything after these is a secret: whoever reads the log must not be able to open somebody's offer.
_SECRET_PATHS = re.compile(r"^(/(?:o|a|s|f|in|set-password|reset)/)[^/]+")
_REQUEST_ID = re.compile(r"[A-Za-z0-9._-]{1,64}")

_log = structlog.get_logger(__name__)


def configure(log_format: LogFormat) -> None:
    """Set up logging of this process. Calling it again changes the format and nothing else."""
    shared: list[Processor] = [
        merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        # The standard library's handler has a lock that survives a fork; structlog's own printer has not.
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.make_filtering_bound_logger(logging.INFO),
        cache_logger_on_first_use=True,
    )
    formatter = structlog.stdlib.ProcessorFormatter(
        foreign_pre_chain=shared,
        processors=[
            structlog.stdlib.ProcessorFormatter.remove_processors_meta,
            _failure_without_its_message,
            _drawn(log_format),
        ],
    )
    _handle_with(formatter)


def masked_path(path: str) -> str:
    """A path without the token in it: `/o/…`, `/set-password/…`."""
    return _SECRET_PATHS.sub(r"\1…", path)


def bind(app: Flask) -> None:
    """One line per request, and its id on every line written meanwhile and in the answer's X-Request-ID."""
    settings: Settings = app.extensions["settings"]
    if settings.environment != "test":
        configure(settings.log_format)
    app.before_request(_begin)
    app.after_request(_end)


def about_lead(lead_id: object) -> None:
    """Name the lead on every line of this request from now on."""
    bind_contextvars(lead_id=str(lead_id))


def what_failed(error: BaseException) -> dict[str, object]:
    """What to log of an error: its kind and its place.

    Messages of errors may hold a customer's data (PostgreSQL quotes the row that failed), so they are left out.
    """
    about: dict[str, object] = {
        "kind": type(error).__name__,
        "where": [
            f"{frame.filename}:{frame.lineno} {frame.name}" for frame in traceback.extract_tb(error.__traceback__)
        ],
    }
    original = getattr(error, "orig", error)
    if isinstance(original, psycopg.Error):
        about |= {"sqlstate": original.sqlstate, "constraint": original.diag.constraint_name}
    return about


def _failure_without_its_message(_logger: object, _method: str, event: EventDict) -> EventDict:
    failure = event.pop("exc_info", None)
    if failure is True:
        failure = sys.exc_info()
    error = failure[1] if isinstance(failure, tuple) else failure
    return {**event, **what_failed(error)} if isinstance(error, BaseException) else event


def _begin() -> None:
    clear_contextvars()
    g.began = time.perf_counter()
    given = request.headers.get("X-Request-ID", "")
    g.request_id = given if _REQUEST_ID.fullmatch(given) else uuid4().hex
    bind_contextvars(request_id=g.request_id)


def _end(response: Response) -> Response:
    began = g.get("began")
    if began is not None:
        response.headers["X-Request-ID"] = g.request_id
        _log.info(
            "request",
            method=request.method,
            path=masked_path(request.path),
            status=response.status_code,
            milliseconds=round((time.perf_counter() - began) * 1000, 1),
        )
    return response


def _drawn(log_format: LogFormat) -> Processor:
    if log_format == "json":
        return structlog.processors.JSONRenderer(ensure_ascii=False)
    return structlog.dev.ConsoleRenderer(colors=False, pad_event_to=0)


class _OurHandler(logging.StreamHandler[Any]):
    """Marks the handler as ours, so that a second set-up replaces it."""


def _handle_with(formatter: logging.Formatter) -> None:
    handler = _OurHandler(sys.stderr)
    handler.setFormatter(formatter)
    root = logging.getLogger()
    root.handlers = [*(other for other in root.handlers if not isinstance(other, _OurHandler)), handler]
    root.setLevel(logging.INFO)
    # One line per job would say nothing that the numbers do not.
    for chatty in ("rq", "rq.worker", "rq.job", "alembic"):
        logging.getLogger(chatty).setLevel(logging.WARNING)
