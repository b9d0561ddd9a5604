"""The limit beside expiry: a loop that looks every 200 ms and ends what is due with one statement, without any logic.

No turn is played, nothing is explained, nobody is told: the next offer goes to whoever had the last one.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

from bench.open_offers import inside
from bench.stage import Stage

_END = """
    WITH due AS (
        DELETE FROM due_work WHERE company_id = %(company)s AND kind = 'end_offer' AND due_at <= clock_timestamp()
        RETURNING subject_id
    ), ended AS (
        UPDATE offers o SET state = 'missed', ended_at = clock_timestamp() FROM due
        WHERE o.company_id = %(company)s AND o.id = due.subject_id RETURNING o.*
    )
    SELECT lead_id, user_id, pool_id FROM ended"""
_NEXT = """
    INSERT INTO offers (company_id, id, lead_id, user_id, pool_id, state, kind, expires_at)
    VALUES (%s, gen_random_uuid(), %s, %s, %s, 'open', 'second_chance', clock_timestamp() + interval '1 hour')"""


@contextmanager
def bare_pulse(stage: Stage, database: str) -> Iterator[None]:
    """The loop, running in a thread."""
    stop = threading.Event()
    thread = threading.Thread(target=_run, args=(stage, database, stop))
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join()


def _run(stage: Stage, database: str, stop: threading.Event) -> None:
    company = stage.cast.company_id
    with inside(stage, database) as connection:
        while not stop.is_set():
            began = time.monotonic()
            ended = connection.execute(_END, {"company": company}).fetchall()
            if ended:
                connection.cursor().executemany(_NEXT, [(company, *row) for row in ended])
            connection.commit()
            stop.wait(max(0.0, 0.2 - (time.monotonic() - began)))
