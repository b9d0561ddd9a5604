"""Whether the portal is well, as programs ask it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import pytest
from apiflask import APIFlask
from flask.testing import FlaskClient
from prometheus_client.parser import text_string_to_metric_families

from portal import metrics
from portal.extensions import db
from portal.models import DueWork, WorkKind, new_id
from portal.queries.clock import database_time
from portal.queue import OUTSIDE, QUICK, WorkQueue
from tests.cast import Company


@pytest.fixture
def queue(app: APIFlask) -> WorkQueue:
    found: WorkQueue = app.extensions["queue"]
    return found


@pytest.fixture
def no_queue(app: APIFlask, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(app.extensions, "queue", WorkQueue("redis://127.0.0.1:1/0"))


@pytest.fixture
def no_database(app: APIFlask) -> Iterator[None]:
    kept = app.extensions["database_of_the_test"]
    with app.app_context():
        db.engine.dispose()
    app.extensions["database_of_the_test"] = "a database that does not exist"
    yield
    app.extensions["database_of_the_test"] = kept


def test_healthz_asks_the_process_only(client: FlaskClient, no_queue: None, no_database: None) -> None:
    assert client.get("/healthz").get_json() == {"status": "ok"}


@pytest.mark.parametrize("name", [QUICK, OUTSIDE])
def test_readyz_is_content_when_a_worker_was_heard(client: FlaskClient, queue: WorkQueue, name: str) -> None:
    queue.report([name])
    answer = client.get("/readyz")
    assert (answer.status_code, answer.get_json()) == (200, {"status": "ok", "missing": {}})


def test_readyz_misses_workers(client: FlaskClient) -> None:
    answer = client.get("/readyz")
    assert answer.status_code == 503
    assert list(answer.get_json()["missing"]) == ["workers"]


def test_readyz_misses_the_queue(client: FlaskClient, no_queue: None) -> None:
    answer = client.get("/readyz")
    assert answer.status_code == 503
    assert "queue" in answer.get_json()["missing"]
    assert "database" not in answer.get_json()["missing"]


def test_readyz_misses_the_database(client: FlaskClient, queue: WorkQueue, no_database: None) -> None:
    queue.report([QUICK])
    answer = client.get("/readyz")
    assert answer.status_code == 503
    assert list(answer.get_json()["missing"]) == ["database"]


def test_a_sign_of_life_counts_for_a_while_only(queue: WorkQueue, app: APIFlask) -> None:
    queue.report([QUICK])
    assert 0 < queue._redis.ttl("baton:heard:quick") <= 15  # type: ignore[operator]


def test_metrics_show_overdue_work_and_what_was_counted(client: FlaskClient, company: Company) -> None:
    before = numbers(client).get(("baton_intake_total", "assigned"), 0)
    metrics.INTAKE.labels("assigned").inc()
    with company.inside():
        at = database_time() - timedelta(seconds=90)
        for _ in range(3):
            subject, pool = new_id(), new_id()
            db.session.add(
                DueWork(company_id=company.id, kind=WorkKind.END_OFFER, subject_id=subject, group_id=pool, due_at=at)
            )
        db.session.commit()
    found = numbers(client)
    assert found[("baton_intake_total", "assigned")] == before + 1
    assert found[("baton_work_waiting", "end_offer")] == 3
    assert 90 <= found[("baton_work_oldest_seconds", "end_offer")] < 900
    assert found[("baton_work_waiting", "send_message")] == 0


def test_metrics_answer_without_the_database(client: FlaskClient, no_database: None) -> None:
    answer = client.get("/metrics")
    assert answer.status_code == 200
    assert "baton_work_waiting" not in answer.text


def numbers(client: FlaskClient) -> dict[tuple[str, ...], float]:
    text = client.get("/metrics").text
    samples = [sample for family in text_string_to_metric_families(text) for sample in family.samples]
    return {(sample.name, *sample.labels.values()): sample.value for sample in samples}
