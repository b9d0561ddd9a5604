"""Ending offers whose time is up, and routing leads that wait. Quick work."""

from __future__ import annotations

import time
from uuid import UUID

from portal.jobs.shell import job
from portal.models.tenancy import inside_company
from portal.operations import offers, waiting
from portal.queue import QUICK, Job, work_queue

_AT_ONCE = 100
"""Offers ended in one transaction: it holds the pool's lock, which intake waits for."""
_RUN_FOR = 10.0


def ending(company_id: UUID, pool_id: UUID) -> Job:
    """The job that ends the offers of one pool."""
    name = f"end:{pool_id}"
    return Job(name, QUICK, "portal.jobs.timeouts.end_offers", (str(company_id), str(pool_id)))


def draining(company_id: UUID) -> Job:
    """The job that routes a company's waiting leads."""
    return Job(f"drain:{company_id}", QUICK, "portal.jobs.timeouts.drain", (str(company_id),), seconds=60)


@job
def end_offers(company_id: str, pool_id: str) -> int:
    """End the offers of a pool that are past their end, and pass the leads on. Gives how many."""
    company, pool = UUID(company_id), UUID(pool_id)
    work_queue().started(ending(company, pool).name)
    until = time.monotonic() + _RUN_FOR
    ended = 0
    with inside_company(company):
        while True:
            now_ended = offers.end_due(company, pool, limit=_AT_ONCE)
            ended += now_ended
            if now_ended < _AT_ONCE or time.monotonic() > until:
                return ended


@job
def drain(company_id: str) -> int:
    """Route the company's waiting leads, oldest first. Gives how many got somebody."""
    company = UUID(company_id)
    work_queue().started(draining(company).name)
    with inside_company(company):
        return waiting.drain(company)
