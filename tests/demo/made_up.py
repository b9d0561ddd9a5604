"""A demo company with something in every table, and what a company has left in each."""

from __future__ import annotations

from datetime import UTC, date, datetime

from apiflask import APIFlask
from sqlalchemy import create_engine, pool
from sqlalchemy.engine import make_url

from portal import models
from portal.extensions import Base, db
from portal.operations.attempts import log_attempt
from portal.operations.company import change_company
from portal.operations.drafts import save_draft
from portal.operations.entries import edit_entry, write_memo
from portal.operations.once import make_once
from portal.operations.people import change_user
from portal.operations.quarantine_lists import add_entry
from portal.operations.replays import start_replay
from portal.operations.roles import make_role
from tests.cast import Company, make_company
from tests.factories import make_pool, make_team, make_user
from tests.operations.acts import accept, agent_at_work, arrive, ask_again, close, miss, reassign
from tests.operations.sights import open_offer

TENANT_TABLES = sorted(table.name for table in Base.metadata.sorted_tables if "company_id" in table.columns)


def make_demo(app: APIFlask, name: str = "Sunrise Solar") -> Company:
    """A company marked as a demo."""
    return make_company(app, name, is_demo=True)


def fill(company: Company) -> None:
    """At least one row in every table a company has rows in. A table that is new here needs a line of its own."""
    team = make_team(company, "North")
    make_team(company, "North, below", parent_id=team.id)
    third = make_user(company, "Cy Third", team_id=team.id)
    make_pool(company, [company.agent, company.colleague, third], [company.owner])
    people = {person.id: person for person in (company.agent, company.colleague, third)}
    taken = arrive(company, source="Form", external_id="7", payload={"n": 1})
    missed = open_offer(company, taken.lead_id)
    miss(company)
    ask_again(people[missed.user_id], missed.id)
    owned = arrive(company)
    accept(people[open_offer(company, owned.lead_id).user_id], owned.offers[0])
    group = make_pool(company, [company.manager, third], default_rule=False, for_reassignment=True)
    reassign(company.manager, owned.lead_id, group.id)
    close(company.manager, owned.lead_id)
    company.owner.api.post("/leads", {"name": "Kept", "phone": "+1 415 555 0101"}, headers={"Idempotency-Key": "k"})
    with agent_at_work(company.owner) as owner:
        entry = write_memo(taken.lead_id, "A dog in the yard", by=owner)
        edit_entry(taken.lead_id, entry, "Two dogs in the yard", by=owner)
        log_attempt(taken.lead_id, by=owner, way="call", reached=True)
        role = make_once(models.new_id(), lambda: make_role(by=owner, name="Exporter", grants=["export"]).id, by=owner)
        change_user(owner.id, by=owner, roles=["owner", str(role.id)], team_id=team.id)
        db.session.add(models.Rule(company_id=company.id, name="Roofs", paused=True, conditions={}, strictness={}))
        change_company(by=owner, presence_mode="skip_offline")
        start_replay({}, datetime(2026, 5, 4, tzinfo=UTC), datetime(2026, 5, 5, tzinfo=UTC), by=owner)
        save_draft({}, by=owner)
        add_entry(by=owner, verdict="block", clue="domain", text="spam.example")
        db.session.add(models.Tag(company_id=company.id, text="Roof", normal="roof"))
        away = date(2026, 5, 4)
        pool_id = db.session.scalars(db.select(models.Pool.id)).first()
        db.session.add(models.PoolTag(company_id=company.id, pool_id=pool_id, normal="roof"))
        db.session.add(models.Leave(company_id=company.id, user_id=owner.id, first_day=away, last_day=away))
        db.session.commit()


def rows_of(company: Company) -> dict[str, int]:
    """How many rows the company has in each table, as the owner of the tables counts them; empty ones left out."""
    return {table: count for table, (count, _) in contents_of(company).items() if count}


def contents_of(company: Company) -> dict[str, tuple[int, str]]:
    """The same with a digest of what stands in the rows."""
    app = company.app
    address = make_url(app.config["SQLALCHEMY_DATABASE_URI"]).set(database=app.extensions["database_of_the_test"])
    engine = create_engine(address, poolclass=pool.NullPool)
    digest = (
        "SELECT count(*), coalesce(md5(string_agg(t::text, '|' ORDER BY t::text)), '') FROM {} t WHERE {} = %(company)s"
    )
    keys = dict.fromkeys(TENANT_TABLES, "company_id") | {"companies": "id"}
    with engine.connect() as connection:
        return {
            table: tuple(connection.exec_driver_sql(digest.format(table, key), {"company": company.id}).one())
            for table, key in keys.items()
        }  # type: ignore[misc]
