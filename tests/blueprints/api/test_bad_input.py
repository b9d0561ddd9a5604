"""Bad input to every field: a clear error that names it, and nothing stored."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import product
from typing import Any

import pytest
from apiflask import APIFlask
from werkzeug.test import TestResponse

from portal.models import Lead, Pool
from tests.blueprints.api.database_state import nothing_changes
from tests.cast import Api, Company
from tests.factories import make_lead, make_offer, make_pool, make_team, make_user

NOBODY = "00000000-0000-7000-8000-000000000000"
LONE_SURROGATE = "\ud800"


@dataclass(frozen=True)
class World:
    company: Company
    api: Api
    pool: Pool
    lead: Lead
    ids: dict[str, str]


@pytest.fixture
def world(company: Company) -> World:
    pool = make_pool(company, [company.agent, company.colleague], name="Solar")
    lead = make_lead(company)
    offered = make_lead(company)
    offer = make_offer(company, offered, company.owner, pool)
    team, below = make_team(company, "North"), None
    below = make_team(company, "Leeds", parent_id=team.id)
    inactive = make_user(company, "Ina Inactive", active=False)
    ids = {
        "pool": pool.id,
        "lead": lead.id,
        "offer": offer.id,
        "rule": company.default_rule_id,
        "team": team.id,
        "below": below.id,
        "user": company.agent.id,
        "owner": company.owner.id,
        "inactive": inactive.id,
    }
    ids["entry"] = company.owner.api.post(f"/leads/{lead.id}/entries", {"kind": "memo", "text": "Hi"}).json["id"]
    # Made before any look at the database: a key is a row too.
    return World(company, company.owner.api, pool, lead, {name: str(each) for name, each in ids.items()})


# What every text field refuses: another type, NUL, half a surrogate pair.
NO_TEXTS: list[Any] = [1, 1.5, True, [], {}, "a\x00b", f"a{LONE_SURROGATE}b"]
NO_NAMES: list[Any] = [*NO_TEXTS, None, "", "   ", "\u200b", "two\nlines", "x" * 201]
NO_WHOLES: list[Any] = ["5", 1.5, True, None, [], -1, 10**30]
NO_FLAGS: list[Any] = ["true", 0, 1, None, [], {}]
NO_IDS: list[Any] = [1, True, [], {}, "", "x", NOBODY]
NO_LISTS: list[Any] = ["x", 1, None, {}]
NO_EMAILS: list[Any] = [
    *NO_TEXTS,
    None,
    "",
    "ana",
    "ana@",
    "@example.com",
    "a b@example.com",
    "x" * 400 + "@example.com",
]

NO_AMOUNTS: list[Any] = [5, None, "", "-1", "NaN", "1.200,50", "1,200", "1e3", "123456789012345", "1.234", ...]
NO_DAYS: list[Any] = ["", " ", "0000-00-00", "2026-02-30", "24.12.2026", "9999-01-01", "soon"]

USER = {"name": "Nia New", "email": "nia@example.com"}
POOL = {"name": "Roofs"}
RULE = {"name": "Coast"}
PLACE = {"lat": 1, "lng": 2, "radius_km": 3}
TAG = {"text": "Roof repair"}
PERIOD = {"from": "2026-05-04T00:00:00Z", "to": "2026-05-05T00:00:00Z", "draft": {}}
LISTED = {"verdict": "block", "clue": "domain", "text": "spam.example"}
LEAVE = {"first_day": "2026-05-04", "last_day": "2026-05-08"}
MEMBER = {"user_id": "{user}"}

CASES: list[tuple[str, str, dict[str, Any], str, list[Any]]] = [
    # method, path, a good body, the field that is spoilt, with what
    ("POST", "/users", USER, "name", NO_NAMES),
    ("POST", "/users", USER, "email", NO_EMAILS),
    ("POST", "/users", USER, "phone", [*NO_TEXTS, "no digits", "1" * 101]),
    ("POST", "/users", USER, "roles", [*NO_LISTS, []]),
    ("POST", "/users", USER, "roles.0", ["king", 1, None, {}]),
    ("POST", "/users", USER, "lead_access", NO_LISTS),
    ("POST", "/users", USER, "lead_access.0", ["everything", 1, None]),
    ("POST", "/users", USER, "team_id", NO_IDS),
    ("POST", "/users", USER, "active", NO_FLAGS),
    ("POST", "/users", USER, "available", NO_FLAGS),
    ("POST", "/users", USER, "caps", ["x", 1, None, []]),
    ("POST", "/users", USER, "caps.open", ["5", 1.5, True, [], -1, 10**30]),
    ("PATCH", "/users/{user}", {}, "name", NO_NAMES),
    ("PATCH", "/users/{user}", {}, "email", [*NO_EMAILS, "{colleague_email}"]),
    ("PATCH", "/users/{user}", {}, "roles", [*NO_LISTS, []]),
    ("PATCH", "/users/{user}", {}, "team_id", NO_IDS),
    ("PATCH", "/users/{user}", {}, "active", NO_FLAGS),
    ("PATCH", "/users/{user}", {}, "caps.open", ["5", 1.5, True, -1]),
    ("POST", "/users/{user}/deactivate", {}, "open_leads", [1, None, "sell"]),
    ("POST", "/users/{user}/deactivate", {"open_leads": "give"}, "to", [*NO_IDS, None, "{user}", "{inactive}"]),
    ("POST", "/users/{user}/deactivate", {"open_leads": "keep"}, "to", ["{owner}"]),
    ("POST", "/pools", POOL, "name", [*NO_NAMES, "Solar"]),
    ("POST", "/pools", POOL, "team_id", NO_IDS),
    ("POST", "/pools", POOL, "picker", [1, None, "random"]),
    ("POST", "/pools", POOL, "delivery", [1, None, "shout"]),
    ("POST", "/pools", POOL, "window_seconds", [*NO_WHOLES, 0, 4, 86_401]),
    ("POST", "/pools", POOL, "max_offers", [*NO_WHOLES, 1001]),
    ("POST", "/pools", POOL, "last_call_seconds", ["5", 1.5, True, 0, 4, 86_401]),
    ("POST", "/pools", POOL, "timer", [1, None, "moon"]),
    ("POST", "/pools", POOL, "hours", [1, "x", [], {}]),
    ("POST", "/pools", POOL, "hours.monday", [1, [["9", "17:00"]]]),
    ("POST", "/pools", POOL, "pond_limit", ["5", 1.5, True, 0, 1001]),
    ("POST", "/pools", POOL, "contact_within", ["5", 1.5, True, 0, 4, 2_592_001]),
    ("POST", "/pools", POOL, "for_reassignment", NO_FLAGS),
    ("POST", "/pools", POOL | {"for_reassignment": True}, "default_mode", ["tell"]),
    ("POST", "/pools", POOL | {"for_reassignment": True}, "default_assignee_ids", [["{user}", "{owner}"]]),
    ("POST", "/pools", POOL | {"for_reassignment": True}, "next_pool_id", ["{pool}"]),
    ("POST", "/leads/{lead}/reassign", {}, "pool_id", [*NO_IDS, None, ..., NOBODY, "{pool}"]),
    ("POST", "/pools", POOL, "next_pool_id", NO_IDS),
    ("POST", "/pools", POOL, "default_mode", [1, "both", []]),
    ("POST", "/pools", POOL, "default_assignee_ids", [*NO_LISTS, ["{user}"] * 6]),
    ("POST", "/pools", POOL, "default_assignee_ids.0", ["x", 1, None, NOBODY, "{inactive}"]),
    ("POST", "/pools", POOL | {"default_assignee_ids": ["{user}"]}, "default_assignee_ids.1", ["{user}"]),
    ("POST", "/pools", POOL, "members", [*NO_LISTS]),
    ("POST", "/pools", POOL, "members.0", [1, "x", None, []]),
    ("POST", "/pools", POOL, "members.0.user_id", [*NO_IDS, None]),
    ("POST", "/pools", POOL | {"members": [MEMBER]}, "members.0.weight", [*NO_WHOLES, 1001, 0.5]),
    ("POST", "/pools", POOL | {"members": [MEMBER]}, "members.1.user_id", ["{user}"]),
    ("PATCH", "/pools/{pool}", {}, "name", NO_NAMES),
    ("PATCH", "/pools/{pool}", {}, "window_seconds", [*NO_WHOLES, 4]),
    ("PATCH", "/pools/{pool}", {}, "members.0.user_id", NO_IDS),
    ("PUT", "/pools/{pool}/members", {}, "members", [*NO_LISTS, ...]),
    ("PUT", "/pools/{pool}/members", {"members": [MEMBER]}, "members.0.weight", [*NO_WHOLES, 1001]),
    ("PUT", "/pools/{pool}/members", {"members": [MEMBER]}, "members.1.user_id", ["{user}", NOBODY]),
    ("POST", "/users", USER, "caps.day", ["5", 1.5, True, [], -1]),
    ("POST", "/users", USER, "tags", NO_LISTS),
    ("POST", "/users", USER, "tags.0", [1, None, "", "x" * 201]),
    ("POST", "/users", USER, "languages.0", [1, ""]),
    ("POST", "/users", USER | {"locations": [PLACE]}, "locations.0.lat", ["x", 91, None, ...]),
    (
        "POST",
        "/users",
        USER | {"locations": [PLACE]},
        "locations.0.radius_km",
        [-1, "x", ...],
    ),
    ("POST", "/users", USER, "hours", [1, "x", [], {}]),
    ("POST", "/users", USER, "hours.monday", [1, [["9", "17:00"]]]),
    ("POST", "/users", USER, "time_zone", [1, "", "Mars/Olympus"]),
    ("POST", "/users", USER, "presence", [1, None, "asleep"]),
    ("POST", "/users/{user}/leaves", LEAVE, "last_day", [1, None, ..., "tomorrow", "2026-05-02", "2030-01-01"]),
    ("POST", "/tags", TAG, "text", [1, None, ..., "", " ", "x" * 201]),
    ("POST", "/tags", TAG, "kind", [1, None, "nice"]),
    ("POST", "/tags", TAG, "weight", [*NO_WHOLES, -1, 1001]),
    ("POST", "/replays", PERIOD, "from", [1, None, ..., "yesterday", "2026-05-04", "2024-05-06T00:00:00Z"]),
    ("POST", "/replays", PERIOD, "to", [1, None, ..., "today", "2026-05-04", "2026-05-01T00:00:00Z"]),
    ("POST", "/replays", PERIOD, "draft", [1, "x", [], None, ...]),
    ("POST", "/quarantine-entries", LISTED, "verdict", [1, None, ..., "deny"]),
    ("POST", "/quarantine-entries", LISTED, "clue", [1, None, ..., "colour"]),
    ("POST", "/quarantine-entries", LISTED, "text", [1, None, ..., "", " ", "x" * 321, "a@b.c", "a b"]),
    ("POST", "/pools", POOL, "single_user_id", [*NO_IDS, NOBODY, "{inactive}"]),
    ("POST", "/pools", POOL | {"picker": "single"}, "single_user_id", [..., None]),
    ("POST", "/pools", POOL, "when_nobody_available", [1, None, "panic"]),
    ("POST", "/pools", POOL | {"members": [MEMBER]}, "members.0.priority", ["x", None, 0.5, 1001, -1001]),
    ("PATCH", "/company", {}, "presence_mode", [1, None, "maybe"]),
    ("PATCH", "/company", {}, "manual_intercept", [1, None, "yes"]),
    ("PATCH", "/company", {}, "opening_hours", [1, "x", [], {}]),
    ("PATCH", "/company", {}, "opening_hours.monday", [1, [["9", "17:00"]]]),
    ("PATCH", "/company", {}, "hold_spacing_seconds", [*NO_WHOLES, 4, 61]),
    ("PATCH", "/company", {}, "holidays", [1, None, "x"]),
    ("PATCH", "/company", {}, "holidays.someday", ["Fiesta"]),
    ("PATCH", "/company", {}, "performance_in_routing", [1, "always"]),
    ("PATCH", "/company", {}, "email_as_tag", NO_FLAGS),
    ("PATCH", "/company", {}, "self_service_pause", NO_FLAGS),
    ("PATCH", "/company", {}, "mask_names_in_why", NO_FLAGS),
    ("PATCH", "/rules/{rule}", {}, "pool_id", NO_IDS),
    ("PATCH", "/rules/{rule}", {}, "name", NO_NAMES),
    ("POST", "/rules", RULE, "name", [*NO_NAMES, ...]),
    ("POST", "/rules", RULE, "pool_id", [*NO_IDS, NOBODY]),
    ("POST", "/rules", RULE, "team_id", [*NO_IDS, NOBODY]),
    ("POST", "/rules", RULE, "to_team_id", [*NO_IDS, NOBODY]),
    ("POST", "/rules", RULE | {"team_id": "{team}"}, "to_team_id", ["{team}"]),
    ("POST", "/rules", RULE, "paused", NO_FLAGS),
    ("POST", "/rules", RULE, "conditions", [1, "x", None, []]),
    ("POST", "/rules", RULE, "conditions.city", [1, [1], [""], ["x"] * 201, ["x" * 201]]),
    ("POST", "/rules", RULE, "conditions.colour", ["red", None]),
    ("POST", "/rules", RULE, "conditions.has_phone", ["yes", 1]),
    ("POST", "/rules", RULE, "conditions.price.min", ["cheap", "-1", "1e9", True]),
    ("POST", "/rules", RULE, "conditions.fields.rooms", [3, {}, {"like": "3"}]),
    ("POST", "/rules", RULE, "strictness.city", [1, "sometimes", None]),
    ("POST", "/rules", RULE, "hours", [1, "x", [], {}]),
    (
        "POST",
        "/rules",
        RULE,
        "hours.monday",
        [1, [["9", "17:00"]], [["09:00"]]],
    ),
    ("PATCH", "/company", {}, "name", NO_NAMES),
    ("PATCH", "/company", {}, "time_zone", [*NO_TEXTS, None, "", "Mars/Olympus", "utc+1"]),
    ("PATCH", "/company", {}, "country", [*NO_TEXTS, None, "", "USA", "XX", "ü"]),
    ("PATCH", "/company", {}, "fallback_any_active", NO_FLAGS),
    ("PATCH", "/company", {}, "named_counts_as_turn", NO_FLAGS),
    ("PATCH", "/company", {}, "isolate_leads", NO_FLAGS),
    ("PATCH", "/company", {}, "returning_contacts", [1, None, "nobody"]),
    ("PATCH", "/company", {}, "rate_limit", [*NO_WHOLES, 0, 100_001]),
    ("POST", "/teams", {"name": "East"}, "name", [*NO_NAMES, "North"]),
    ("POST", "/teams", {"name": "East"}, "parent_id", NO_IDS),
    ("PATCH", "/teams/{team}", {}, "name", NO_NAMES),
    ("PATCH", "/teams/{team}", {}, "default_pool_id", [*NO_IDS, NOBODY]),
    ("PATCH", "/teams/{team}", {}, "parent_id", [*NO_IDS, "{team}", "{below}"]),
    ("POST", "/keys", {"scope": "intake"}, "scope", [1, None, "everything", ...]),
    ("POST", "/keys", {"scope": "intake"}, "as", [*NO_TEXTS, "nobody@example.com"]),
    ("POST", "/leads", {"text": "Hi"}, "name", [*NO_TEXTS, "x" * 501]),
    ("POST", "/leads", {"text": "Hi"}, "phone", [*NO_TEXTS, "1" * 201]),
    ("POST", "/leads", {"text": "Hi"}, "email", [*NO_TEXTS, "x" * 501]),
    ("POST", "/leads", {"name": "Carla"}, "text", [*NO_TEXTS, "x" * 50_001]),
    ("POST", "/leads", {"text": "Hi"}, "source", [*NO_TEXTS, "x" * 201]),
    ("POST", "/leads", {"text": "Hi"}, "channel", [1, "pigeon", "WEB", []]),
    ("POST", "/leads", {"text": "Hi"}, "lead_type", [*NO_TEXTS, "x" * 201]),
    ("POST", "/leads", {"text": "Hi"}, "external_id", [*NO_TEXTS, "x" * 201]),
    ("POST", "/leads", {"text": "Hi"}, "tags", ["x", 1, {}, ["x"] * 201]),
    ("POST", "/leads", {"text": "Hi"}, "tags.0", [1, [], "a\x00b", "x" * 201]),
    ("POST", "/leads", {"text": "Hi"}, "fields", ["x", 1, []]),
    ("POST", "/leads", {"text": "Hi"}, "fields.roof", [[], {}, {"a": 1}, "a\x00b", "x" * 10_001]),
    ("POST", "/leads", {"text": "Hi"}, "location", ["x", 1, []]),
    *[
        ("POST", "/leads", {"text": "Hi"}, f"location.{part}", [*NO_TEXTS, "x" * 1001])
        for part in ("country", "region")
    ],
    *[("POST", "/leads", {"text": "Hi"}, f"location.{part}", [*NO_TEXTS, "x" * 1001]) for part in ("city", "postcode")],
    ("POST", "/leads", {"text": "Hi"}, "location.address", [*NO_TEXTS, "x" * 1001]),
    ("POST", "/leads", {"text": "Hi"}, "location.lat", ["1", True, [], 90.1, -91]),
    ("POST", "/leads", {"text": "Hi"}, "location.lng", ["1", True, [], 180.1, -181]),
    ("POST", "/leads", {"text": "Hi"}, "price", ["x", 1, []]),
    ("POST", "/leads", {"text": "Hi"}, "price.min", ["cheap", True, [], -1, "-1", 1e16, "NaN", "1,000"]),
    ("POST", "/leads", {"text": "Hi", "price": {"max": 5}}, "price.min", [6]),
    ("POST", "/leads", {"text": "Hi"}, "price.max", ["dear", True, -1, "1e99"]),
    ("POST", "/leads", {"text": "Hi"}, "price.currency", [*NO_TEXTS, "EU", "EURO", "12€"]),
    ("POST", "/leads", {"text": "Hi"}, "language", [*NO_TEXTS, "x" * 36]),
    ("POST", "/leads", {"text": "Hi"}, "assignee", [*NO_TEXTS, "x" * 321]),
    (
        "POST",
        "/leads",
        {"text": "Hi"},
        "received_at",
        [1, "yesterday", "2026-05-03", "2026-05-03T10:00:00", "2026-13-01T10:00:00Z"],
    ),
    ("POST", "/leads", {"text": "Hi"}, "reassign", ["true", 1, []]),
    ("PATCH", "/leads/{lead}", {}, "lead_type", [*NO_TEXTS, "x" * 201]),
    ("PATCH", "/leads/{lead}", {}, "fields.roof", [[], {}]),
    ("PATCH", "/leads/{lead}", {}, "location.lat", ["1", 91]),
    ("PATCH", "/leads/{lead}", {}, "price.min", ["cheap", -1]),
    ("POST", "/leads/{lead}/assign", {}, "user_id", [*NO_IDS, "{inactive}", ...]),
    ("POST", "/leads/{lead}/close", {"reason": "won"}, "reason", [1, None, "bored", ...]),
    ("POST", "/leads/{lead}/close", {"reason": "other"}, "note", [*NO_TEXTS, None, " ", "x" * 2001]),
    ("POST", "/leads/{lead}/entries", {"kind": "memo"}, "text", [*NO_TEXTS, None, "", " ", "\u200b", "x" * 5001, ...]),
    ("POST", "/leads/{lead}/entries", {"text": "Hi"}, "kind", [1, None, "touch", "status", ...]),
    ("POST", "/leads/{lead}/entries", {"kind": "memo", "text": "Hi"}, "visibility", [1, None, "customers"]),
    ("POST", "/leads/{lead}/entries", {"kind": "comment", "text": "Hi"}, "visibility", ["managers"]),
    ("PATCH", "/leads/{lead}/entries/{entry}", {}, "text", [*NO_TEXTS, None, "", "x" * 5001, ...]),
    ("POST", "/leads/{lead}/attempts", {"reached": True}, "way", [1, None, "pigeon", ...]),
    ("POST", "/leads/{lead}/attempts", {"way": "call"}, "reached", [*NO_FLAGS, ...]),
    ("POST", "/leads/{lead}/attempts", {"way": "call", "reached": True}, "note", [*NO_TEXTS, "x" * 2001]),
    ("PUT", "/leads/{lead}/conversion", {}, "contact_status", [1, None, "married"]),
    ("PUT", "/leads/{lead}/conversion", {}, "status", [1, None, "Married", "", NOBODY]),
    ("PUT", "/leads/{lead}/conversion", {"status": "Lost"}, "lost_reason", [1, None, "", "Boredom", NOBODY, ...]),
    ("PUT", "/leads/{lead}/conversion", {}, "lost_reason", ["Price"]),
    ("PUT", "/leads/{lead}/conversion", {}, "expected_value", ["5", 5, []]),
    ("PUT", "/leads/{lead}/conversion", {"expected_value": {"amount": "5"}}, "expected_value.amount", NO_AMOUNTS),
    (
        "PUT",
        "/leads/{lead}/conversion",
        {"expected_value": {"amount": "5"}},
        "expected_value.currency",
        ["", "EURO", "XXX", 1],
    ),
    ("PUT", "/leads/{lead}/conversion", {"status": "Won", "actual_value": {}}, "actual_value.amount", NO_AMOUNTS),
    ("PUT", "/leads/{lead}/conversion", {}, "actual_value", [{"amount": "5"}]),
    (
        "PUT",
        "/leads/{lead}/conversion",
        {"status": "Won", "actual_value": {"amount": "5"}, "expected_value": {"amount": "5", "currency": "EUR"}},
        "actual_value.currency",
        ["USD"],
    ),
    ("PUT", "/leads/{lead}/conversion", {}, "expected_close_on", [*NO_DAYS, 1, []]),
    ("PUT", "/leads/{lead}/conversion", {"status": "Won"}, "won_on", NO_DAYS),
    ("PUT", "/leads/{lead}/conversion", {}, "won_on", ["2026-11-25"]),
    ("PUT", "/leads/{lead}/conversion", {}, "note", [*NO_TEXTS, "x" * 5001]),
    ("PUT", "/leads/{lead}/conversion", {}, "version", [*NO_WHOLES, 7]),
    ("PATCH", "/company", {}, "currency", [*NO_TEXTS, None, "", "EURO", "XXX", "€"]),
    ("POST", "/offers/{offer}/decline", {}, "reason", [*NO_TEXTS, "x" * 2001]),
    ("POST", "/preview", {"text": "Hi"}, "channel", [1, "pigeon"]),
]


WHERE = sorted({(method, path) for method, path, *_ in CASES})


# One company for all fields of a call: what is refused leaves it as it was.
@pytest.mark.parametrize(("method", "path"), WHERE)
def test_a_bad_value_is_refused_by_the_name_of_its_field(app: APIFlask, world: World, method: str, path: str) -> None:
    ids = world.ids | {"colleague_email": world.company.colleague.email}
    cases = [(body, field, value) for *call, body, field, values in CASES if call == [method, path] for value in values]
    taken: list[str] = []
    with nothing_changes(app):
        for body, field, value in cases:
            answer = world.api.call(method, path.format(**ids), json=_filled(_with(body, field, value), ids))
            if not _is_blamed(answer, field):
                taken.append(f"{field} {value!r} in {body}: {answer.status_code} {answer.text}")
    assert not taken, "\n".join(taken)


def _is_blamed(answer: TestResponse, field: str) -> bool:
    """Whether the answer is a refusal that names the field, with words for everything it names."""
    if (answer.status_code, answer.mimetype) != (422, "application/problem+json"):
        return False
    errors = answer.json["errors"]
    return field in {error["field"] for error in errors} and all(error["message"] for error in errors)


WRITES = sorted({*WHERE, ("POST", "/rules"), ("POST", "/leads/{lead}/take")})


# All in one company each: they leave it as it was, and one of its own for each would cost more than the calls.
def test_a_field_nobody_knows_is_refused_by_its_name(app: APIFlask, world: World) -> None:
    unknown = {"field": "nonsense", "message": "There is no such field here."}
    taken: list[str] = []
    with nothing_changes(app):
        for method, path in WRITES:
            answer = world.api.call(method, path.format(**world.ids), json={"nonsense": 1})
            if answer.status_code != 422 or unknown not in answer.json["errors"]:
                taken.append(f"{method} {path}: {answer.status_code} {answer.text}")
    assert not taken, "\n".join(taken)


NO_JSON = [
    b"{",
    b"nothing",
    b"NaN",
    b'{"name": NaN}',
    b'{"name": Infinity}',
    b'{"name": 1e400}',
    b'{"name": "a", "name": "b"}',
    b'{"fields": {"a": 1, "a": 2}}',
    b"[" * 10_000 + b"]" * 10_000,
    b'{"a":' * 10_000 + b"1" + b"}" * 10_000,
    b"\xff\xfe",
    b'{"name": "\xff"}',
    b'{"name": "a\x00b"}',
    b'{"name": ' + b"1" * 5000 + b"}",
    b"{'name': 'Ana'}",
    b'{"name": "Ana",}',
]


def test_what_has_no_single_meaning_as_json_is_malformed(app: APIFlask, world: World) -> None:
    taken: list[str] = []
    with nothing_changes(app):
        for (method, path), body in product(WRITES, NO_JSON):
            answer = _send(world, method, path, body)
            is_problem = (answer.status_code, answer.mimetype) == (400, "application/problem+json")
            if not is_problem or not answer.json["detail"]:
                taken.append(f"{method} {path} {body[:40]!r}: {answer.status_code} {answer.text}")
    assert not taken, "\n".join(taken)


def test_a_body_that_is_no_object_is_refused(app: APIFlask, world: World) -> None:
    taken: list[str] = []
    with nothing_changes(app):
        for (method, path), body in product(WRITES, (b"[]", b'"text"', b"3", b"null", b"true")):
            answer = _send(world, method, path, body)
            if answer.status_code != 422 or "object" not in answer.json["detail"]:
                taken.append(f"{method} {path} {body!r}: {answer.status_code} {answer.text}")
    assert not taken, "\n".join(taken)


def _send(world: World, method: str, path: str, body: bytes) -> TestResponse:
    return world.api.call(method, path.format(**world.ids), data=body, content_type="application/json")


LATER = {
    "/pools": [
        "available_to",
        "triggers",
    ],
    "/company": [
        "contact_within",
        "reopen_routes",
    ],
}


@pytest.mark.parametrize("path", LATER)
def test_a_setting_that_does_not_work_yet_is_refused_by_its_name(app: APIFlask, world: World, path: str) -> None:
    good = {"/users": USER, "/pools": POOL, "/rules": RULE}.get(path, {})
    with nothing_changes(app):
        for name in LATER[path]:
            answer = world.api.call("PATCH" if path == "/company" else "POST", path, json=good | {name: 1})
            assert answer.status_code == 422
            assert answer.json["errors"] == [{"field": name, "message": "This setting is not available yet."}]


@pytest.mark.parametrize(
    "query",
    [
        "limit=0",
        "limit=201",
        "limit=ten",
        "limit=-1",
        "limit=1.5",
        "limit=5&limit=6",
        "cursor=nonsense",
        "bucket=mine&bucket=closed",
        "bucket=everything",
        "owner=me",
        "pool=x",
        "status=gone",
        "since=yesterday",
        "q=%00",
        "nonsense=1",
    ],
)
def test_a_filter_that_makes_no_sense_is_refused_by_its_name(api: Api, query: str) -> None:
    answer = api.get(f"/leads?{query}")
    assert answer.status_code == 422, answer.text
    assert [error["field"] for error in answer.json["errors"]] == [query.partition("=")[0]]


@pytest.mark.parametrize("path", ["/users", "/offers", "/outbox", "/sources"])
@pytest.mark.parametrize("query", ["limit=0", "limit=201", "cursor=nonsense", "nonsense=1"])
def test_every_list_refuses_a_filter_that_makes_no_sense(api: Api, path: str, query: str) -> None:
    answer = api.get(f"{path}?{query}")
    assert answer.status_code == 422, answer.text
    assert [error["field"] for error in answer.json["errors"]] == [query.partition("=")[0]]


@pytest.mark.parametrize("count", ["0", "-1", "101", "999999999", "many", ""])
def test_nobody_may_ask_for_more_turns_than_are_worth_foretelling(world: World, count: str) -> None:
    answer = world.api.get(f"/pools/{world.ids['pool']}/next?count={count}")
    assert answer.status_code == 422, answer.text
    assert [error["field"] for error in answer.json["errors"]] == ["count"]


def test_a_body_over_64_kb_is_too_large(app: APIFlask, world: World) -> None:
    with nothing_changes(app):
        answer = world.api.post("/leads", {"text": "x" * 65_536})
    assert (answer.status_code, answer.json["type"]) == (413, "/api/docs#too-large")
    assert "64 KB" in answer.json["detail"]


def test_a_body_that_is_not_called_json_is_malformed(api: Api) -> None:
    answer = api.post("/leads", data="name=Ana", content_type="text/plain")
    assert answer.status_code == 400
    assert "Content-Type: application/json" in answer.json["detail"]


@pytest.mark.parametrize("path", ["/leads/1", "/leads/x/timeline", "/users/not-an-id", "/pools/{}", "/nothing", "/"])
def test_an_address_that_leads_nowhere_is_not_found(api: Api, path: str) -> None:
    answer = api.get(path)
    assert (answer.status_code, answer.mimetype) == (404, "application/problem+json")


def test_a_method_a_path_does_not_know_says_which_it_does(api: Api) -> None:
    answer = api.delete("/users")
    assert (answer.status_code, answer.mimetype) == (405, "application/problem+json")
    assert set(answer.headers["Allow"].split(", ")) >= {"GET", "POST"}


def _with(body: dict[str, Any], path: str, value: Any) -> dict[str, Any]:
    """The body with one field, however deep, set to a value; with `...` the field is left out."""
    changed = dict(body)
    first, _, rest = path.partition(".")
    if rest:
        inner = changed.get(first)
        changed[first] = (
            _with_item(list(inner or []), rest, value) if rest[0].isdigit() else _with(inner or {}, rest, value)
        )
    elif value is ...:
        changed.pop(first, None)
    else:
        changed[first] = value
    return changed


def _with_item(items: list[Any], path: str, value: Any) -> list[Any]:
    first, _, rest = path.partition(".")
    place = int(first)
    items += [{}] * (place + 1 - len(items))
    items[place] = _with(items[place], rest, value) if rest else value
    return items


def _filled(value: Any, ids: dict[str, str]) -> Any:
    if isinstance(value, dict):
        return {name: _filled(each, ids) for name, each in value.items()}
    if isinstance(value, list):
        return [_filled(each, ids) for each in value]
    if isinstance(value, str) and value.startswith("{") and value.endswith("}"):
        return ids[value[1:-1]]
    return value
