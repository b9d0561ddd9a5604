"""Another company's ids, on every call there is: not found, and every row as it was.

The calls are read from the application's own address map, so that a new one is tried without anybody thinking of it.
"""

from __future__ import annotations

from typing import Any

import pytest
from apiflask import APIFlask

from tests.blueprints.api.database_state import nothing_changes
from tests.blueprints.test_other_companies import leave_of
from tests.cast import Company
from tests.factories import make_lead, make_offer, make_own_role, make_pool, make_team
from tests.operations.acts import memo

# Bodies that would do something, were the ids one's own.
GOOD_BODIES: dict[str, dict[str, Any]] = {
    "PATCH /api/v1/leads/<uuid:lead_id>": {"lead_type": "roof"},
    "POST /api/v1/leads/<uuid:lead_id>/assign": {"user_id": None},
    "POST /api/v1/leads/<uuid:lead_id>/close": {"reason": "won"},
    "POST /api/v1/leads/<uuid:lead_id>/entries": {"kind": "memo", "text": "Mine now"},
    "PATCH /api/v1/leads/<uuid:lead_id>/entries/<uuid:entry_id>": {"text": "Mine now"},
    "POST /api/v1/leads/<uuid:lead_id>/attempts": {"way": "call", "reached": True},
    "PUT /api/v1/leads/<uuid:lead_id>/conversion": {"note": "Mine now"},
    "PATCH /api/v1/users/<uuid:user_id>": {"name": "Mallory"},
    "PATCH /api/v1/pools/<uuid:pool_id>": {"name": "Mine now"},
    "PUT /api/v1/pools/<uuid:pool_id>/members": {"members": []},
    "PATCH /api/v1/rules/<uuid:rule_id>": {"pool_id": None},
    "POST /api/v1/users/<uuid:user_id>/leaves": {"first_day": "2026-05-04", "last_day": "2026-05-04"},
    "PATCH /api/v1/tags/<uuid:tag_id>": {"text": "Mine now"},
    "PATCH /api/v1/teams/<uuid:team_id>": {"name": "Mine now"},
    "PATCH /api/v1/roles/<uuid:role_id>": {"name": "Mine now"},
}


# Bodies that name another id of theirs.
WITH_IDS: dict[str, dict[str, Any]] = {"POST /api/v1/leads/<uuid:lead_id>/reassign": {"pool_id": "{pool_id}"}}


BLOCKED = {"verdict": "block", "clue": "domain", "text": "clicks.example"}


YESTERDAY = {"from": "2026-05-04T00:00:00Z", "to": "2026-05-05T00:00:00Z", "draft": {}}


def calls_with_ids(app: APIFlask) -> list[tuple[str, str, list[str]]]:
    """Method, path, and the names of the ids in it."""
    return [
        (method, rule.rule, sorted(rule.arguments))
        for rule in app.url_map.iter_rules()
        if rule.rule.startswith("/api/v1/") and rule.arguments
        for method in sorted((rule.methods or set()) - {"HEAD", "OPTIONS"})
    ]


@pytest.fixture
def theirs(other_company: Company) -> dict[str, str]:
    """One of everything, in the other company."""
    pool = make_pool(other_company, [other_company.agent])
    lead, owned = make_lead(other_company), make_lead(other_company, other_company.agent)
    ids = {
        "lead_id": owned.id,
        "entry_id": memo(other_company.owner, owned.id),
        "offer_id": make_offer(other_company, lead, other_company.agent, pool).id,
        "user_id": other_company.agent.id,
        "pool_id": pool.id,
        "rule_id": other_company.default_rule_id,
        "team_id": make_team(other_company).id,
        "role_id": make_own_role(other_company, "export").id,
        "tag_id": other_company.owner.api.post("/tags", {"text": "Roof"}).json["id"],
        "quarantine_entry_id": other_company.owner.api.post("/quarantine-entries", BLOCKED).json["id"],
        "leave_id": leave_of(other_company),
        "replay_id": other_company.owner.api.post("/replays", YESTERDAY).json["id"],
        "key_id": other_company.owner.api.get("/keys").json["items"][0]["id"],
    }
    return {name: str(each) for name, each in ids.items()}


def test_every_call_answers_not_found_and_changes_nothing(
    app: APIFlask, company: Company, theirs: dict[str, str]
) -> None:
    calls = calls_with_ids(app)
    assert len(calls) > 25, "the address map looks empty: this test would prove nothing"
    api = company.owner.api
    with nothing_changes(app):
        for method, rule, names in calls:
            path = rule.removeprefix("/api/v1")
            for name in names:
                path = path.replace(f"<uuid:{name}>", theirs[name])
            call = f"{method} {rule}"
            answer = api.call(method, path, json=None if method == "GET" else good_body(call, theirs))
            assert answer.status_code == 404, f"{method} {rule}: {answer.status_code} {answer.text}"
            assert answer.json["errors"] == []


