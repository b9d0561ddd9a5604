"""Checks the whole database against what always holds, and names each breach. Changes nothing."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from portal.extensions import db
from portal.models.tenancy import inside_company
from portal.queries import across, checks
from portal.queries.checks import Question

EXPIRY_BOUND = 5.0
"""Seconds an offer may stay open past its end while a worker runs."""


LEDGER_RULE = 6


@dataclass(frozen=True, slots=True)
class Breach:
    """A rule that does not hold, and for which row or table."""

    rule: int
    what: str
    subject: str

    def __str__(self) -> str:
        return f"rule {self.rule}: {self.what} ({self.subject})"


def check_all(*, late_by: float | None = EXPIRY_BOUND, mail: bool = False) -> list[Breach]:
    """Every breach in every company, and of what keeps companies apart. The arguments are those of `breaches`."""
    company_ids = across.company_ids()
    found = _unguarded()
    db.session.rollback()
    for company_id in company_ids:
        with inside_company(company_id):
            found += breaches(company_id, late_by=late_by, mail=mail)
    return found


def ledger_breaches() -> list[Breach]:
    """What does not hold in any turn ledger: accounts unlike their entries, credits that do not sum to zero."""
    found = []
    for company_id in across.company_ids():
        with inside_company(company_id):
            asked = [question for question in checks.ALWAYS if question.rule == LEDGER_RULE]
            found += [breach for question in asked for breach in _answers(question, company_id, 0)]
    return found


def breaches(company_id: UUID, *, late_by: float | None = EXPIRY_BOUND, mail: bool = False) -> list[Breach]:
    """What does not hold in one company.

    Args:
        company_id: the company entered in the session.
        late_by: seconds an offer may be open past its end; None while no worker runs to end it.
        mail: whether messages are sent; without a mail server they rest in the outbox and no work is left for them.
    """
    asked = list(checks.ALWAYS)
    if late_by is not None:
        asked.append(checks.PAST_THEIR_END)
    if mail:
        asked.append(checks.UNSENT)
    return [breach for question in asked for breach in _answers(question, company_id, late_by or 0)]


def _answers(question: Question, company_id: UUID, late_by: float) -> list[Breach]:
    subjects = checks.subjects(question, company_id, late_by=late_by)
    return [Breach(question.rule, question.finding, subject) for subject in subjects]


def _unguarded() -> list[Breach]:
    tables = checks.tables_without_row_security()
    roles = checks.roles_above_row_security()
    return [
        *(Breach(9, "a table that shows every company's rows", table) for table in tables),
        *(Breach(9, "the application's role is not bound by row-level security", role) for role in roles),
    ]
