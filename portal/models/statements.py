"""Raw statements on the session's connection, past SQLAlchemy's result objects.

For the hot path only: taking in one lead runs seven statements, and describing their columns anew each time cost as
much processor time as the driver itself. They are part of the session's transaction like any other, and fail with
SQLAlchemy's errors.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import psycopg
from sqlalchemy import Connection, Select, event
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session, SessionTransaction

from portal.extensions import db

Row = tuple[Any, ...]

_CONNECTION = "connection of the running transaction"


def rows(statement: str, parameters: Mapping[str, Any] | None = None) -> list[Row]:
    """Run a statement that answers with rows; all of them. Raises sqlalchemy.exc.DBAPIError."""
    return _execute(statement, parameters).fetchall()


def run(statement: str, parameters: Mapping[str, Any] | None = None) -> None:
    """Run a statement for what it does. Raises sqlalchemy.exc.DBAPIError."""
    _execute(statement, parameters)


def written(statement: Select[*tuple[Any, ...]]) -> str:
    """A statement built by SQLAlchemy as the text these functions send; build it once, compiling takes long.

    Its constants (states, limits, names of fields) are written out: only then can a plan that is kept use the indexes
    made for one state. They are words and numbers of this program; what a request brings is a `bindparam` without a
    value, and stays a parameter.
    """
    compiled = statement.compile(db.engine, compile_kwargs={"render_postcompile": True})
    text = str(compiled)
    for name, value in compiled.params.items():
        if value is not None:
            text = text.replace(f"%({name})s", str(value) if isinstance(value, int) else f"'{value}'")
    return text


def _execute(statement: str, parameters: Mapping[str, Any] | None) -> psycopg.Cursor[Row]:
    session = db.session()
    connection: Connection = session.info.get(_CONNECTION) or session.connection()
    driver: psycopg.Connection[Row] = connection.connection.driver_connection  # type: ignore[assignment]
    try:
        return driver.execute(statement, parameters)
    except psycopg.Error as error:
        raise _as_ours(connection, driver, statement, error) from error


def _as_ours(
    connection: Connection, driver: psycopg.Connection[Row], statement: str, error: psycopg.Error
) -> DBAPIError:
    """The error SQLAlchemy would have raised."""
    if driver.closed:
        # It must find out for itself: then it also drops the pool's other connections, which are as dead as this one.
        connection.exec_driver_sql("SELECT 1")
    told = DBAPIError.instance(statement, None, error, psycopg.Error, dialect=connection.dialect)
    assert isinstance(told, DBAPIError)
    return told


# Asking the session for its connection takes longer than sending a small statement.
@event.listens_for(Session, "after_begin")
def _note_connection(session: Session, transaction: SessionTransaction, connection: Connection) -> None:
    session.info[_CONNECTION] = connection


@event.listens_for(Session, "after_transaction_end")
def _forget_connection(session: Session, transaction: SessionTransaction) -> None:
    if transaction.parent is None:
        session.info.pop(_CONNECTION, None)
