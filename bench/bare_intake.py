"""The limit beside intake: a Flask route without any logic that runs a lead's recorded SQL through psycopg.

Served like the portal: the same server, the same number of threads, each with a connection that is set like ours.
"""

from __future__ import annotations

import os
import pickle
import threading
from itertools import count

import psycopg
from a2wsgi import WSGIMiddleware
from flask import Flask, Response, request

from portal.asgi_application import FLASK_THREADS, _whole_bodies

flask = Flask(__name__)
with open(os.environ["BENCH_RECORDING"], "rb") as file:
    STATEMENTS, VALUES, ANSWER = pickle.load(file)
_turns = count()
_own = threading.local()


@flask.get("/healthz")
def healthz() -> str:
    return "ok"


@flask.post("/api/v1/leads")
def take_in() -> Response:
    request.get_data()
    connection = _connection()
    for statement, values in zip(STATEMENTS, VALUES[next(_turns)], strict=True):
        cursor = connection.execute(statement, values)
        if cursor.description:
            cursor.fetchall()
    connection.commit()
    return Response(ANSWER, status=201, mimetype="application/json")


def _connection() -> psycopg.Connection:
    if not hasattr(_own, "connection"):
        _own.connection = psycopg.connect(
            os.environ["BENCH_ADDRESS"], options="-c role=portal_app", prepare_threshold=2
        )
    return _own.connection


_pages = WSGIMiddleware(flask, workers=FLASK_THREADS)  # type: ignore[arg-type]


async def app(scope, receive, send):  # type: ignore[no-untyped-def]
    """The ASGI application."""
    if scope["type"] == "lifespan":
        await receive()
        await send({"type": "lifespan.startup.complete"})
        await receive()
        await send({"type": "lifespan.shutdown.complete"})
        return
    await _pages(scope, _whole_bodies(receive), send)
