"""The lead list with 50 rows: pages a second beside a bare Flask route that renders a 50-row Jinja table.

    python -m bench.list_page

Both are served by the same server with the same options, in turns, three rounds; the medians are compared.
"""

from __future__ import annotations

import json
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Any

import psycopg

from bench.stage import Served, Stage, other_web, portal_web, stage
from bench.table import line

ROUNDS = 3
CLIENTS = 4
WARM_UP = 40
PAGES = 200
LEADS = 5_000
REACH = 0.50
PATH = "/leads?bucket=assigned"
BARE = "a bare Flask route rendering a 50-row Jinja table, same server"
_PROGRAM = Path(__file__).parent / "page_client.py"

_LEADS = """
    WITH agents AS (
        SELECT array_agg(user_id) AS ids FROM pool_members
    ), people AS (
        INSERT INTO contacts (company_id, id, name)
        SELECT %(company)s, gen_random_uuid(), 'Customer ' || n FROM generate_series(1, %(leads)s) n RETURNING id
    ), keyed AS (
        INSERT INTO contact_keys (company_id, id, contact_id, kind, raw, value)
        SELECT %(company)s, gen_random_uuid(), id, 'email', id || '@example.com', id || '@example.com' FROM people
    )
    INSERT INTO leads (company_id, id, contact_id, state, owner_id, source, lead_type, tags_found, assigned_at)
    SELECT %(company)s, gen_random_uuid(), p.id, 'owned', ids[1 + floor(random() * cardinality(ids))::int],
           'website', 'solar', '{slate,urgent}', clock_timestamp()
    FROM people p, agents"""


@dataclass(frozen=True, slots=True)
class Looks:
    """Pages a second over all clients, and sorted answer times in milliseconds."""

    rate: float
    milliseconds: list[float]


def measure() -> list[dict[str, Any]]:
    """The rate beside its limit, and how long a page takes."""
    with stage() as playing, playing.database() as database:
        _add_leads(playing, database)
        cookie = _owners_cookie(playing, database)
        rounds = [(_portal(playing, database, cookie), _bare(playing, database)) for _ in range(ROUNDS)]
    ours = median(portal.rate for portal, _ in rounds)
    limit = median(bare.rate for _, bare in rounds)
    took = sorted(time for portal, _ in rounds for time in portal.milliseconds)
    rate = {
        "name": f"the lead list, 50 rows, {LEADS:,} leads, {CLIENTS} clients",
        "value": ours,
        "unit": "pages/s",
        "reach": REACH * limit,
        "limit": limit,
        "limit_name": BARE,
    }
    p95 = {
        "name": "the lead list, 95 % of pages took at most",
        "value": took[int(len(took) * 0.95)],
        "unit": "ms",
        "reach": 150.0,
        "limit": None,
        "limit_name": None,
    }
    return [rate, p95]


def _portal(playing: Stage, database: str, cookie: str) -> Looks:
    with portal_web(playing, database) as served:
        return _looked(served, cookie, "<tbody>")


def _bare(playing: Stage, database: str) -> Looks:
    environ = {**playing.environ(database), "PYTHONPATH": str(Path(__file__).parent.parent)}
    with other_web(playing, "bench.bare_table:app", environ) as served:
        return _looked(served, "", "<tbody>")


def _looked(served: Served, cookie: str, holds: str) -> Looks:
    _look(served, cookie, holds, WARM_UP)
    return _look(served, cookie, holds, PAGES)


def _look(served: Served, cookie: str, holds: str, count: int) -> Looks:
    task = {"port": served.port, "path": PATH, "cookie": cookie, "count": count, "holds": holds}
    task["start_at"] = time.monotonic() + 0.5
    clients = [
        subprocess.Popen([sys.executable, "-S", str(_PROGRAM)], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        for _ in range(CLIENTS)
    ]
    told = [json.loads(client.communicate()[0]) for client in _all_asked(clients, task)]
    seconds = max(one["end"] for one in told) - min(one["start"] for one in told)
    return Looks(CLIENTS * count / seconds, sorted(took for one in told for took in one["milliseconds"]))


def _all_asked(clients: list[subprocess.Popen[bytes]], task: dict[str, Any]) -> list[subprocess.Popen[bytes]]:
    """Every client has its task before the first is waited for."""
    for client in clients:
        assert client.stdin is not None
        client.stdin.write(json.dumps(task).encode())
        client.stdin.close()
        client.stdin = None
    return clients


def _add_leads(playing: Stage, database: str) -> None:
    with psycopg.connect(playing.address(database), autocommit=True) as connection:
        # The owner of the tables is held by row-level security too, so the company is named.
        connection.execute("SELECT set_config('portal.company_id', %s, false)", [str(playing.cast.company_id)])
        connection.execute(_LEADS, {"company": playing.cast.company_id, "leads": LEADS})
        connection.execute("VACUUM ANALYZE")


def _owners_cookie(playing: Stage, database: str) -> str:
    """A session of the company's owner, signed as the server signs it."""
    from portal import create_app
    from portal.extensions import db
    from portal.models import Account, User
    from portal.models.tenancy import inside_company

    app = create_app(playing.settings_for(database))
    cast = playing.cast
    with app.test_client() as client:
        with app.app_context(), inside_company(cast.company_id):
            user = db.session.get(User, (cast.company_id, cast.owner_id))
            account = db.session.get(Account, user.account_id) if user else None
            assert account is not None
            uniquifier = account.fs_uniquifier
        with client.session_transaction() as session:
            session.permanent = True
            session.update(
                _user_id=uniquifier, _fresh=True, company_id=str(cast.company_id), user_id=str(cast.owner_id)
            )
        # As a browser holds it after the first page: with the secret of its forms.
        client.get(PATH)
        name = app.config["SESSION_COOKIE_NAME"]
        cookie = client.get_cookie(name)
        assert cookie is not None
        with app.app_context():
            db.engine.dispose()
    return f"{name}={cookie.value}"


def main() -> None:
    for row in measure():
        print(line(row), flush=True)


if __name__ == "__main__":
    main()
