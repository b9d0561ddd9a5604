"""Ending offers whose time is up, routing leads that wait, letting go of held ones, and reminding. Quick work."""

from __future__ import annotations

import time
from uuid import UUID

from portal.extensions import db
from portal.jobs.shell import job
from portal.models.tenancy import inside_company
from portal.operations import holding, offers, reassigning, reminders, waiting
from portal.queries.due_offers import is_anything_due
from portal.queue import QUICK, Job, work_queue

_AT_ONCE = 100
"""Offers ended in one transaction: it holds the pool's lock, which intake waits for."""
_POOLS_AT_ONCE = 10
_RUN_FOR = 10.0


def ending(company_id: UUID, pool_id: UUID) -> Job:
    """The job that ends the offers of one pool."""
    name = f"end:{pool_id}"
    ids = (str(company_id), str(pool_id))
    return Job(name, QUICK, "portal.jobs.timeouts.end_offers", ids, together=_POOLS_AT_ONCE)


def draining(company_id: UUID) -> Job:
    """The job that routes a company's waiting leads."""
    return Job(f"drain:{company_id}", QUICK, "portal.jobs.timeouts.drain", (str(company_id),), seconds=60)


def letting_go(company_id: UUID) -> Job:
    """The job that lets go of the company's oldest held lead."""
    return Job(f"release:{company_id}", QUICK, "portal.jobs.timeouts.let_go", (str(company_id),), seconds=60)


def reminding(company_id: UUID) -> Job:
    """The job that reminds a company's people of leads that wait for them."""
    return Job(f"remind:{company_id}", QUICK, "portal.jobs.timeouts.remind", (str(company_id),), seconds=60)


def reassigning_late(company_id: UUID, pool_id: UUID) -> Job:
    """The job that reassigns the leads of one pool that nobody logged a contact on in time."""
    ids = (str(company_id), str(pool_id))
    return Job(f"contact:{pool_id}", QUICK, "portal.jobs.timeouts.reassign_late", ids, seconds=60)


@job
def end_offers(*ids: str) -> int:
    """End the offers of some pools that are past their end, and pass the leads on. Gives how many.

    Args:
        ids: company, pool, company, pool …
    """
    ended = 0
    failures: list[Exception] = []
    for company_id, pool_id in zip(ids[::2], ids[1::2], strict=True):
        try:
            ended += _end_offers_of(UUID(company_id), UUID(pool_id))
        except Exception as failure:  # noqa: BLE001 (raised below)
            # What is wrong with one pool must not hold up the offers of another.
            db.session.rollback()
            failures.append(failure)
    if failures:
        raise ExceptionGroup("Some pools' offers could not be ended", failures)
    return ended


def _end_offers_of(company_id: UUID, pool_id: UUID) -> int:
    work_queue().started(ending(company_id, pool_id).name)
    until = time.monotonic() + _RUN_FOR
    ended = 0
    with inside_company(company_id):
        while is_anything_due(company_id, pool_id):
            now_ended = offers.end_due(company_id, pool_id, limit=_AT_ONCE)
            ended += now_ended
            if now_ended < _AT_ONCE or time.monotonic() > until:
                break
    return ended


@job
def remind(company_id: str) -> int:
    """Remind people of the leads that wait for them. Gives of how many."""
    company = UUID(company_id)
    work_queue().started(reminding(company).name)
    with inside_company(company):
        return reminders.remind_due(company)


@job
def reassign_late(company_id: str, pool_id: str) -> int:
    """Reassign a pool's leads that nobody logged a contact on in time. Gives how many."""
    company, pool = UUID(company_id), UUID(pool_id)
    work_queue().started(reassigning_late(company, pool).name)
    with inside_company(company):
        return reassigning.start_due(company, pool)


@job
def drain(company_id: str) -> int:
    """Route the company's waiting leads, oldest first. Gives how many got somebody."""
    company = UUID(company_id)
    work_queue().started(draining(company).name)
    with inside_company(company):
        return waiting.drain(company)


@job
def let_go(company_id: str) -> bool:
    """Let go of the company's oldest held lead, or plan anew when that is. Gives whether one went its way."""
    company = UUID(company_id)
    work_queue().started(letting_go(company).name)
    with inside_company(company):
        return holding.let_go_due(company)
