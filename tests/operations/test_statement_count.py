"""Taking in a lead costs a handful of statements, and none of them takes longer the more leads there are."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import psycopg
import pytest
from sqlalchemy import event, text

from portal.extensions import db
from tests.cast import Api, Company
from tests.factories import make_pool, make_user

MOST_STATEMENTS = 8

Statement = tuple[str, dict[str, Any]]

GROWING = {
    "contact_keys",
    "contacts",
    "decisions",
    "due_work",
    "kept_answers",
    "lead_aliases",
    "leads",
    "ledger_entries",
    "messages",
    "offers",
    "timeline",
    "touches",
}

# Some months of work: each lead with its contact, offer, decision, turn, message and entries.
_MANY = (
    """
    CREATE TEMP TABLE many AS
    SELECT n, gen_random_uuid() AS contact, gen_random_uuid() AS lead, gen_random_uuid() AS decision
    FROM generate_series(1, 5000) n""",
    "INSERT INTO contacts (company_id, id, name) SELECT :company, contact, 'Customer ' || n FROM many",
    """
    INSERT INTO contact_keys (company_id, id, contact_id, kind, raw, value)
    SELECT :company, gen_random_uuid(), contact, 'email', n || '@x.example', n || '@x.example' FROM many""",
    """
    INSERT INTO leads (company_id, id, contact_id, state, owner_id)
    SELECT :company, lead, contact, 'owned', :agent FROM many""",
    """
    INSERT INTO lead_aliases (company_id, id, lead_id, source, external_id)
    SELECT :company, gen_random_uuid(), lead, 'website', n::text FROM many""",
    """
    INSERT INTO touches (company_id, id, lead_id, channel)
    SELECT :company, gen_random_uuid(), lead, 'api' FROM many""",
    """
    INSERT INTO decisions (company_id, id, lead_id, pool_id, stage, outcome, chosen, actor)
    SELECT :company, decision, lead, :pool, 'line', 'offer', '{}', 'came in' FROM many""",
    """
    INSERT INTO offers (company_id, id, lead_id, user_id, pool_id, state, kind, expires_at, ended_at)
    SELECT :company, decision, lead, :agent, :pool, 'accepted', 'exclusive', now(), now() FROM many""",
    """
    INSERT INTO ledger_entries (company_id, id, pool_id, kind, credit, user_ids, entitled, received, lead_id, offer_id)
    SELECT :company, gen_random_uuid(), :pool, 'step', 'turn', '{}', '{}', '{}', lead, decision FROM many""",
    """
    INSERT INTO timeline (company_id, id, lead_id, kind, actor_type, actor_name)
    SELECT :company, gen_random_uuid(), lead, kind, 'system', 'Baton'
    FROM many, unnest(ARRAY['created', 'offered', 'accepted']) kind""",
    """
    INSERT INTO messages (company_id, id, user_id, cause, about, lead_id, "to")
    SELECT :company, gen_random_uuid(), :agent, 'offer', lead, lead, 'ana@example.com' FROM many""",
    """
    INSERT INTO due_work (company_id, id, kind, subject_id, due_at)
    SELECT :company, gen_random_uuid(), 'end_offer', decision, now() + interval '1 hour' FROM many""",
    """
    INSERT INTO kept_answers (company_id, id, key_id, idempotency_key, fingerprint)
    SELECT :company, gen_random_uuid(), id, 'lead-' || n, '' FROM many, keys WHERE keys.company_id = :company""",
)


@pytest.fixture
def api(company: Company) -> Api:
    """A full key, with a first request made: the process has read what it reads only once."""
    api = company.owner.api
    api.get("/company")
    return api


@pytest.mark.parametrize("delivery", ["assign", "offer"])
def test_a_new_lead_takes_at_most_eight_statements(company: Company, api: Api, delivery: str) -> None:
    make_pool(company, [company.agent, company.colleague], delivery=delivery)
    _know_the_setup(api)
    with _statements(company) as statements:
        answer = _post(api, 1)
    assert answer["routing"]["outcome"] == ("assigned" if delivery == "assign" else "offered")
    assert 0 < len(statements) <= MOST_STATEMENTS, [statement for statement, _ in statements]


def test_a_message_on_an_open_lead_takes_at_most_eight_statements(company: Company, api: Api) -> None:
    make_pool(company, [company.agent])
    _post(api, 1)
    with _statements(company) as statements:
        answer = _post(api, 1, key="again")
    assert answer["routing"]["outcome"] == "attached"
    assert 0 < len(statements) <= MOST_STATEMENTS, [statement for statement, _ in statements]


def test_a_bigger_pool_takes_no_more_statements(company: Company, api: Api) -> None:
    make_pool(company, [company.agent, *(make_user(company) for _ in range(30))])
    _know_the_setup(api)
    with _statements(company) as statements:
        _post(api, 1)
    assert 0 < len(statements) <= MOST_STATEMENTS, [statement for statement, _ in statements]


@pytest.mark.parametrize("delivery", ["assign", "offer"])
def test_no_statement_of_intake_reads_through_a_table_that_grows(company: Company, api: Api, delivery: str) -> None:
    pool = make_pool(company, [company.agent, company.colleague], delivery=delivery)
    _fill(company, pool.id)
    with _statements(company) as statements:
        _post(api, 1)
        _post(api, 1, key="again")
    with company.inside():
        scanned = {
            table: statement
            for statement, parameters in statements
            if not statement.startswith("SAVEPOINT")
            for plan in (_plan(statement, parameters), _plan_for_any_values(statement))
            for table in _scanned(plan)
        }
    assert not scanned


def test_the_plans_are_those_of_tables_with_rows(company: Company, api: Api) -> None:
    pool = make_pool(company, [company.agent])
    _fill(company, pool.id)
    with company.inside():
        plan = _plan("SELECT count(*) FROM leads WHERE text = %(text)s", {"text": "x"})
    assert _scanned(plan) == {"leads"}


def _know_the_setup(api: Api) -> None:
    """Rules and tags are read again only once they have changed."""
    _post(api, 9999)


def _post(api: Api, number: int, key: str | None = None) -> dict[str, Any]:
    lead = {"name": "Carla", "phone": f"+1415555{number:04d}", "email": f"carla.{number}@example.com", "text": "Solar?"}
    lead |= {"source": "website", "external_id": key or f"{number}"}
    answer = api.post("/leads", lead, headers={"Idempotency-Key": key or f"lead {number}"})
    assert answer.status_code in (200, 201), answer.text
    told: dict[str, Any] = answer.get_json()
    return told


@contextmanager
def _statements(company: Company) -> Iterator[list[Statement]]:
    """Every statement but BEGIN and COMMIT, whichever way it is sent: all pass through the driver's cursors."""
    seen: list[Statement] = []

    class Noting(psycopg.Cursor[Any]):
        def execute(self, query: Any, params: Any = None, **options: Any) -> Any:
            seen.append((str(query), dict(params or {})))
            return super().execute(query, params, **options)

    def note(connection: Any, _record: object, _proxy: object) -> None:
        connection.cursor_factory = Noting

    with company.app.app_context():
        engine = db.engine
    event.listen(engine, "checkout", note)
    try:
        yield seen
    finally:
        event.remove(engine, "checkout", note)
        # Connections that note would go on noting.
        engine.dispose()


