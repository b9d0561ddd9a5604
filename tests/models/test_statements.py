"""Raw statements belong to the session's transaction and fail as SQLAlchemy's do."""

from __future__ import annotations

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DataError, OperationalError

from portal.extensions import db
from portal.models.statements import rows, run
from tests.cast import Company

_RENAME = "UPDATE companies SET name = %(name)s WHERE id = %(id)s"


def test_a_statement_sees_the_entered_company_alone(company: Company, other_company: Company) -> None:
    with company.inside():
        assert rows("SELECT name FROM companies") == [(company.name,)]


def test_what_was_run_is_undone_with_the_transaction(company: Company) -> None:
    with company.inside():
        run(_RENAME, {"name": "Renamed", "id": company.id})
        assert rows("SELECT name FROM companies") == [("Renamed",)]
        db.session.rollback()
        assert rows("SELECT name FROM companies") == [(company.name,)]


def test_what_was_run_is_kept_by_a_commit(company: Company) -> None:
    with company.inside():
        run(_RENAME, {"name": "Renamed", "id": company.id})
        db.session.commit()
        db.session.rollback()
        assert rows("SELECT name FROM companies") == [("Renamed",)]


def test_it_is_undone_with_a_savepoint_of_the_session(company: Company) -> None:
    with company.inside():
        with db.session.begin_nested() as savepoint:
            run(_RENAME, {"name": "Renamed", "id": company.id})
            savepoint.rollback()
        assert rows("SELECT name FROM companies") == [(company.name,)]


def test_an_error_is_sqlalchemys_own(company: Company) -> None:
    with company.inside():
        with pytest.raises(DataError) as raised:
            rows("SELECT 1 / 0")
        assert not raised.value.connection_invalidated
        db.session.rollback()
        assert rows("SELECT 1") == [(1,)]


def test_a_lost_connection_is_said_to_be_lost_and_replaced(company: Company) -> None:
    with company.inside():
        ((backend,),) = rows("SELECT pg_backend_pid()")
        with db.engine.connect() as other:
            other.exec_driver_sql("SET ROLE NONE")
            other.execute(text("SELECT pg_terminate_backend(:backend, 5000)"), {"backend": backend})
        with pytest.raises(OperationalError) as raised:
            rows("SELECT 1")
        assert raised.value.connection_invalidated
        db.session.rollback()
        ((another,),) = rows("SELECT pg_backend_pid()")
        assert another != backend
