"""What every test of the core may end with: the rules that hold at every moment, held against its database."""

from __future__ import annotations

from portal.operations.check import breaches
from tests.cast import Company


def assert_consistent(company: Company, *, late_by: float | None = None) -> None:
    """No rule is broken. Leads must have come in through operations: rows made by factories tell no story.

    Args:
        late_by: seconds an open offer may be past its end; None while the test runs no worker.
    """
    with company.inside():
        found = breaches(company.id, late_by=late_by)
    assert not found, "\n".join(str(breach) for breach in found)
