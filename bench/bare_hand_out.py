"""The limit beside bulk hand-out: the same rows written in the same chunks, with no turn played and nothing explained.

Each lead becomes somebody's, with a decision, an entry in its timeline and one in the ledger, a message and the work of
sending it; whose it is goes round, and the decision holds as many characters as a real one.
"""

from __future__ import annotations

import time

from bench.open_offers import inside
from bench.stage import Stage

_CHUNK = """
    WITH chosen AS (
        SELECT l.company_id, l.id, m.user_id, gen_random_uuid() AS decision_id, gen_random_uuid() AS message_id
        FROM (SELECT company_id, id, row_number() OVER (ORDER BY id) AS place FROM leads
              WHERE company_id = %(company)s AND state = 'unassigned' ORDER BY id LIMIT %(chunk)s) l
        JOIN (SELECT user_id, row_number() OVER (ORDER BY user_id) AS place FROM pool_members
              WHERE company_id = %(company)s AND pool_id = %(pool)s) m ON m.place = 1 + l.place %% 20
    ), decided AS (
        INSERT INTO decisions (company_id, id, lead_id, pool_id, stage, outcome, chosen, data, actor)
        SELECT company_id, decision_id, id, %(pool)s, 'line', 'assign', ARRAY[user_id], %(data)s::jsonb, 'bulk'
        FROM chosen
    ), told AS (
        INSERT INTO timeline (company_id, id, lead_id, kind, actor_type, actor_name, text)
        SELECT company_id, gen_random_uuid(), id, 'assigned', 'system', 'Baton', 'Somebody: next in turn.' FROM chosen
    ), booked AS (
        INSERT INTO ledger_entries (company_id, id, pool_id, kind, credit, user_ids, entitled, received, lead_id)
        SELECT c.company_id, gen_random_uuid(), %(pool)s, 'step', 'turn', e.users, e.zeros, e.zeros, c.id
        FROM chosen c, (SELECT array_agg(user_id) AS users, array_agg(0::bigint) AS zeros FROM pool_members
                        WHERE company_id = %(company)s AND pool_id = %(pool)s) e
    ), said AS (
        INSERT INTO messages (company_id, id, user_id, cause, about, lead_id, facts, "to")
        SELECT company_id, message_id, user_id, 'assigned', id::text, id, '{}', 'agent@example.com' FROM chosen
    ), work AS (
        INSERT INTO due_work (company_id, id, kind, subject_id, due_at)
        SELECT company_id, gen_random_uuid(), 'send_message', message_id, clock_timestamp() FROM chosen
    ), changed AS (
        UPDATE leads l SET state = 'owned', waiting_for = NULL, owner_id = c.user_id, pool_id = %(pool)s,
            decision_id = c.decision_id, assigned_at = clock_timestamp(), last_activity_at = clock_timestamp()
        FROM chosen c WHERE l.company_id = c.company_id AND l.id = c.id RETURNING 1
    )
    SELECT count(*) FROM changed"""
_A_DECISION = "SELECT data::text FROM decisions WHERE company_id = %s LIMIT 1"


def bare_hand_out(stage: Stage, database: str, chunk: int, data: str) -> float:
    """Leads a second, until none is left.

    Args:
        data: of a real decision, as JSON.
    """
    values = {"company": stage.cast.company_id, "pool": stage.cast.pool_id, "chunk": chunk, "data": data}
    done, began = 0, time.perf_counter()
    with inside(stage, database) as connection:
        while changed := connection.execute(_CHUNK, values).fetchone():
            connection.commit()
            done += changed[0]
            if not changed[0]:
                break
    return done / (time.perf_counter() - began)


def a_decision(stage: Stage, database: str) -> str:
    """What one of the decisions kept."""
    with inside(stage, database) as connection:
        row = connection.execute(_A_DECISION, [stage.cast.company_id]).fetchone()
    assert row is not None
    return str(row[0])
