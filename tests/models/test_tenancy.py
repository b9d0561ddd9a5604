"""Row-level security: what one company's session can see and touch of another's rows."""

from __future__ import annotations

import pytest
from apiflask import APIFlask
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError, ProgrammingError

from portal.extensions import Base, db
from portal.models import Lead, new_id
from portal.models.tenancy import enter_company, inside_company, leave_company
from tests.cast import Company
from tests.factories import make_lead

TENANT_TABLES = sorted(table.name for table in Base.metadata.sorted_tables if "company_id" in table.columns)


def count(table: str) -> int:
    return int(db.session.execute(text(f"SELECT count(*) FROM {table}")).scalar_one())


@pytest.mark.parametrize("table", [*TENANT_TABLES, "companies"])
def test_every_tenant_table_forces_its_policy(app: APIFlask, table: str) -> None:
    with app.app_context():
        flags = db.session.execute(
            text("SELECT relrowsecurity, relforcerowsecurity FROM pg_class WHERE oid = CAST(:table AS regclass)"),
            {"table": table},
        ).one()
    assert flags == (True, True)


def test_no_table_is_left_out() -> None:
    assert set(Base.metadata.tables) - set(TENANT_TABLES) == {"accounts", "companies", "postcodes"}


@pytest.mark.parametrize("table", ["users", "rules", "leads", "contacts", "companies"])
def test_a_query_that_forgets_the_company_sees_only_its_own_rows(
    company: Company, other_company: Company, table: str
) -> None:
    make_lead(company)
    make_lead(other_company)
    make_lead(other_company)
    with company.inside():
        own = count(table)
    with other_company.inside():
        theirs = count(table)
    assert own > 0
    assert theirs == own + (table in ("leads", "contacts"))


@pytest.mark.parametrize("table", ["users", "rules", "leads", "companies"])
def test_a_query_without_a_company_sees_nothing(company: Company, table: str) -> None:
    make_lead(company)
    with company.app.app_context():
        assert count(table) == 0


def test_an_update_that_forgets_the_company_changes_nobody_else(company: Company, other_company: Company) -> None:
    theirs = make_lead(other_company, text="theirs")
    with company.inside():
        db.session.execute(text("UPDATE leads SET text = 'mine now'"))
        db.session.commit()
    with other_company.inside():
        assert db.session.get_one(Lead, (other_company.id, theirs.id)).text == "theirs"


def test_a_row_cannot_be_written_for_another_company(company: Company, other_company: Company) -> None:
    with company.inside(), pytest.raises(ProgrammingError, match="row-level security"):
        db.session.execute(
            text("INSERT INTO teams (company_id, id, name) VALUES (:company, :id, 'Theirs')"),
            {"company": other_company.id, "id": new_id()},
        )


def test_a_row_cannot_refer_to_another_companys_row(company: Company, other_company: Company) -> None:
    theirs = make_lead(other_company)
    mine = make_lead(company)
    with company.inside(), pytest.raises(IntegrityError, match="fk_leads_company_id_contact_id"):
        db.session.execute(
            text("UPDATE leads SET contact_id = :contact WHERE id = :lead"),
            {"contact": theirs.contact_id, "lead": mine.id},
        )


def test_the_company_is_forgotten_when_it_is_left(company: Company) -> None:
    make_lead(company)
    with company.app.app_context():
        with inside_company(company.id):
            assert count("leads") == 1
        assert count("leads") == 0


def test_the_company_holds_over_several_transactions(company: Company) -> None:
    make_lead(company)
    with company.inside():
        for _ in range(2):
            assert count("leads") == 1
            db.session.commit()
        assert count("leads") == 1
        db.session.rollback()
        assert count("leads") == 1


def test_entering_another_company_takes_effect_inside_a_transaction(company: Company, other_company: Company) -> None:
    make_lead(company)
    with company.inside():
        assert count("leads") == 1
        enter_company(other_company.id)
        assert count("leads") == 0


def test_a_connection_given_back_carries_no_company_with_it(company: Company) -> None:
    with company.app.app_context():
        for _ in range(20):
            enter_company(company.id)
            assert count("companies") == 1
            leave_company()
            assert db.session.execute(text("SELECT current_setting('portal.company_id', true)")).scalar() in (None, "")
            db.session.rollback()


class TestTheApplicationsRole:
    def test_is_not_the_owner_and_cannot_bypass_the_policies(self, app: APIFlask) -> None:
        with app.app_context():
            role = db.session.execute(
                text("SELECT rolname, rolsuper, rolbypassrls FROM pg_roles WHERE rolname = current_user")
            ).one()
            owned = db.session.execute(text("SELECT count(*) FROM pg_tables WHERE tableowner = 'portal_app'")).scalar()
        assert role == ("portal_app", False, False)
        assert owned == 0

    def test_is_taken_on_again_after_a_reset(self, app: APIFlask) -> None:
        with app.app_context():
            db.session.execute(text("RESET ROLE"))
            assert db.session.execute(text("SELECT current_user")).scalar() == "portal_app"

    @pytest.mark.parametrize("table", ["timeline", "decisions", "ledger_entries", "touches"])
    def test_cannot_rewrite_history(self, company: Company, table: str) -> None:
        with company.inside(), pytest.raises(ProgrammingError, match="permission denied"):
            db.session.execute(text(f"UPDATE {table} SET id = id"))

    @pytest.mark.parametrize("table", ["leads", "offers", "users", "timeline", "decisions", "ledger_entries"])
    def test_cannot_delete_what_happened(self, company: Company, table: str) -> None:
        with company.inside(), pytest.raises(ProgrammingError, match="permission denied"):
            db.session.execute(text(f"DELETE FROM {table}"))

    def test_cannot_read_across_companies_but_by_the_named_functions(self, company: Company) -> None:
        with company.app.app_context():
            assert count("keys") == 0
            assert company.id in [row[0] for row in db.session.execute(text("SELECT * FROM company_ids()"))]
