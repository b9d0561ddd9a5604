"""Gives the rows of the demo the times they are told for.

History is not the application's to change, not even its times. So this is done by the owner of the tables, in the
transaction that makes the demo, and to rows nobody has seen yet.
"""

from __future__ import annotations

import json
from bisect import bisect_right
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import DateTime
from sqlalchemy.schema import Table

from portal.demo.told_time import Mark
from portal.extensions import Base, db

# Times that lie ahead, or are given as they are told.
AHEAD = {
    "offers": {"expires_at"},
    "due_work": {"due_at", "leased_until"},
    "leads": {"received_at", "held_until"},
}
# Times inside stored decisions.
_TOLD_IN_DATA = {"at", "last_lead_at"}

_MARKS = """
    CREATE TEMPORARY TABLE told (real_from timestamptz PRIMARY KEY, shift interval NOT NULL) ON COMMIT DROP"""
_FILL = """
    INSERT INTO told SELECT r, t - r FROM unnest(%(real)s::timestamptz[], %(told)s::timestamptz[]) AS m (r, t)"""
_SHIFTED = "{0} + (SELECT shift FROM told WHERE real_from <= {0} ORDER BY real_from DESC LIMIT 1)"

# A window is as long as its pool says, from the decision that opened it.
_WINDOWS = """
    UPDATE offers o SET expires_at = d.at + make_interval(secs => p.window_seconds)
    FROM decisions d, pools p
    WHERE o.company_id = %(company)s AND o.expires_at IS NOT NULL
      AND d.company_id = o.company_id AND d.id = o.decision_id
      AND p.company_id = o.company_id AND p.id = o.pool_id"""
_ENDINGS = """
    UPDATE due_work w SET due_at = o.expires_at FROM offers o
    WHERE w.company_id = %(company)s AND w.kind = 'end_offer' AND o.company_id = w.company_id AND o.id = w.subject_id"""
_ACCOUNTS = """
    UPDATE accounts a SET created_at = u.created_at, confirmed_at = u.created_at + interval '20 minutes'
    FROM users u WHERE u.company_id = %(company)s AND u.account_id = a.id"""


def backdate(company_id: UUID, marks: Sequence[Mark]) -> None:
    """Shift every time of every row of a company, made in the running transaction, to when it is told for.

    The statements run as the role that signed in to the database, which owns the tables.

    Args:
        marks: in order; each holds until the next.
    """
    connection = db.session.connection()
    named = {"company": company_id}
    connection.exec_driver_sql("SET LOCAL ROLE NONE")
    connection.exec_driver_sql(_MARKS)
    real, told = (list(times) for times in zip(*marks, strict=True))
    connection.exec_driver_sql(_FILL, {"real": real, "told": told})
    for table in Base.metadata.sorted_tables:
        statement = _shift_all(table)
        if statement is not None:
            connection.exec_driver_sql(statement, named)
    _shift_data(company_id, _shifting(marks))
    for statement in (_WINDOWS, _ENDINGS, _ACCOUNTS):
        connection.exec_driver_sql(statement, named)
    # Back to the role every connection of ours begins with.
    connection.exec_driver_sql("RESET ROLE")


def _shift_all(table: Table) -> str | None:
    """The statement that shifts all times of one table; None when it holds no times of a company."""
    key = "id" if table.name == "companies" else "company_id"
    if key not in table.columns:
        return None
    left_out = AHEAD.get(table.name, set())
    names = [each.name for each in table.columns if isinstance(each.type, DateTime) and each.name not in left_out]
    if not names:
        return None
    changes = ", ".join(f"{name} = {_SHIFTED.format(name)}" for name in names)
    return f"UPDATE {table.name} SET {changes} WHERE {key} = %(company)s"  # noqa: S608 (names of our own tables)


def _shifting(marks: Sequence[Mark]) -> Callable[[datetime], datetime]:
    starts = [real for real, _ in marks]

    def shifted(at: datetime) -> datetime:
        real, told = marks[max(bisect_right(starts, at) - 1, 0)]
        return at + (told - real)

    return shifted


def _shift_data(company_id: UUID, shifted: Callable[[datetime], datetime]) -> None:
    """Decisions are kept as they were told; the times in them are told again."""
    connection = db.session.connection()
    rows = connection.exec_driver_sql(
        "SELECT id, data FROM decisions WHERE company_id = %(company)s", {"company": company_id}
    )
    ids, told = [], []
    for decision_id, data in rows:
        ids.append(decision_id)
        told.append(json.dumps(_retold(data, shifted)))
    connection.exec_driver_sql(
        "UPDATE decisions d SET data = n.data "
        "FROM unnest(%(ids)s::uuid[], %(told)s::jsonb[]) AS n (id, data) "
        "WHERE d.company_id = %(company)s AND d.id = n.id",
        {"company": company_id, "ids": ids, "told": told},
    )


def _retold(data: Any, shifted: Callable[[datetime], datetime]) -> Any:
    if isinstance(data, list):
        return [_retold(each, shifted) for each in data]
    if not isinstance(data, dict):
        return data
    return {
        name: shifted(datetime.fromisoformat(value)).isoformat()
        if name in _TOLD_IN_DATA and isinstance(value, str)
        else _retold(value, shifted)
        for name, value in data.items()
    }
