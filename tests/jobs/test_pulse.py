"""The pulse: what is due is handed out, and done here when handing out does not help."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from datetime import timedelta
from uuid import UUID

import pytest
import redis
from apiflask import APIFlask
from rq import Queue
from rq.serializers import JSONSerializer
from sqlalchemy import select

from portal.extensions import db
from portal.jobs.pulse import Beat, Pulse, StandIn, function_of
from portal.jobs.timeouts import end_offers
from portal.models import DueWork, Offer, OfferState, WorkKind, new_id
from portal.queries.clock import database_time
from portal.queue import OUTSIDE, QUICK, Job, WorkQueue
from tests.cast import Company
from tests.factories import make_lead, make_offer, make_pool
from tests.jobs.outbox import message, told
from tests.smtp import MailServer

NOWHERE = "redis://127.0.0.1:1/0"


class Done:
    """What the pulse did itself."""

    def __init__(self) -> None:
        self.jobs: list[Job] = []

    def __call__(self, job: Job) -> None:
        self.jobs.append(job)

    @property
    def names(self) -> list[str]:
        return [job.name for job in self.jobs]


@pytest.fixture
def done() -> Done:
    return Done()


@pytest.fixture
def queue(app: APIFlask) -> WorkQueue:
    found: WorkQueue = app.extensions["queue"]
    return found


@pytest.fixture
def valkey_client(valkey: str) -> Iterator[redis.Redis]:
    with redis.Redis.from_url(valkey) as client:
        yield client


def make_work(company: Company, overdue: float, kind: WorkKind = WorkKind.END_OFFER, pool: UUID | None = None) -> UUID:
    """Work that has been due for so many seconds (negative: that is due in so many)."""
    with company.inside():
        at = database_time() - timedelta(seconds=overdue)
        subject = company.id if kind == WorkKind.DRAIN else new_id()
        group = (pool or new_id()) if kind == WorkKind.END_OFFER else None
        db.session.add(DueWork(company_id=company.id, kind=kind, subject_id=subject, group_id=group, due_at=at))
        db.session.commit()
        return group or subject


def in_queue(client: redis.Redis, name: str) -> int:
    return client.llen(f"rq:queue:{name}")  # type: ignore[return-value]


def arguments_in_queue(client: redis.Redis) -> list[str]:
    jobs = Queue(QUICK, connection=client, serializer=JSONSerializer).jobs
    return [argument for job in jobs for argument in job.args]


def test_what_is_due_is_handed_to_the_quick_workers(
    app: APIFlask, company: Company, queue: WorkQueue, done: Done, valkey_client: redis.Redis
) -> None:
    make_work(company, overdue=0.1)
    make_work(company, overdue=0.1, kind=WorkKind.DRAIN)
    Beat(app, queue, done, [QUICK]).beat()
    assert in_queue(valkey_client, QUICK) == 2
    assert done.jobs == []


def test_what_is_not_due_yet_is_left_alone(
    app: APIFlask, company: Company, queue: WorkQueue, done: Done, valkey_client: redis.Redis
) -> None:
    make_work(company, overdue=-0.5)
    Beat(app, queue, done, [QUICK]).beat()
    assert in_queue(valkey_client, QUICK) == 0
    assert done.jobs == []


def test_offers_of_one_pool_end_in_one_job(
    app: APIFlask, company: Company, queue: WorkQueue, done: Done, valkey_client: redis.Redis
) -> None:
    pool, other = new_id(), new_id()
    for _ in range(20):
        make_work(company, overdue=0.1, pool=pool)
        make_work(company, overdue=0.1, pool=other)
    Beat(app, queue, done, [QUICK]).beat()
    assert sorted(arguments_in_queue(valkey_client)) == sorted(
        [str(company.id), str(pool), str(company.id), str(other)]
    )


def test_pools_travel_together_but_not_all_in_one_job(
    app: APIFlask, company: Company, queue: WorkQueue, done: Done, valkey_client: redis.Redis
) -> None:
    pools = {str(make_work(company, overdue=0.1)) for _ in range(25)}
    Beat(app, queue, done, [QUICK]).beat()
    assert in_queue(valkey_client, QUICK) == 3
    assert pools <= set(arguments_in_queue(valkey_client))


def test_a_pool_that_fails_does_not_hold_up_the_others(app: APIFlask, company: Company) -> None:
    pool = make_pool(company, [company.agent, company.colleague], window_seconds=300)
    offer = make_offer(company, make_lead(company), company.agent, pool, seconds=-1)
    plan_the_end(company, offer)
    with pytest.raises(ExceptionGroup):
        end_offers("no id", "no id", str(company.id), str(pool.id))
    assert {each.state for each in offers_of(company, offer.lead_id)} == {OfferState.MISSED, OfferState.OPEN}


def test_what_waits_in_the_queue_is_not_put_there_again(
    app: APIFlask, company: Company, queue: WorkQueue, done: Done, valkey_client: redis.Redis
) -> None:
    make_work(company, overdue=0.1)
    for worker in (Beat(app, queue, done, [QUICK]), Beat(app, queue, done, [OUTSIDE])):
        worker.beat()
        worker.beat()
    assert in_queue(valkey_client, QUICK) == 1


def test_once_a_job_has_begun_what_becomes_due_gets_another(
    app: APIFlask, company: Company, queue: WorkQueue, done: Done, valkey_client: redis.Redis
) -> None:
    pool = make_work(company, overdue=0.1)
    beat = Beat(app, queue, done, [QUICK])
    beat.beat()
    queue.started(f"end:{pool}")
    beat.beat()
    assert in_queue(valkey_client, QUICK) == 2


def test_what_is_still_due_a_second_later_is_done_here(
    app: APIFlask, company: Company, queue: WorkQueue, done: Done
) -> None:
    pool = make_work(company, overdue=1.5)
    Beat(app, queue, done, [OUTSIDE]).beat()
    assert done.names == [f"end:{pool}"]


def test_without_a_queue_everything_is_done_here_at_once(app: APIFlask, company: Company, done: Done) -> None:
    pool = make_work(company, overdue=0.0)
    make_work(company, overdue=0.0, kind=WorkKind.DRAIN)
    told(company, company.agent)
    Beat(app, WorkQueue(NOWHERE), done, [QUICK, OUTSIDE]).beat()
    assert sorted(done.names) == sorted([f"end:{pool}", f"drain:{company.id}", "send"])


def test_a_quick_worker_never_sends_messages_itself(app: APIFlask, company: Company, done: Done) -> None:
    told(company, company.agent)
    Beat(app, WorkQueue(NOWHERE), done, [QUICK]).beat()
    assert done.jobs == []


def test_messages_that_wait_go_to_the_outside_workers_as_one_job(
    app: APIFlask, company: Company, queue: WorkQueue, done: Done, valkey_client: redis.Redis
) -> None:
    for _ in range(10):
        told(company, company.agent)
    Beat(app, queue, done, [QUICK]).beat()
    names = [job.description for job in Queue(OUTSIDE, connection=valkey_client, serializer=JSONSerializer).jobs]
    assert names.count("send") == 1


def test_a_queue_that_was_emptied_is_filled_again(
    app: APIFlask, company: Company, queue: WorkQueue, done: Done, valkey_client: redis.Redis
) -> None:
    make_work(company, overdue=0.1)
    beat = Beat(app, queue, done, [QUICK])
    beat.beat()
    valkey_client.flushdb()
    beat.beat()
    assert in_queue(valkey_client, QUICK) == 1


def test_a_queue_nobody_works_on_does_not_grow_without_end(
    app: APIFlask, company: Company, queue: WorkQueue, done: Done, valkey_client: redis.Redis
) -> None:
    valkey_client.rpush(f"rq:queue:{QUICK}", *range(2500))
    make_work(company, overdue=2)
    Beat(app, queue, done, [QUICK]).beat()
    assert in_queue(valkey_client, QUICK) == 2500
    assert len(done.jobs) == 1


def test_a_jump_of_the_databases_clock_pauses_timeouts_and_nothing_else(
    app: APIFlask, company: Company, done: Done
) -> None:
    passed = iter([1000.0, 1000.2 - 7200, 1000.4 - 7200])
    beat = Beat(app, WorkQueue(NOWHERE), done, [QUICK, OUTSIDE], passed=lambda: next(passed))
    beat.beat()
    make_work(company, overdue=0.1)
    told(company, company.agent)
    beat.beat()
    assert done.names == ["send"]


def test_signs_of_life_are_left_for_each_queue_served(app: APIFlask, queue: WorkQueue, done: Done) -> None:
    assert queue.heard_from() == frozenset()
    Beat(app, queue, done, [OUTSIDE]).beat()
    assert queue.heard_from() == {OUTSIDE}


def test_due_work_handed_out_twice_is_harmless(app: APIFlask, company: Company) -> None:
    pool = make_pool(company, [company.agent, company.colleague], window_seconds=300)
    offer = make_offer(company, make_lead(company), company.agent, pool, seconds=-1)
    plan_the_end(company, offer)
    job = Job("x", QUICK, "portal.jobs.timeouts.end_offers", (str(company.id), str(pool.id)))
    threads = [threading.Thread(target=function_of(job), args=job.arguments) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    states = sorted(each.state for each in offers_of(company, offer.lead_id))
    assert states == [OfferState.MISSED, OfferState.OPEN]


def test_a_running_pulse_ends_offers_without_any_queue(app: APIFlask, company: Company) -> None:
    pool = make_pool(company, [company.agent, company.colleague], window_seconds=300)
    offer = make_offer(company, make_lead(company), company.agent, pool, seconds=0.5)
    plan_the_end(company, offer)
    pulse = Pulse(app, WorkQueue(NOWHERE), [QUICK])
    pulse.start()
    try:
        passed_on = wait_for_next_offer(company, offer)
    finally:
        pulse.stop()
    assert passed_on.created_at >= offer.expires_at  # type: ignore[operator]


def test_a_running_pulse_sends_messages_without_any_queue(app: APIFlask, company: Company, mail: MailServer) -> None:
    said = told(company, company.agent)
    pulse = Pulse(app, WorkQueue(NOWHERE), [OUTSIDE])
    pulse.start()
    try:
        mail.wait_for(1)
    finally:
        pulse.stop()
    assert message(company, said).attempts <= 1


def test_what_goes_wrong_in_this_process_is_tried_again() -> None:
    stand_in = StandIn()
    hopeless = Job("hopeless", QUICK, "portal.jobs.timeouts.end_offers", ("no id", "no id"))
    for _ in range(2):
        stand_in.do(hopeless)
        stand_in._threads[QUICK].submit(lambda: None).result(10)
    stand_in.end()
    assert stand_in._names == set()


def plan_the_end(company: Company, offer: Offer) -> None:
    with company.inside():
        db.session.add(
            DueWork(
                company_id=company.id,
                kind=WorkKind.END_OFFER,
                subject_id=offer.id,
                group_id=offer.pool_id,
                due_at=offer.expires_at,
            )
        )
        db.session.commit()


def offers_of(company: Company, lead_id: UUID) -> list[Offer]:
    with company.inside():
        found = list(db.session.scalars(select(Offer).where(Offer.lead_id == lead_id).order_by(Offer.id)))
        db.session.expunge_all()
        return found


def wait_for_next_offer(company: Company, offer: Offer) -> Offer:
    """The offer that follows, once it is there; a minute is long for something that takes half a second."""
    waiting = threading.Event()
    for _ in range(600):
        later = [each for each in offers_of(company, offer.lead_id) if each.id != offer.id]
        if later:
            return later[0]
        waiting.wait(0.1)
    raise AssertionError("the lead was not passed on")
