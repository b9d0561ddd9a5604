"""Bulk hand-out: 20,000 unassigned leads over 20 people, as the page and the API do it.

    python -m bench.bulk_hand_out

One process, one connection, embedded PostgreSQL as durable as in earnest. Beside it the same rows written in the same
chunks by one statement each, with no turn played. Memory is what the process holds more at its peak than before.
"""

from __future__ import annotations

import json
import subprocess
import sys
from statistics import median
from typing import Any

from bench.bare_hand_out import a_decision, bare_hand_out
from bench.open_offers import inside
from bench.stage import Stage, stage
from bench.table import line

LEADS = 20_000
RUNS = 3
REACH = 2_000
REACH_MB = 20

_LEADS = """
    WITH numbered AS (
        SELECT number, gen_random_uuid() AS contact_id, gen_random_uuid() AS lead_id
        FROM generate_series(1, %(leads)s) number
    ), made_contacts AS (
        INSERT INTO contacts (company_id, id, name) SELECT %(company)s, contact_id, 'Customer ' || number FROM numbered
    )
    INSERT INTO leads (company_id, id, contact_id, state, waiting_for, source, text, fields, tags_found, flags)
    SELECT %(company)s, lead_id, contact_id, 'unassigned', 'person', 'website', 'Please call me.', '{}', '{}', '{}'
    FROM numbered"""

_HAND_OUT = """
import json, sys, threading, time
import psutil
from portal import create_app
from portal.config import Settings
from portal.extensions import db
from portal.models import User
from portal.models.tenancy import inside_company
from portal.operations.bulk_hand_out import hand_out_unassigned
from portal.queries.leads import LeadFilters
from uuid import UUID

company, owner = UUID(sys.argv[1]), UUID(sys.argv[2])
app = create_app(Settings.from_environ())
with app.app_context(), inside_company(company):
    by = db.session.get_one(User, (company, owner))
    # The statements and the set-up are made ready by the first leads, as in a process that is at work.
    first = hand_out_unassigned(by=by, filters=LeadFilters(), most=500)
    process = psutil.Process()
    before = most = process.memory_info().rss
    over = threading.Event()

    def watch():
        global most
        while not over.wait(0.01):
            most = max(most, process.memory_info().rss)

    threading.Thread(target=watch, daemon=True).start()
    began = time.perf_counter()
    done = hand_out_unassigned(by=by, filters=LeadFilters(), most=10**9)
    spent = time.perf_counter() - began
    over.set()
    print(json.dumps({"went": done.went, "seconds": spent, "grew": most - before}))
"""


def measure() -> list[dict[str, Any]]:
    """Leads a second beside the limit, and the memory; the median of three runs."""
    with stage() as playing:
        runs = [_run(playing) for _ in range(RUNS)]
    return [
        {
            "name": f"bulk hand-out of {LEADS:,} unassigned leads over 20 people",
            "value": median(run["went"] / run["seconds"] for run in runs),
            "unit": "leads/s",
            "reach": REACH,
            "limit": median(run["limit"] for run in runs),
            "limit_name": "the same rows, one statement a chunk, no logic",
        },
        {
            "name": "memory a bulk hand-out takes",
            "value": median(run["grew"] for run in runs) / 1_000_000,
            "unit": "MB",
            "reach": REACH_MB,
        },
    ]


def _run(playing: Stage) -> dict[str, float]:
    with playing.database() as database:
        _fill(playing, database)
        command = [sys.executable, "-c", _HAND_OUT, str(playing.cast.company_id), str(playing.cast.owner_id)]
        ended = subprocess.run(command, env=playing.environ(database), capture_output=True, text=True, check=False)
        if ended.returncode:
            raise SystemExit(ended.stderr)
        told: dict[str, float] = json.loads(ended.stdout.splitlines()[-1])
        if told["went"] != LEADS - 500:
            raise SystemExit(f"Only {told['went']} leads went.")
        data = a_decision(playing, database)
    with playing.database() as database:
        _fill(playing, database)
        return told | {"limit": bare_hand_out(playing, database, 250, data)}


def _fill(playing: Stage, database: str) -> None:
    with inside(playing, database) as connection:
        connection.execute(_LEADS, {"company": playing.cast.company_id, "leads": LEADS})
        connection.commit()
        connection.autocommit = True
        connection.execute("VACUUM ANALYZE")


def main() -> None:
    """Print the figures."""
    for row in measure():
        print(line(row))


if __name__ == "__main__":
    main()
