"""A company with many open offers, written straight into the tables: what matters is how they end."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

import psycopg

from bench.stage import Cast, Stage

POOLS = 20

_MORE_POOLS = """
    INSERT INTO pools (company_id, id, name, delivery, window_seconds)
    SELECT company_id, gen_random_uuid(), 'Pool ' || number, 'offer', 3600
    FROM pools, generate_series(2, %(pools)s) number WHERE company_id = %(company)s"""
_SAME_MEMBERS = """
    INSERT INTO {table} (company_id, id, pool_id, user_id, {column})
    SELECT p.company_id, gen_random_uuid(), p.id, m.user_id, m.{column}
    FROM pools p, {table} m
    WHERE p.company_id = %(company)s AND m.company_id = p.company_id AND m.pool_id = %(pool)s AND p.id <> m.pool_id"""
_LEADS = """
    WITH numbered AS (
        SELECT number, gen_random_uuid() AS contact_id, gen_random_uuid() AS lead_id
        FROM generate_series(1, %(offers)s) number
    ), made_contacts AS (
        INSERT INTO contacts (company_id, id, name) SELECT %(company)s, contact_id, 'Customer ' || number FROM numbered
    ), pool AS (
        SELECT array_agg(id ORDER BY id) AS ids FROM pools WHERE company_id = %(company)s
    )
    INSERT INTO leads (company_id, id, contact_id, state, was_offered, pool_id, rule_id, fields, tags_found, flags)
    SELECT %(company)s, lead_id, contact_id, 'offering', true, pool.ids[1 + number %% %(pools)s], rules.id,
           '{}', '{}', '{}'
    FROM numbered, pool, rules WHERE rules.company_id = %(company)s"""
_OFFERS = """
    INSERT INTO offers (company_id, id, lead_id, user_id, pool_id, state, kind, expires_at)
    SELECT l.company_id, gen_random_uuid(), l.id, (
        SELECT user_id FROM pool_members m
        WHERE m.company_id = l.company_id AND m.pool_id = l.pool_id
        -- Another one for each lead, without any order in it.
        ORDER BY hashtext(m.user_id::text || l.id::text) LIMIT 1
    ), l.pool_id, 'open', 'exclusive', clock_timestamp() + interval '1 hour'
    FROM leads l WHERE l.company_id = %(company)s"""
_WORK = """
    INSERT INTO due_work (company_id, id, kind, subject_id, group_id, due_at)
    SELECT company_id, gen_random_uuid(), 'end_offer', id, pool_id, expires_at FROM offers
    WHERE company_id = %(company)s AND state = 'open'"""
_END = """
    WITH chosen AS (
        SELECT id, row_number() OVER (ORDER BY hashtext(id::text)) - 1 AS place FROM offers
        WHERE company_id = %(company)s AND state = 'open' AND kind = 'exclusive'
        ORDER BY hashtext(id::text) LIMIT %(many)s
    ), ending AS (
        UPDATE offers o SET expires_at = %(starts)s + place * %(apart)s * interval '1 second'
        FROM chosen WHERE o.company_id = %(company)s AND o.id = chosen.id RETURNING o.id, o.expires_at
    )
    UPDATE due_work w SET due_at = ending.expires_at FROM ending
    WHERE w.company_id = %(company)s AND w.kind = 'end_offer' AND w.subject_id = ending.id"""


def open_offers(stage: Stage, database: str, many: int) -> None:
    """Make that many open offers, spread over POOLS pools of the same members, all ending in an hour."""
    cast: Cast = stage.cast
    values = {"company": cast.company_id, "pool": cast.pool_id, "pools": POOLS, "offers": many}
    with inside(stage, database) as connection:
        connection.execute(_MORE_POOLS, values)
        for table, column in (("pool_members", "weight"), ("ledger_accounts", "tie_order")):
            connection.execute(_SAME_MEMBERS.format(table=table, column=column), values)
        for statement in (_LEADS, _OFFERS, _WORK):
            connection.execute(statement, values)
        connection.commit()
        connection.autocommit = True
        connection.execute("VACUUM ANALYZE")


def let_end(connection: psycopg.Connection, company_id: UUID, many: int, starts: datetime, seconds: float) -> None:
    """Let so many of the open offers end from `starts` on, evenly over so many seconds."""
    values = {"company": company_id, "many": many, "starts": starts, "apart": seconds / many}
    connection.execute(_END, values)
    connection.commit()


def inside(stage: Stage, database: str) -> psycopg.Connection:
    """A connection that sees the company's rows, whatever role it is of."""
    connection = psycopg.connect(stage.address(database))
    connection.execute("SELECT set_config('portal.company_id', %s, false)", [str(stage.cast.company_id)])
    connection.commit()
    return connection
