"""Removes a demo company whose making was interrupted, so that nobody ever looks at half a company."""

from __future__ import annotations

from uuid import UUID

from sqlalchemy import exists, select

from portal.extensions import Base, db
from portal.models import Company, Key, KeyScope
from portal.models.tenancy import inside_company
from portal.operations.transaction import operation
from portal.queries import across

_ACCOUNTS = """
    DELETE FROM accounts a WHERE a.id = ANY (%(accounts)s)
      AND NOT EXISTS (SELECT 1 FROM users u WHERE u.account_id = a.id)"""


def remove_unfinished() -> None:
    """Remove every demo company that has no key for new leads yet: it is made last."""
    for company_id in across.company_ids():
        with inside_company(company_id):
            if _is_unfinished():
                _remove(company_id)


def _is_unfinished() -> bool:
    # A revoked key is one, too: its row stays.
    is_finished = exists().where(Key.scope == KeyScope.INTAKE)
    return bool(db.session.scalar(select(Company.is_demo & ~is_finished)))


@operation
def _remove(company_id: UUID) -> None:
    """Nothing of it happened to anybody. The owner of the tables does it: the application may not delete history."""
    connection = db.session.connection()
    named = {"company": company_id}
    connection.exec_driver_sql("SET LOCAL ROLE NONE")
    rows = connection.exec_driver_sql("SELECT account_id FROM users WHERE company_id = %(company)s", named)
    accounts = [row[0] for row in rows]
    for table in reversed(Base.metadata.sorted_tables):
        if "company_id" in table.columns:
            connection.exec_driver_sql(f"DELETE FROM {table.name} WHERE company_id = %(company)s", named)  # noqa: S608
    connection.exec_driver_sql("DELETE FROM companies WHERE id = %(company)s", named)
    connection.exec_driver_sql(_ACCOUNTS, {"accounts": accounts})
    connection.exec_driver_sql("RESET ROLE")
