"""The limit beside the lead list: a bare Flask route that renders a 50-row Jinja table of the same cells.

Served like the portal: the same server, the same number of threads. No database, no session, no layout.
"""

from __future__ import annotations

from a2wsgi import WSGIMiddleware
from flask import Flask

from portal.asgi_application import FLASK_THREADS, _whole_bodies

flask = Flask(__name__)
ROWS = [
    (
        f"/leads/{n:032x}",
        f"Customer {n}",
        "Owned",
        "solar",
        "website",
        "slate, urgent",
        "Agent 7",
        f"{n} min ago",
        "just now",
    )
    for n in range(50)
]
TABLE = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>Leads</title></head><body><main><h1>Leads</h1>
<table><thead><tr><th>Lead</th><th>State</th><th>Type</th><th>Source</th><th>Tags</th><th>Owner</th><th>Came in</th>
<th>Last activity</th></tr></thead>
<tbody>
{% for href, called, state, kind, source, tags, owner, arrived, active in rows %}
<tr><th scope="row"><a href="{{ href }}">{{ called }}</a></th><td><span class="badge">{{ state }}</span></td>
<td>{{ kind }}</td><td>{{ source }}</td><td>{{ tags }}</td><td>{{ owner }}</td>
<td>{{ arrived }}</td><td>{{ active }}</td></tr>
{% endfor %}
</tbody></table></main></body></html>"""

# Compiled once, as a template from a file is.
COMPILED = flask.jinja_env.from_string(TABLE)


@flask.get("/healthz")
def healthz() -> str:
    return "ok"


@flask.get("/leads")
def table() -> str:
    return COMPILED.render(rows=ROWS)


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
