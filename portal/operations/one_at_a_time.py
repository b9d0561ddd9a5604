"""Locks on what has no row of its own to lock: the tree of teams, the draft, who carries which tag."""

from __future__ import annotations

from portal.models import statements
from portal.models.tenancy import working_company

_LOCK = "SELECT pg_advisory_xact_lock(hashtextextended(%(what)s || ' of ' || %(company)s, 0))"


def hold_still(what: str) -> None:
    """Have others who change `what` of the company entered wait until the transaction ends. Taken before any row."""
    statements.run(_LOCK, {"what": what, "company": str(working_company())})
