"""Keys: who is let in, what a key may do, how often."""

from __future__ import annotations

import pytest
from apiflask import APIFlask
from flask.testing import FlaskClient
from sqlalchemy import update

from portal import models
from portal.extensions import db
from portal.models import Key, User
from tests.blueprints.api.database_state import nothing_changes
from tests.cast import Api, Company
from tests.factories import make_lead, make_pool


@pytest.mark.parametrize(
    "authorization",
    [None, "", "Bearer", "Bearer ", "Basic abc", "bt_full_x", "Bearer bt_full_unknown", "Bearer " + "x" * 300],
)
def test_without_a_good_key_nothing_is_answered(client: FlaskClient, company: Company, authorization: str) -> None:
    headers = {} if authorization is None else {"Authorization": authorization}
    answer = client.get("/api/v1/company", headers=headers)
    assert (answer.status_code, answer.mimetype) == (401, "application/problem+json")
    assert answer.headers["WWW-Authenticate"] == "Bearer"


def test_the_key_is_asked_for_on_every_call(app: APIFlask, client: FlaskClient) -> None:
    for rule in app.url_map.iter_rules():
        if not rule.rule.startswith("/api/v1/") or rule.endpoint == "api.document":
            continue
        path = rule.rule
        for name in rule.arguments:
            path = path.replace(f"<uuid:{name}>", "00000000-0000-7000-8000-000000000000")
        for method in (rule.methods or set()) - {"HEAD", "OPTIONS"}:
            assert client.open(path, method=method, json={}).status_code == 401, f"{method} {rule}"


def test_an_intake_key_creates_leads_and_does_nothing_else(app: APIFlask, company: Company) -> None:
    intake = company.owner.intake
    pool, lead = make_pool(company, [company.agent]), make_lead(company)
    with nothing_changes(app):
        for method, path in (
            ("GET", "/leads"),
            ("GET", f"/leads/{lead.id}"),
            ("POST", f"/leads/{lead.id}/close"),
            ("GET", "/users"),
            ("PATCH", f"/pools/{pool.id}"),
            ("POST", "/preview"),
            ("POST", "/keys"),
            ("GET", "/outbox"),
        ):
            assert intake.call(method, path, json={} if method != "GET" else None).status_code == 403, (
                f"{method} {path}"
            )
    assert intake.post("/leads", {"name": "Carla"}).status_code == 201


def test_an_intake_key_learns_no_names_and_no_reasons(company: Company) -> None:
    make_pool(company, [company.agent])
    answer = company.owner.intake.post("/leads", {"name": "Carla", "phone": "nonsense"}).json
    assert set(answer) == {"id", "state", "routing", "warnings"}
    assert answer["routing"] == {"outcome": "offered"}
    assert [warning["code"] for warning in answer["warnings"]] == ["doubtful_phone"]


def test_a_revoked_key_is_no_key(company: Company) -> None:
    api = company.agent.api
    assert api.get("/company").status_code == 200
    with company.inside():
        db.session.execute(update(Key).values(revoked_at=db.func.now()))
        db.session.commit()
    assert api.get("/company").status_code == 401


def test_keys_die_with_deactivation(company: Company) -> None:
    api = company.agent.api
    assert company.owner.api.patch(f"/users/{company.agent.id}", {"active": False}).status_code == 200
    assert api.get("/company").status_code == 401


def test_keys_do_not_come_back_to_life_with_their_user(company: Company) -> None:
    api = company.agent.api
    for active in (False, True):
        assert company.owner.api.patch(f"/users/{company.agent.id}", {"active": active}).status_code == 200
    assert api.get("/company").status_code == 401
    assert Api(company.app, company.agent.key()).get("/company").status_code == 200


def test_a_change_of_roles_counts_at_once(company: Company) -> None:
    assert company.agent.api.get("/pools").status_code == 403
    with company.inside():
        db.session.execute(update(User).where(User.id == company.agent.id).values(roles=["manager"]))
        db.session.commit()
    assert company.agent.api.get("/pools").status_code == 200


def test_more_requests_than_the_burst_wait_and_are_told_how_long(company: Company) -> None:
    with company.inside():
        db.session.get_one(models.Company, company.id).rate_limit = 1
        db.session.commit()
    api, other = company.agent.api, company.colleague.api
    # A bucket of 1 a second holds 2; the test is quicker than a minute, so 70 never fit.
    answers = [api.get("/company") for _ in range(70)]
    refused = [answer for answer in answers if answer.status_code == 429]
    assert [answer.status_code for answer in answers[:2]] == [200, 200]
    assert refused
    assert refused[0].headers["Retry-After"] == "1"
    assert refused[0].json["type"] == "/api/docs#too-many-requests"
    # Each key has a bucket of its own.
    assert other.get("/company").status_code == 200


def test_answers_carry_the_headers_that_keep_browsers_out_of_trouble(company: Company) -> None:
    answer = company.owner.api.get("/company")
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.headers["Cache-Control"] == "no-store"
    assert "Set-Cookie" not in answer.headers


def test_a_session_of_the_pages_opens_no_call(client: FlaskClient, company: Company) -> None:
    with client.session_transaction() as session:
        session["company_id"], session["user_id"] = str(company.id), str(company.owner.id)
        session["_user_id"] = str(company.owner.account_id)
    assert client.get("/api/v1/company").status_code == 401


def test_a_host_that_is_not_ours_is_refused(client: FlaskClient, api: Api) -> None:
    answer = client.get("/api/v1/openapi.json", headers={"Host": "evil.example"})
    assert answer.status_code == 400
