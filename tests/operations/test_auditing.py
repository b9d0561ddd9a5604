"""The log of changes: every change of rights, roles, keys, rules, pools, teams and settings, with before and after."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from psycopg.errors import InsufficientPrivilege
from sqlalchemy import select, text
from sqlalchemy.exc import DBAPIError

from portal.errors import Forbidden, Invalid
from portal.extensions import db
from portal.models import AuditEntry, User
from portal.operations.auditing import coming_from
from portal.operations.people import add_user, change_user, deactivate
from portal.operations.roles import make_role
from tests.cast import Company
from tests.factories import make_own_role, make_pool, make_team


def log_of(company: Company) -> list[AuditEntry]:
    with company.inside():
        entries = db.session.scalars(select(AuditEntry).order_by(AuditEntry.id)).all()
        db.session.expunge_all()
        return list(entries)


def last(company: Company) -> AuditEntry:
    return log_of(company)[-1]


CHANGES: list[tuple[str, str, dict[str, Any], str, str]] = [
    ("POST", "/users", {"name": "Nia", "email": "nia@example.com"}, "person", "added"),
    ("PATCH", "/users/{user}", {"roles": ["manager"]}, "person", "changed"),
    ("PATCH", "/users/{user}", {"lead_access": []}, "person", "changed"),
    ("PATCH", "/users/{user}", {"team_id": "{team}"}, "person", "changed"),
    ("POST", "/users/{user}/deactivate", {}, "person", "changed"),
    ("POST", "/roles", {"name": "Exporter", "rights": ["export"]}, "role", "added"),
    ("PATCH", "/roles/{role}", {"rights": ["assign"]}, "role", "changed"),
    ("DELETE", "/roles/{role}", {}, "role", "removed"),
    ("POST", "/teams", {"name": "South"}, "team", "added"),
    ("PATCH", "/teams/{team}", {"name": "Far North"}, "team", "changed"),
    ("DELETE", "/teams/{team}", {}, "team", "removed"),
    ("POST", "/keys", {"scope": "intake"}, "key", "added"),
    ("DELETE", "/keys/{key}", {}, "key", "removed"),
    ("POST", "/pools", {"name": "Roofs"}, "pool", "added"),
    ("PATCH", "/pools/{pool}", {"window_seconds": 60}, "pool", "changed"),
    ("PUT", "/pools/{pool}/members", {"members": [{"user_id": "{user}", "weight": 7}]}, "pool", "changed"),
    ("DELETE", "/pools/{spare}", {}, "pool", "removed"),
    ("PATCH", "/rules/{rule}", {"pool_id": None}, "rule", "changed"),
    ("PATCH", "/company", {"isolate_leads": True}, "settings", "changed"),
]


@pytest.mark.parametrize(
    ("method", "path", "body", "subject", "action"),
    CHANGES,
    ids=[f"{method} {path} {', '.join(body)}" for method, path, body, _, _ in CHANGES],
)
def test_each_change_leaves_one_entry_with_who_what_and_from_where(
    company: Company, method: str, path: str, body: dict[str, Any], subject: str, action: str
) -> None:
    ids = {
        "user": company.agent.id,
        "team": make_team(company, "North").id,
        "role": make_own_role(company, "export").id,
        "pool": make_pool(company, [company.colleague]).id,
        "spare": make_pool(company, default_rule=False).id,
        "rule": company.default_rule_id,
        "key": company.owner.api.get("/keys").json["items"][-1]["id"],
    }
    before = len(log_of(company))
    filled = {name: _filled(value, ids) for name, value in body.items()}
    answer = company.owner.api.call(method, path.format(**ids), json=filled or None)
    assert answer.status_code in (200, 201, 204), answer.text
    [entry] = log_of(company)[before:]
    assert (entry.subject, entry.action) == (subject, action)
    assert (entry.actor_id, entry.actor_name) == (company.owner.id, company.owner.name)
    assert entry.origin.startswith("API key bt_full_")
    assert entry.origin.endswith("from 127.0.0.1")
    assert (entry.before is None) is (action == "added")
    assert (entry.after is None) is (action == "removed")
    assert entry.before != entry.after


def _filled(value: Any, ids: dict[str, Any]) -> Any:
    if isinstance(value, list):
        return [_filled(each, ids) for each in value]
    if isinstance(value, dict):
        return {name: _filled(each, ids) for name, each in value.items()}
    return value.format(**ids) if isinstance(value, str) else value


def test_an_entry_tells_what_changed_and_nothing_else(company: Company) -> None:
    company.owner.api.patch(f"/users/{company.agent.id}", {"name": "Ana Agent", "caps": {"open": 5}})
    entry = last(company)
    assert (entry.before, entry.after) == ({"open_cap": None}, {"open_cap": 5})


def test_a_save_that_changes_nothing_leaves_none(company: Company) -> None:
    before = len(log_of(company))
    company.owner.api.patch(f"/users/{company.agent.id}", {"name": company.agent.name})
    company.owner.api.patch("/company", {"isolate_leads": False})
    assert len(log_of(company)) == before


def test_keys_that_end_with_their_user_are_told(company: Company) -> None:
    company.agent.key()
    with company.inside():
        deactivate(company.agent.id, by=company.owner.user())
    assert [(entry.subject, entry.action) for entry in log_of(company)[-2:]] == [
        ("person", "changed"),
        ("key", "removed"),
    ]


def test_no_entry_holds_a_key_or_a_password(company: Company) -> None:
    made = company.owner.api.post("/keys", {"scope": "full"}).json["key"]
    for entry in log_of(company):
        assert made not in str((entry.before, entry.after, entry.subject_name, entry.origin))


@pytest.mark.parametrize(
    ("act", "refusal"),
    [
        (lambda by: change_user(by.id, by=by, roles=["owner"]), Forbidden),
        (lambda by: make_role(by=by, name="Mine", grants=["company"]), Forbidden),
        (lambda by: add_user(by=by, name="", email="x@example.com"), Invalid),
    ],
)
def test_what_is_refused_leaves_none(company: Company, act: Callable[[User], object], refusal: type[Exception]) -> None:
    with company.inside():
        change_user(company.agent.id, by=company.owner.user(), roles=["editor"])
    before = len(log_of(company))
    with company.inside(), pytest.raises(refusal):
        act(company.agent.user())
    assert len(log_of(company)) == before


def test_an_act_of_the_command_line_says_so(company: Company) -> None:
    with company.inside(), coming_from("the command line"):
        change_user(company.agent.id, by=company.owner.user(), name="Anna")
    assert last(company).origin == "the command line"


@pytest.mark.parametrize("statement", ["UPDATE audit_entries SET actor_name = 'X'", "DELETE FROM audit_entries"])
def test_the_application_cannot_change_or_remove_an_entry(company: Company, statement: str) -> None:
    with company.inside():
        change_user(company.agent.id, by=company.owner.user(), name="Anna")
        with pytest.raises(DBAPIError) as refused:
            db.session.execute(text(statement))
    assert isinstance(refused.value.orig, InsufficientPrivilege)
