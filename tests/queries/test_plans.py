"""Questions asked of big tables are answered through an index: no scan grows with the table."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import event, text

from portal import models
from portal.extensions import db
from portal.models import statements
from portal.queries.buckets import Bucket, bucket_counts
from portal.queries.dashboard import leads_a_day, on_offer_now, open_per_person, time_to_accept, what_needs_somebody
from portal.queries.decisions import decisions_of
from portal.queries.lead_rows import rows_page
from portal.queries.leads import LeadFilters, bucket_page, lead_for
from portal.queries.offers import offer_state, offers_page
from portal.queries.timeline import timeline_page, touches_of
from tests.cast import Company
from tests.factories import make_contact, make_lead, make_offer, make_pool

Question = Callable[[models.User], object]
Asked = Callable[[Question, str], list[dict[str, Any]]]

BIG = {"leads", "contacts", "contact_keys", "offers", "timeline", "touches", "decisions", "lead_aliases"}

# Rows enough for the planner to see that a scan of everything is dear.
_MANY = """
    WITH people AS (
        INSERT INTO contacts (company_id, id, name)
        SELECT :company, gen_random_uuid(), 'Customer ' || n FROM generate_series(1, 20000) n RETURNING id
    ), keyed AS (
        INSERT INTO contact_keys (company_id, id, contact_id, kind, raw, value)
        SELECT :company, gen_random_uuid(), id, 'email', id || '@x.example', id || '@x.example' FROM people
    ), numbered AS (
        SELECT id, row_number() OVER () AS n FROM people
    ), shaped AS (
        -- Ids as they are made: the time in front. One lead each half hour, over more than a year.
        SELECT id, n % 20 AS place,
               lpad(to_hex((extract(epoch FROM clock_timestamp() - n * interval '30 minutes') * 1000)::bigint), 12, '0')
               || substr(replace(gen_random_uuid()::text, '-', ''), 13) AS lead_id
        FROM numbered
    )
    INSERT INTO leads (company_id, id, contact_id, state, owner_id, waiting_for, closed_at, close_reason)
    SELECT :company, lead_id::uuid, id,
           CASE WHEN place = 0 THEN 'unassigned' WHEN place < 4 THEN 'owned' ELSE 'closed' END,
           CASE WHEN place > 0 THEN CASE WHEN place % 2 = 0 THEN :agent ELSE :colleague END END,
           CASE WHEN place = 0 THEN 'person' END,
           CASE WHEN place >= 4 THEN clock_timestamp() END, CASE WHEN place >= 4 THEN 'won' END
    FROM shaped"""


@pytest.fixture
def asked(company: Company) -> Asked:
    """Runs a question as somebody and gives the plans of its statements."""
    lead = make_lead(company, contact=make_contact(company, "Wanda", phone="+14155550199"))
    make_offer(company, lead, company.agent, make_pool(company, [company.agent]))
    values = {"company": company.id, "agent": company.agent.id, "colleague": company.colleague.id}
    with company.inside():
        db.session.execute(text(_MANY), values)
        db.session.commit()
    with company.app.app_context(), db.engine.connect() as connection:
        connection.execution_options(isolation_level="AUTOCOMMIT")
        connection.exec_driver_sql("RESET ROLE")
        for table in sorted(BIG):
            connection.exec_driver_sql(f"ANALYZE {table}")

    def plans(question: Question, viewer: str) -> list[dict[str, Any]]:
        with company.inside():
            user = getattr(company, viewer).user()
            with _statements() as asked_for:
                question(user)
            return [_plan(statement, parameters) for statement, parameters in asked_for]

    return plans


@contextmanager
def _statements() -> Iterator[list[tuple[str, Any]]]:
    seen: list[tuple[str, Any]] = []

    def note(_c: object, _cursor: object, statement: str, parameters: Any, *_: object) -> None:
        seen.append((statement, parameters))

    def raw(statement: str, parameters: Any = None) -> Any:
        seen.append((statement, parameters))
        return execute(statement, parameters)

    execute = statements._execute
    event.listen(db.engine, "before_cursor_execute", note)
    statements._execute = raw  # type: ignore[assignment]
    try:
        yield seen
    finally:
        statements._execute = execute
        event.remove(db.engine, "before_cursor_execute", note)


def _plan(statement: str, parameters: Any) -> dict[str, Any]:
    rows = db.session.connection().exec_driver_sql(f"EXPLAIN (FORMAT JSON) {statement}", parameters)
    plan: dict[str, Any] = rows.scalar_one()[0]["Plan"]
    return plan


def _nodes(plan: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield plan
    for part in plan.get("Plans", []):
        yield from _nodes(part)


def _driving(plan: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """The nodes the rows come from, without what is looked up for each of them."""
    yield plan
    for part in plan.get("Plans", []):
        if part["Parent Relationship"] == "Outer":
            yield from _driving(part)


def _first_lead(user: models.User) -> Any:
    return db.session.query(models.Lead.id).filter(models.Lead.state == "offering").scalar()


QUESTIONS: dict[str, Question] = {
    **{
        f"the rows of {bucket}": lambda user, bucket=bucket: rows_page(user, bucket, LeadFilters()) for bucket in Bucket
    },
    **{
        f"a page of {bucket}": lambda user, bucket=bucket: bucket_page(user, bucket, LeadFilters()) for bucket in Bucket
    },
    "all leads": lambda user: bucket_page(user, None, LeadFilters()),
    "counts": bucket_counts,
    "one lead": lambda user: lead_for(user, _first_lead(user)),
    "what needs somebody": what_needs_somebody,
    "on offer now": on_offer_now,
    "leads a day": lambda user: leads_a_day(user, ZoneInfo("Europe/Berlin")),
    "time to accept": time_to_accept,
    "open leads of everybody": open_per_person,
    "offers": lambda user: offers_page(user),
    "open offers": lambda user: offers_page(user, state="open"),
    "offers of a lead": lambda user: offers_page(user, lead=_first_lead(user)),
    "timeline": lambda user: timeline_page(user, _first_lead(user)),
    "touches": lambda user: touches_of(user, _first_lead(user)),
    "decisions": lambda user: decisions_of(user, _first_lead(user)),
    "an offer's link": lambda user: offer_state(db.session.query(models.Offer.id).limit(1).scalar()),
}


@pytest.mark.parametrize("viewer", ["owner", "agent"])
def test_no_question_scans_a_big_table(asked: Asked, viewer: str) -> None:
    found = []
    for name, question in QUESTIONS.items():
        for plan in asked(question, viewer):
            found += [
                f"{name}: {node['Relation Name']}"
                for node in _nodes(plan)
                if node["Node Type"] == "Seq Scan"
                and node.get("Relation Name") in {"leads", "contacts", "contact_keys"}
            ]
    assert found == []


BUCKET_INDEXES = {
    Bucket.UNASSIGNED: "ix_leads_unassigned",
    Bucket.MINE: "ix_leads_owner_open",
    Bucket.ASSIGNED: "ix_leads_assigned",
    Bucket.CLOSED: "ix_leads_closed",
}


@pytest.mark.parametrize("bucket", Bucket)
def test_a_bucket_is_read_from_its_own_index_in_order(asked: Asked, bucket: Bucket) -> None:
    plan, *_ = asked(lambda user: rows_page(user, bucket, LeadFilters()), "owner")
    driving = list(_driving(plan))
    assert BUCKET_INDEXES[bucket] in {node.get("Index Name") for node in driving}
    assert not any("Sort" in node["Node Type"] for node in driving)