def test_the_same_bodies_do_something_with_ones_own_ids(company: Company) -> None:
    """Or the test above would pass for bodies that are refused before anything is looked up."""
    pool = make_pool(company, [company.agent])
    lead = make_lead(company, company.agent)
    own = {
        "lead_id": lead.id,
        "entry_id": memo(company.owner, lead.id),
        "user_id": company.agent.id,
        "pool_id": pool.id,
        "rule_id": company.default_rule_id,
        "team_id": make_team(company).id,
        "role_id": make_own_role(company, "export").id,
        "tag_id": company.owner.api.post("/tags", {"text": "Roof"}).json["id"],
    }
    for call, body in GOOD_BODIES.items():
        method, rule = call.split()
        path = rule.removeprefix("/api/v1")
        for name, each in own.items():
            path = path.replace(f"<uuid:{name}>", str(each))
        assert company.owner.api.call(method, path, json=body).status_code in (200, 201), call


IDS_IN_BODIES: list[tuple[str, str, dict[str, Any], str]] = [
    ("POST", "/users", {"name": "Nia", "email": "nia@example.com", "team_id": "{team_id}"}, "team_id"),
    ("POST", "/users/{own_user}/deactivate", {"open_leads": "give", "to": "{user_id}"}, "to"),
    ("POST", "/users", {"name": "Nia", "email": "nia@example.com", "roles": ["{role_id}"]}, "roles.0"),
    ("PATCH", "/users/{own_user}", {"roles": ["agent", "{role_id}"]}, "roles.1"),
    ("POST", "/pools", {"name": "Roofs", "team_id": "{team_id}"}, "team_id"),
    ("POST", "/pools", {"name": "Roofs", "members": [{"user_id": "{user_id}"}]}, "members.0.user_id"),
    ("POST", "/pools", {"name": "Roofs", "default_assignee_ids": ["{user_id}"]}, "default_assignee_ids.0"),
    ("PUT", "/pools/{own_pool}/members", {"members": [{"user_id": "{user_id}"}]}, "members.0.user_id"),
    ("PATCH", "/rules/{own_rule}", {"pool_id": "{pool_id}"}, "pool_id"),
    ("PATCH", "/rules/{own_rule}", {"to_team_id": "{team_id}"}, "to_team_id"),
    ("POST", "/rules", {"name": "Coast", "team_id": "{team_id}"}, "team_id"),
    ("POST", "/teams", {"name": "East", "parent_id": "{team_id}"}, "parent_id"),
    ("PATCH", "/teams/{own_team}", {"default_pool_id": "{pool_id}"}, "default_pool_id"),
    ("POST", "/leads/{own_lead}/assign", {"user_id": "{user_id}"}, "user_id"),
    ("POST", "/leads/{own_owned_lead}/reassign", {"pool_id": "{pool_id}"}, "pool_id"),
    ("POST", "/keys", {"scope": "full", "as": "{email}"}, "as"),
]


def test_their_ids_in_a_body_are_as_unknown_as_any_other(
    app: APIFlask, company: Company, other_company: Company, theirs: dict[str, str]
) -> None:
    ids = theirs | {
        "own_user": str(company.agent.id),
        "own_pool": str(make_pool(company).id),
        "own_rule": str(company.default_rule_id),
        "own_team": str(make_team(company).id),
        "own_lead": str(make_lead(company).id),
        "own_owned_lead": str(make_lead(company, company.agent).id),
        "email": other_company.agent.email,
    }
    api = company.owner.api
    with nothing_changes(app):
        for method, path, body, field in IDS_IN_BODIES:
            answer = api.call(method, path.format(**ids), json=_filled(body, ids))
            assert answer.status_code == 422, f"{method} {path}: {answer.status_code} {answer.text}"
            assert [error["field"] for error in answer.json["errors"]] == [field]


def test_their_ids_in_a_filter_find_nothing(company: Company, theirs: dict[str, str]) -> None:
    for path in (
        f"/leads?owner={theirs['user_id']}",
        f"/leads?pool={theirs['pool_id']}",
        f"/offers?lead={theirs['lead_id']}",
        f"/offers?user={theirs['user_id']}",
        f"/outbox?user={theirs['user_id']}",
    ):
        answer = company.owner.api.get(path)
        assert (answer.status_code, answer.json["items"]) == (200, []), path


def test_no_list_shows_anything_of_theirs(app: APIFlask, company: Company, theirs: dict[str, str]) -> None:
    for path in ("/leads", "/offers", "/users", "/pools", "/rules", "/teams", "/keys", "/outbox", "/sources"):
        shown = company.owner.api.get(path).text
        assert not any(each in shown for each in theirs.values()), path


def test_their_user_named_as_assignee_is_nobody(company: Company, theirs: dict[str, str]) -> None:
    answer = company.owner.api.post("/leads", {"text": "Hi", "assignee": theirs["user_id"]})
    assert answer.status_code == 201
    assert answer.json["owner_id"] is None
    assert [warning["code"] for warning in answer.json["warnings"]] == ["unknown_assignee"]


def good_body(call: str, ids: dict[str, str]) -> dict[str, Any]:
    """What would do something, were the ids one's own; nothing where a call needs no body."""
    return _filled(WITH_IDS[call], ids) if call in WITH_IDS else GOOD_BODIES.get(call, {})


def _filled(value: Any, ids: dict[str, str]) -> Any:
    if isinstance(value, dict):
        return {name: _filled(each, ids) for name, each in value.items()}
    if isinstance(value, list):
        return [_filled(each, ids) for each in value]
    return value.format(**ids)
