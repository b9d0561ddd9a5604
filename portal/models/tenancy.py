"""Which company the running transaction may see.

Row-level security reads `portal.company_id`, set for one transaction at a time: a query made before a company is
entered sees nothing, and a connection given back to the pool carries no company with it.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from uuid import UUID

import psycopg
from psycopg.pq import ExecStatus, TransactionStatus
from sqlalchemy import Connection, event
from sqlalchemy.orm import Session, SessionTransaction

from portal.extensions import db

_SET = "SELECT set_config('portal.company_id', %(company)s, true)"


def enter_company(company_id: UUID, *, already_set: bool = False) -> None:
    """Make this session see `company_id` and nothing else, in this transaction and those that follow.

    Args:
        company_id: the company, as found by `queries.across`.
        already_set: the running transaction has it from `enter_by_key`.
    """
    session = db.session()
    session.info["company_id"] = company_id
    if session.in_transaction() and not already_set:
        session.connection().exec_driver_sql(_SET, {"company": str(company_id)})


def leave_company() -> None:
    """See nothing again. Ends the running transaction, which still could."""
    session = db.session()
    session.rollback()
    session.info.pop("company_id", None)


def entered_company() -> UUID | None:
    """The company this session sees, or None."""
    return db.session().info.get("company_id")


def working_company() -> UUID:
    """The company this session sees. Raises RuntimeError when none was entered: work without one is a mistake."""
    company_id = entered_company()
    if company_id is None:
        raise RuntimeError("no company was entered")
    return company_id


@contextmanager
def inside_company(company_id: UUID) -> Iterator[None]:
    """Enter a company for a block of work (a job, a command) and leave it again."""
    enter_company(company_id)
    try:
        yield
    finally:
        leave_company()


@event.listens_for(Session, "after_begin")
def _name_the_company(session: Session, transaction: SessionTransaction, connection: Any) -> None:
    company_id = session.info.get("company_id")
    if company_id is None or transaction.nested or _begun_inside(company_id, connection):
        return
    connection.exec_driver_sql(_SET, {"company": str(company_id)})


def _begun_inside(company_id: UUID, connection: Connection) -> bool:
    """Begin the transaction and name its company in one message to the server.

    The driver would send BEGIN by itself before the first statement and wait for the answer: a whole round for every
    request. It takes a transaction that has begun as it finds it. False when that did not work (the server is gone, a
    transaction runs already): then the ordinary way says why.
    """
    pgconn = connection.connection.driver_connection.pgconn  # type: ignore[union-attr]
    if pgconn.transaction_status != TransactionStatus.IDLE:
        return False
    try:
        # An id, so there is nothing in it that could end the text.
        answer = pgconn.exec_(
            f"BEGIN; SELECT set_config('portal.company_id', '{UUID(int=company_id.int)}', true)".encode()
        )
    except psycopg.Error:
        return False
    return bool(answer.status == ExecStatus.TUPLES_OK)
