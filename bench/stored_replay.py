"""A replay of 100,000 stored leads from end to end: asked for, claimed and played as a worker does it.

    python -m bench.stored_replay

Each lead is read from the database with its decision, and played twice: through today's set-up and the drafted one,
which gives one of 20 people twice the weight. One process, embedded PostgreSQL. Beside it the reading alone: the same
pages of leads, nothing played. Memory is what the process holds more at its peak than before.
"""

from __future__ import annotations

import json
import subprocess
import sys
from typing import Any

from bench.open_offers import inside
from bench.stage import Stage, stage
from bench.table import line

LEADS = 100_000
REACH_S = 20
REACH_MB = 300

_LEADS = """
    WITH numbered AS (
        SELECT number, gen_random_uuid() AS contact_id, gen_random_uuid() AS lead_id, gen_random_uuid() AS decision_id
        FROM generate_series(1, %(leads)s) number
    ), made_contacts AS (
        INSERT INTO contacts (company_id, id, name) SELECT %(company)s, contact_id, 'Customer ' || number FROM numbered
    ), made_leads AS (
        INSERT INTO leads (company_id, id, contact_id, state, waiting_for, source, text, fields, tags_found, flags)
        SELECT %(company)s, lead_id, contact_id, 'unassigned', 'person', 'website', 'Please call me.', '{}', '{}', '{}'
        FROM numbered
    )
    INSERT INTO decisions (company_id, id, lead_id, stage, outcome, chosen, data, actor)
    SELECT %(company)s, decision_id, lead_id, 'line', 'assign', '{}', '{"candidates": []}', 'system' FROM numbered"""

_PLAY = """
import json, sys, threading, time
from copy import deepcopy
from datetime import timedelta
from uuid import UUID
import psutil
from portal import create_app
from portal.config import Settings
from portal.extensions import db
from portal.models import User
from portal.models.tenancy import inside_company
from portal.operations import drafts, replays
from portal.queries.clock import database_time
from portal.queries.past_leads import past_leads
from portal.queries.replays import replay_named
from portal.queries.setup import setup_of

company, owner = UUID(sys.argv[1]), UUID(sys.argv[2])
app = create_app(Settings.from_environ())
with app.app_context(), inside_company(company):
    by = db.session.get_one(User, (company, owner))
    draft = deepcopy(drafts.begin_draft(by=by).data)
    draft["pools"][0]["members"][0]["weight"] *= 2
    until = database_time() + timedelta(minutes=1)
    since = until - timedelta(days=1)
    began = time.perf_counter()
    read = sum(len(page) for page in past_leads(company, since, until, setup_of(company)))
    reading = time.perf_counter() - began
    db.session.rollback()
    by = db.session.get_one(User, (company, owner))
    process = psutil.Process()
    before = most = process.memory_info().rss
    over = threading.Event()

    def watch():
        global most
        while not over.wait(0.05):
            most = max(most, process.memory_info().rss)

    threading.Thread(target=watch, daemon=True).start()
    began = time.perf_counter()
    asked = replays.start_replay(draft, since, until, by=by)
    replay_id = asked.id
    replays.play(replays.claim_replay(company, replay_id))
    spent = time.perf_counter() - began
    over.set()
    done = replay_named(replay_id)
    leads = done.result and done.result["draft"]["leads"]
    print(json.dumps({"leads": leads, "read": read, "seconds": spent, "reading": reading, "grew": most - before}))
"""


def measure() -> list[dict[str, Any]]:
    """The time beside the limit, and the memory. One run: it takes most of a minute."""
    with stage() as playing, playing.database() as database:
        told = _run(playing, database)
    return [
        {
            "name": f"replay of {LEADS:,} stored leads against a draft, from end to end",
            "value": told["seconds"],
            "unit": "s",
            "reach": REACH_S,
            "limit": told["reading"],
            "limit_name": "reading the same leads, none played",
        },
        {"name": "memory of such a replay", "value": told["grew"] / 1_000_000, "unit": "MB", "reach": REACH_MB},
    ]


def _run(playing: Stage, database: str) -> dict[str, float]:
    with inside(playing, database) as connection:
        connection.execute(_LEADS, {"company": playing.cast.company_id, "leads": LEADS})
        connection.commit()
        connection.autocommit = True
        connection.execute("VACUUM ANALYZE")
    command = [sys.executable, "-c", _PLAY, str(playing.cast.company_id), str(playing.cast.owner_id)]
    ended = subprocess.run(command, env=playing.environ(database), capture_output=True, text=True, check=False)
    if ended.returncode:
        raise SystemExit(ended.stderr)
    told: dict[str, float] = json.loads(ended.stdout.splitlines()[-1])
    if told["leads"] != LEADS or told["read"] != LEADS:
        raise SystemExit(f"Not all leads were played: {told}")
    return told


def main() -> None:
    """Print the figures."""
    for row in measure():
        print(line(row))


if __name__ == "__main__":
    main()