def _fill(company: Company, pool_id: Any) -> None:
    values = {"company": company.id, "agent": company.agent.id, "pool": pool_id}
    with company.inside():
        for statement in _MANY:
            db.session.execute(text(statement), values)
        db.session.commit()
    with company.app.app_context(), db.engine.connect() as connection:
        connection.execution_options(isolation_level="AUTOCOMMIT")
        # Only the owner of a table may look at all of it.
        connection.exec_driver_sql("SET ROLE NONE")
        connection.exec_driver_sql("ANALYZE")
    with company.app.app_context():
        db.engine.dispose()


def _plan(statement: str, parameters: dict[str, Any]) -> dict[str, Any]:
    return _explained(f"EXPLAIN (FORMAT JSON) {statement}", parameters)


def _plan_for_any_values(statement: str) -> dict[str, Any]:
    """The plan PostgreSQL keeps for a statement it is sent again and again, made without knowing the values."""
    names: list[str] = []

    def number(found: re.Match[str]) -> str:
        names.append(found[1])
        return f"${len(names)}"

    numbered = re.sub(r"%\((\w+)\)s", number, statement)
    connection = db.session.connection()
    connection.exec_driver_sql("SET LOCAL plan_cache_mode = force_generic_plan")
    connection.exec_driver_sql(f"PREPARE probe AS {numbered}")
    nothing = f"({', '.join(['NULL'] * len(names))})" if names else ""
    try:
        return _explained(f"EXPLAIN (FORMAT JSON) EXECUTE probe {nothing}", {})
    finally:
        connection.exec_driver_sql("DEALLOCATE probe")


def _explained(statement: str, parameters: dict[str, Any]) -> dict[str, Any]:
    rows = db.session.connection().exec_driver_sql(statement, parameters or None)
    plan: dict[str, Any] = rows.scalar_one()[0]["Plan"]
    return plan


def _scanned(plan: dict[str, Any]) -> set[str]:
    """The growing tables this plan reads from end to end: row by row, or through an index without a condition."""
    own = set()
    is_whole = plan["Node Type"] == "Seq Scan" or (
        plan["Node Type"] in ("Index Scan", "Index Only Scan", "Bitmap Index Scan") and "Index Cond" not in plan
    )
    if is_whole and plan.get("Relation Name") in GROWING:
        own.add(plan["Relation Name"])
    return own.union(*(_scanned(part) for part in plan.get("Plans", [])))
