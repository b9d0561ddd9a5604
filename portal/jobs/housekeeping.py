"""Removing what has served its time, company by company."""

from __future__ import annotations

from collections.abc import Callable
from uuid import UUID

from portal.extensions import db
from portal.jobs.shell import job, stopping
from portal.models.tenancy import inside_company
from portal.operations import housekeeping
from portal.queries import across

_AT_ONCE = 1000


@job
def purge_kept_answers() -> int:
    """Forget answers kept for repeated requests that are more than a day old. Gives how many."""
    return _in_every_company(housekeeping.purge_kept_answers)


@job
def purge_used_forms() -> int:
    """Forget which forms were used more than a day ago. Gives how many."""
    return _in_every_company(housekeeping.purge_used_forms)


def _in_every_company(purge: Callable[[UUID, int], int]) -> int:
    company_ids = across.company_ids()
    db.session.rollback()
    removed = 0
    for company_id in company_ids:
        with inside_company(company_id):
            while not stopping.is_set():
                now_removed = purge(company_id, _AT_ONCE)
                removed += now_removed
                if now_removed < _AT_ONCE:
                    break
    return removed
