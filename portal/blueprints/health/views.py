"""Alive, ready, and the numbers."""

from __future__ import annotations

from flask import Response, jsonify
from flask.typing import ResponseReturnValue
from prometheus_client import CONTENT_TYPE_LATEST

from portal import metrics as numbers
from portal.blueprints.health.parts import WorkWaiting, database, queue, workers


def healthz() -> ResponseReturnValue:
    """The process answers. Asks nothing else, so that a database that is away gets no web process restarted."""
    return jsonify(status="ok")


def readyz() -> ResponseReturnValue:
    """Whether all parts do their work; 503 and the missing part's name when one does not."""
    parts = {"database": database(), "queue": queue(), "workers": workers()}
    missing = {name: why for name, why in parts.items() if why is not None}
    body = {"status": "missing" if missing else "ok", "missing": missing}
    return jsonify(body), 503 if missing else 200


def metrics() -> ResponseReturnValue:
    """All numbers of all processes on this machine, in the text format of Prometheus."""
    return Response(numbers.exposed(WorkWaiting()), content_type=CONTENT_TYPE_LATEST)
