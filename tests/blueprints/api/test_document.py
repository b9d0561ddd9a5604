"""The OpenAPI document against the server: every call documented, every documented call there, answers as promised."""

from __future__ import annotations

import re
from typing import Any

import jsonschema_rs
import pytest
from apiflask import APIFlask
from flask.testing import FlaskClient

from tests.cast import Api, Company
from tests.factories import make_closed_lead, make_lead, make_offer, make_pool, make_team


@pytest.fixture
def document(client: FlaskClient) -> dict[str, Any]:
    found: dict[str, Any] = client.get("/api/v1/openapi.json").json
    return found


def calls_of(document: dict[str, Any]) -> set[tuple[str, str]]:
    return {(method.upper(), path) for path, calls in document["paths"].items() for method in calls}


def test_the_document_is_openapi_3_1(document: dict[str, Any]) -> None:
    assert document["openapi"].startswith("3.1")
    assert document["info"]["title"] == "Baton"
    for schema in document["components"]["schemas"].values():
        jsonschema_rs.meta.validate(schema)


def test_every_call_is_documented_and_every_documented_call_exists(app: APIFlask, document: dict[str, Any]) -> None:
    served = {
        (method, re.sub(r"<uuid:(\w+)>", r"{\1}", rule.rule))
        for rule in app.url_map.iter_rules()
        if rule.rule.startswith("/api/v1/") and rule.endpoint != "api.document"
        for method in (rule.methods or set()) - {"HEAD", "OPTIONS"}
    }
    assert calls_of(document) == served


def test_every_reference_leads_somewhere(document: dict[str, Any]) -> None:
    named = set(re.findall(r"#/components/schemas/([\w-]+)", str(document)))
    assert named
    assert named <= set(document["components"]["schemas"])


def test_every_call_says_what_it_does_takes_and_answers(document: dict[str, Any]) -> None:
    for path, calls in document["paths"].items():
        for method, call in calls.items():
            assert call["summary"], f"{method} {path}"
            assert call["tags"], f"{method} {path}"
            assert any(status.startswith("2") for status in call["responses"]), f"{method} {path}"
            assert "default" in call["responses"], f"{method} {path}"
            named = {parameter["name"] for parameter in call["parameters"] if parameter["in"] == "path"}
            assert named == set(re.findall(r"{(\w+)}", path)), f"{method} {path}"
            if method in ("put", "patch"):
                assert "requestBody" in call, f"{method} {path}"
            if method == "post":
                assert "Idempotency-Key" in {parameter["name"] for parameter in call["parameters"]}


