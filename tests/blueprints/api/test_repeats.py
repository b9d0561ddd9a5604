"""Idempotency-Key: done once, answered the same."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import Any

import pytest
from apiflask import APIFlask
from sqlalchemy import func, select, text, update

from portal.extensions import db
from portal.models import KeptAnswer, Key, Lead, Pool, Team
from tests.blueprints.api.database_state import nothing_changes
from tests.cast import Api, Company
from tests.consistency import assert_consistent
from tests.factories import make_lead, make_offer, make_pool

NAMED = {"headers": {"Idempotency-Key": "order 66"}}


def test_a_repeated_request_is_done_once_and_answered_the_same(app: APIFlask, company: Company, api: Api) -> None:
    first = api.post("/pools", {"name": "Roofs"}, **NAMED)
    with nothing_changes(app):
        second = api.post("/pools", {"name": "Roofs"}, **NAMED)
    assert (first.status_code, first.json) == (second.status_code, second.json)
    assert first.status_code == 201
    assert first.mimetype == second.mimetype == "application/json"


def test_every_post_can_be_repeated(app: APIFlask, company: Company, api: Api) -> None:
    """Read from the address map: a new POST that forgets it fails here."""
    pool = make_pool(company, [company.owner])
    lead = make_lead(company)
    offer = make_offer(company, make_lead(company), company.owner, pool)
    ids = {"lead_id": lead.id, "offer_id": offer.id, "user_id": company.colleague.id}
    bodies: dict[str, dict[str, Any]] = {
        "/users": {"name": "Nia", "email": "nia@example.com"},
        "/pools": {"name": "Roofs"},
        "/teams": {"name": "East"},
        "/keys": {"scope": "intake"},
        "/leads": {"name": "Carla"},
        "/preview": {"name": "Carla"},
        "/leads/<uuid:lead_id>/assign": {"user_id": str(company.agent.id)},
        "/leads/<uuid:lead_id>/close": {"reason": "won"},
    }
    rules = [rule for rule in app.url_map.iter_rules() if rule.rule.startswith("/api/v1/") and "POST" in rule.methods]
    assert len(rules) > 15
    for rule in rules:
        pattern = rule.rule.removeprefix("/api/v1")
        path = pattern
        for name, each in ids.items():
            path = path.replace(f"<uuid:{name}>", str(each))
        named = {"headers": {"Idempotency-Key": pattern}}
        first = api.post(path, bodies.get(pattern, {}), **named)
        assert first.status_code < 500
        with nothing_changes(app):
            second = api.post(path, bodies.get(pattern, {}), **named)
        assert (first.status_code, first.json) == (second.status_code, second.json), pattern


def test_the_same_key_for_another_body_or_call_is_refused(app: APIFlask, company: Company, api: Api) -> None:
    api.post("/pools", {"name": "Roofs"}, **NAMED)
    api.post("/leads", {"name": "Carla"}, headers={"Idempotency-Key": "lead"})
    with nothing_changes(app):
        for path, body, name in (
            ("/pools", {"name": "Walls"}, "order 66"),
            ("/teams", {"name": "Roofs"}, "order 66"),
            ("/leads", {"name": "Carlo"}, "lead"),
        ):
            answer = api.post(path, body, headers={"Idempotency-Key": name})
            assert answer.status_code == 422, path
            assert [error["field"] for error in answer.json["errors"]] == ["Idempotency-Key"]


def test_a_refusal_is_kept_too(company: Company, api: Api) -> None:
    make_pool(company, name="Roofs")
    first = api.post("/pools", {"name": "Roofs"}, **NAMED)
    with company.inside():
        db.session.execute(update(Pool).values(name="Walls"))
        db.session.commit()
    second = api.post("/pools", {"name": "Roofs"}, **NAMED)
    assert (first.status_code, first.json, first.mimetype) == (second.status_code, second.json, second.mimetype)
    assert first.mimetype == "application/problem+json"


def test_what_a_refused_request_wrote_before_is_undone(company: Company, api: Api) -> None:
    unknown = "00000000-0000-7000-8000-000000000000"
    answer = api.post("/pools", {"name": "Roofs", "members": [{"user_id": unknown}]}, **NAMED)
    assert answer.status_code == 422
    with company.inside():
        assert db.session.scalar(select(func.count()).select_from(Pool)) == 0
        assert db.session.scalar(select(func.count()).select_from(KeptAnswer)) == 1


def test_names_belong_to_a_key(company: Company, api: Api) -> None:
    mine = api.post("/leads", {"name": "Carla"}, **NAMED)
    theirs = company.manager.api.post("/leads", {"name": "Carlo"}, **NAMED)
    assert (mine.status_code, theirs.status_code) == (201, 201)


def test_after_a_day_a_name_may_be_used_again(company: Company, api: Api) -> None:
    api.post("/teams", {"name": "East"}, **NAMED)
    with company.inside():
        db.session.execute(update(KeptAnswer).values(created_at=func.now() - text("interval '25 hours'")))
        db.session.commit()
    assert api.post("/teams", {"name": "West"}, **NAMED).json["name"] == "West"


@pytest.mark.parametrize("name", ["", "x" * 256, "smörgås", "tab\tbed"])
@pytest.mark.parametrize("path", ["/teams", "/leads", "/keys"])
def test_a_name_that_is_no_name_is_refused(app: APIFlask, company: Company, api: Api, name: str, path: str) -> None:
    body = {"/teams": {"name": "East"}, "/leads": {"name": "Carla"}, "/keys": {"scope": "intake"}}[path]
    with nothing_changes(app):
        answer = api.post(path, body, headers={"Idempotency-Key": name})
    assert answer.status_code == 422
    assert [error["field"] for error in answer.json["errors"]] == ["Idempotency-Key"]


@pytest.mark.parametrize(
    ("path", "body", "table"),
    [("/teams", {"name": "East"}, Team), ("/leads", {"name": "Carla", "phone": "+14155550100"}, Lead)],
)
def test_eight_at_once_are_one(company: Company, api: Api, path: str, body: dict[str, Any], table: type) -> None:
    make_pool(company, [company.agent, company.colleague])
    barrier = Barrier(8)

    def send() -> tuple[int, Any]:
        mine = Api(company.app, api.key)
        barrier.wait()
        answer = mine.post(path, body, **NAMED)
        return answer.status_code, answer.json

    with ThreadPoolExecutor(8) as pool:
        answers = [each.result() for each in [pool.submit(send) for _ in range(8)]]
    assert all(answer == answers[0] for answer in answers)
    assert answers[0][0] == 201
    with company.inside():
        assert db.session.scalar(select(func.count()).select_from(table)) == 1
    assert_consistent(company)


def test_a_new_key_is_answered_again_but_stored_nowhere(company: Company, api: Api) -> None:
    first = api.post("/keys", {"scope": "full"}, **NAMED)
    second = api.post("/keys", {"scope": "full"}, **NAMED)
    assert (first.status_code, first.json) == (second.status_code, second.json)
    secret = first.json["key"]
    assert Api(company.app, secret).get("/company").status_code == 200
    with company.inside():
        kept = db.session.scalars(select(KeptAnswer)).one()
        assert kept.answer == {"id": first.json["id"], "scope": "full"}
        assert db.session.scalar(select(func.count()).select_from(Key)) == 2
        everything = str(db.session.execute(text("SELECT string_agg(k::text, '') FROM kept_answers k")).scalar())
    assert secret not in everything


def test_two_named_requests_make_two_different_keys(company: Company, api: Api) -> None:
    keys = {api.post("/keys", {"scope": "full"}, headers={"Idempotency-Key": name}).json["key"] for name in ("a", "b")}
    assert len(keys) == 2
