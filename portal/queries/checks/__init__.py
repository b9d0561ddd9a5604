"""What always holds, as questions to the database: each answers with the rows that break it, so with nothing.

Rules are numbered as in the product's list: 1 no lead lost or doubled, 2 one owner, 3 one exclusive offer, 4 nothing
nowhere, 5 no offer past its end, 6 the ledger adds up, 7 every change has its entry, 8 every message has its cause,
9 companies apart, 10 only people decide.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from portal.extensions import db
from portal.queries.checks.apart import APART
from portal.queries.checks.conversions import CONVERSIONS
from portal.queries.checks.leads import LEADS
from portal.queries.checks.ledger import LEDGER
from portal.queries.checks.messages import MESSAGES, UNSENT
from portal.queries.checks.offers import OFFERS, PAST_THEIR_END
from portal.queries.checks.question import Question
from portal.queries.checks.reassignments import REASSIGNMENTS
from portal.queries.checks.timeline import TIMELINE

__all__ = [
    "ALWAYS",
    "PAST_THEIR_END",
    "UNSENT",
    "Question",
    "roles_above_row_security",
    "subjects",
    "tables_without_row_security",
]

ALWAYS = (*LEADS, *OFFERS, *REASSIGNMENTS, *LEDGER, *TIMELINE, *CONVERSIONS, *MESSAGES, *APART)

# Not about one company: a table whose rows the application could read without naming one.
_UNGUARDED = """
    SELECT c.relname FROM pg_class c
    JOIN pg_attribute a ON a.attrelid = c.oid AND a.attname = 'company_id' AND NOT a.attisdropped
    WHERE c.relnamespace = 'public'::regnamespace AND c.relkind = 'r'
      AND NOT (c.relrowsecurity AND c.relforcerowsecurity)
    ORDER BY 1"""
_UNBOUND = "SELECT rolname FROM pg_roles WHERE rolname = current_user AND (rolbypassrls OR rolsuper)"


def subjects(question: Question, company_id: UUID, *, late_by: float = 0) -> Sequence[str]:
    """What breaks this rule in the company entered, in a steady order; nothing where it holds."""
    rows = _rows(question.statement, {"company": company_id, "late_by": late_by})
    return sorted({str(row[0]) for row in rows})


def tables_without_row_security() -> Sequence[str]:
    """Which tables of companies' rows would show them to anybody?"""
    return [row[0] for row in _rows(_UNGUARDED, {})]


def roles_above_row_security() -> Sequence[str]:
    """Which role does the application run as, if row-level security does not bind it?"""
    return [row[0] for row in _rows(_UNBOUND, {})]


def _rows(statement: str, parameters: dict[str, Any]) -> Sequence[Any]:
    return db.session.connection().exec_driver_sql(statement, parameters).all()
