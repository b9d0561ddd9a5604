"""Periodic work: one table, each done by one process of all, again and again."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import redis
from apiflask import APIFlask
from sqlalchemy import func, select

from portal.extensions import db
from portal.jobs.housekeeping import purge_kept_answers, purge_used_forms
from portal.jobs.pulse import function_of
from portal.jobs.schedule import PERIODIC, Periodic, Schedule
from portal.models import KeptAnswer, Key, UsedForm, new_id
from portal.queries.clock import database_time
from portal.queue import OUTSIDE, Job, WorkQueue
from tests.cast import Company

HOURLY = Periodic(3600, Job("hourly", OUTSIDE, "portal.jobs.housekeeping.purge_kept_answers"))


def test_all_periodic_work_names_a_job_that_exists() -> None:
    for periodic in PERIODIC:
        assert callable(function_of(periodic.job))
        assert periodic.every >= 60
    assert len({periodic.job.name for periodic in PERIODIC}) == len(PERIODIC)


def test_every_job_named_anywhere_exists() -> None:
    import re

    jobs = Path(__file__).parent.parent.parent / "portal" / "jobs"
    named = {name for path in jobs.glob("*.py") for name in re.findall(r'"(portal\.jobs\.[a-z_.]+)"', path.read_text())}
    assert named
    for name in named:
        assert callable(function_of(Job("any", OUTSIDE, name)))


def test_one_process_of_several_does_it(valkey: str) -> None:
    queue = WorkQueue(valkey)
    processes = [Schedule([HOURLY]) for _ in range(3)]
    assert [len(process.due(queue)) for process in processes] == [1, 0, 0]
    assert [len(process.due(queue)) for process in processes] == [0, 0, 0]


def test_it_is_done_again_when_its_time_has_come(valkey: str) -> None:
    queue = WorkQueue(valkey)
    Schedule([HOURLY]).due(queue)
    with redis.Redis.from_url(valkey) as client:
        client.flushdb()
    assert Schedule([HOURLY]).due(queue) == [HOURLY.job]


def test_it_waits_while_the_queue_is_away() -> None:
    assert Schedule([HOURLY]).due(WorkQueue("redis://127.0.0.1:1/0")) == []


def test_kept_answers_are_forgotten_after_a_day(app: APIFlask, company: Company, other_company: Company) -> None:
    for each in (company, other_company):
        keep_answers(each, ages=[1, 23, 25, 48])
    assert purge_kept_answers() == 4
    for each in (company, other_company):
        with each.inside():
            youngest_first = database_time() - db.session.scalars(select(func.min(KeptAnswer.created_at))).one()
            assert db.session.scalar(select(func.count()).select_from(KeptAnswer)) == 2
            assert youngest_first < timedelta(hours=24)


def test_used_forms_are_forgotten_after_a_day(app: APIFlask, company: Company, other_company: Company) -> None:
    for each in (company, other_company):
        use_forms(each, ages=[1, 23, 25, 48])
    assert purge_used_forms() == 4
    for each in (company, other_company):
        with each.inside():
            oldest = database_time() - db.session.scalars(select(func.min(UsedForm.at))).one()
            assert db.session.scalar(select(func.count()).select_from(UsedForm)) == 2
            assert oldest < timedelta(hours=24)


def use_forms(company: Company, ages: list[int]) -> None:
    with company.inside():
        for age in ages:
            db.session.add(
                UsedForm(
                    company_id=company.id,
                    user_id=company.owner.id,
                    form_key=new_id(),
                    at=database_time() - timedelta(hours=age),
                    made_id=new_id(),
                )
            )
        db.session.commit()


def keep_answers(company: Company, ages: list[int]) -> None:
    company.owner.key()
    with company.inside():
        key_id = db.session.scalars(select(Key.id)).first()
        for age in ages:
            db.session.add(
                KeptAnswer(
                    company_id=company.id,
                    key_id=key_id,
                    idempotency_key=f"{age} hours",
                    fingerprint=b"x",
                    created_at=database_time() - timedelta(hours=age),
                )
            )
        db.session.commit()