def test_answers_look_as_the_document_promises(company: Company, document: dict[str, Any]) -> None:
    api = company.owner.api
    pool = make_pool(company, [company.agent, company.colleague], [company.manager])
    api.post("/leads", {"name": "Carla", "phone": "+1 415 555 0100", "price": {"min": 1}, "fields": {"roof": "flat"}})
    lead, offered = make_lead(company, company.agent), make_lead(company)
    closed = make_closed_lead(company, company.agent)
    offer = make_offer(company, offered, company.owner, pool)
    team = make_team(company)
    calls: list[tuple[str, str, dict[str, str], Any]] = [
        ("GET", "/leads", {}, None),
        ("GET", "/leads/{lead_id}", {"lead_id": f"{lead.id}"}, None),
        ("PATCH", "/leads/{lead_id}", {"lead_id": f"{lead.id}"}, {"lead_type": "roof"}),
        ("POST", "/leads/{lead_id}/entries", {"lead_id": f"{lead.id}"}, {"kind": "comment", "text": "Hi"}),
        ("POST", "/leads/{lead_id}/attempts", {"lead_id": f"{lead.id}"}, {"way": "call", "reached": False}),
        ("PUT", "/leads/{lead_id}/conversion", {"lead_id": f"{lead.id}"}, {"expected_value": {"amount": "5"}}),
        ("GET", "/leads/{lead_id}/timeline", {"lead_id": f"{lead.id}"}, None),
        ("GET", "/leads/{lead_id}/decisions", {"lead_id": api.get("/leads").json["items"][-1]["id"]}, None),
        ("POST", "/leads", {}, {"name": "Dora", "email": "dora@example.com"}),
        ("POST", "/leads/{lead_id}/assign", {"lead_id": f"{lead.id}"}, {"user_id": f"{company.colleague.id}"}),
        ("POST", "/leads/{lead_id}/reopen", {"lead_id": f"{closed.id}"}, {}),
        ("POST", "/preview", {}, {"name": "Dora"}),
        ("GET", "/offers", {}, None),
        ("POST", "/offers/{offer_id}/accept", {"offer_id": f"{offer.id}"}, {}),
        ("GET", "/users", {}, None),
        ("GET", "/users/{user_id}", {"user_id": f"{company.agent.id}"}, None),
        ("POST", "/users", {}, {"name": "Nia", "email": "nia@example.com"}),
        ("GET", "/pools", {}, None),
        ("GET", "/pools/{pool_id}/ledger", {"pool_id": f"{pool.id}"}, None),
        ("GET", "/pools/{pool_id}/next", {"pool_id": f"{pool.id}"}, None),
        ("POST", "/pools", {}, {"name": "Walls"}),
        ("GET", "/rules", {}, None),
        ("GET", "/company", {}, None),
        ("GET", "/teams", {}, None),
        ("PATCH", "/teams/{team_id}", {"team_id": f"{team.id}"}, {"name": "East"}),
        ("GET", "/keys", {}, None),
        ("POST", "/keys", {}, {"scope": "intake"}),
        ("GET", "/outbox", {}, None),
        ("GET", "/sources", {}, None),
        ("POST", "/rules", {}, {"name": "Coast", "conditions": {"city": ["Ronda"]}}),
        ("GET", "/leads/{lead_id}", {"lead_id": "00000000-0000-7000-8000-000000000000"}, None),
    ]
    for method, path, ids, body in calls:
        answer = api.call(method, path.format(**ids), json=body)
        promised = document["paths"][f"/api/v1{path}"][method.lower()]["responses"]
        form = promised.get(str(answer.status_code)) or promised["default"]
        schema = form["content"][answer.mimetype]["schema"] | {"components": document["components"]}
        validator = jsonschema_rs.Draft202012Validator(schema, validate_formats=True)
        problems = [f"{error.instance_path}: {error.message}" for error in validator.iter_errors(answer.json)]
        assert problems == [], f"{method} {path} {answer.status_code}"


def test_a_sender_learns_only_what_the_document_promises(company: Company, document: dict[str, Any]) -> None:
    answer = company.owner.intake.post("/leads", {"name": "Carla"})
    schema = document["components"]["schemas"]["TakenShape"] | {"components": document["components"]}
    assert jsonschema_rs.is_valid(schema, answer.json)


def test_the_page_for_people_names_every_call_and_loads_nothing_from_outside(
    client: FlaskClient, document: dict[str, Any]
) -> None:
    page = client.get("/api/docs")
    assert page.status_code == 200
    for method, path in calls_of(document):
        assert f"{method} {path}" in page.text
    assert not re.search(r'(?:src|href)="(?:https?:)?//', page.text)
    assert "style=" not in page.text
    for problem in ("invalid", "not-found", "too-many-requests"):
        assert f'id="{problem}"' in page.text


def test_every_form_a_call_names_is_told_on_the_page_of_forms(client: FlaskClient, document: dict[str, Any]) -> None:
    forms = client.get("/api/docs/forms").text
    named = set(re.findall(r'href="/api/docs/forms#([^"]+)"', client.get("/api/docs").text + forms))
    assert len(named) > 30
    assert {name for name in named if f'id="{name}"' not in forms} == set()
    assert {f"form-{name}" for name in document["components"]["schemas"]} >= named


def test_every_kind_of_problem_is_explained_where_its_type_leads(client: FlaskClient, api: Api) -> None:
    for path in ("/leads/00000000-0000-7000-8000-000000000000", "/leads?limit=0"):
        page, _, place = api.get(path).json["type"].partition("#")
        assert f'id="{place}"' in client.get(page).text
    assert api.delete("/users").json["type"] == "about:blank"
