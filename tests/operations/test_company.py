"""Making a company, and its settings."""

from __future__ import annotations

import pytest
from apiflask import APIFlask
from sqlalchemy import func, select

from portal import models
from portal.errors import Forbidden, Invalid
from portal.extensions import db
from portal.models import Account, Cause, Message, Role, User
from portal.models.tenancy import inside_company
from portal.operations.company import change_company, create_company
from portal.operations.passwords import matching_account
from portal.queries.across import memberships_of
from portal.queries.rules import default_rule
from tests.cast import Api, Company

PASSWORD = "plenty of green umbrellas"


def test_a_new_company_has_an_owner_a_default_rule_and_a_key_that_works(app: APIFlask) -> None:
    with app.app_context():
        made = create_company(name="Acme", email="Olive@Example.com", person="Olive", password=PASSWORD)
        account = matching_account("olive@example.com", PASSWORD)
        assert account is not None
        with inside_company(made.company_id):
            owner = db.session.get_one(User, (made.company_id, made.user_id))
            assert (owner.name, owner.email, owner.roles) == ("Olive", "olive@example.com", [Role.OWNER])
            company = db.session.get_one(models.Company, made.company_id)
            assert (company.time_zone, company.country) == ("UTC", "US")
            assert (default_rule().is_default, default_rule().pool_id) == (True, None)
            # With a password there is nothing to write about.
            assert db.session.scalar(select(func.count()).select_from(Message)) == 0
    assert Api(app, made.api_key).get("/company").json["name"] == "Acme"


def test_without_a_password_the_owner_is_sent_a_link(app: APIFlask) -> None:
    with app.app_context():
        made = create_company(name="Acme", email="olive@example.com")
        with inside_company(made.company_id):
            message = db.session.scalars(select(Message)).one()
            assert (message.cause, message.facts) == (Cause.ACCOUNT, {"link": "set_password"})
            assert db.session.get_one(User, (made.company_id, made.user_id)).name == "olive"


def test_an_account_may_own_two_companies_but_keeps_its_password(app: APIFlask) -> None:
    with app.app_context():
        create_company(name="Acme", email="olive@example.com", password=PASSWORD)
    with app.app_context():
        with pytest.raises(Invalid) as refused:
            create_company(name="Second", email="olive@example.com", password="another fine sentence")
        assert [error.field for error in refused.value.errors] == ["password"]
    with app.app_context():
        create_company(name="Second", email="OLIVE@example.com")
        account = db.session.scalars(select(Account)).one()
        assert [one.company_name for one in memberships_of(account.id)] == ["Acme", "Second"]
        assert matching_account("olive@example.com", PASSWORD) is not None


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("name", ""),
        ("name", "x" * 201),
        ("email", "nonsense"),
        ("password", "short"),
        ("password", "password12"),
        ("time_zone", "Mars/Olympus"),
        ("country", "Atlantis"),
    ],
)
def test_nonsense_makes_no_company(app: APIFlask, field: str, value: str) -> None:
    fields = {"name": "Acme", "email": "olive@example.com"} | {field: value}
    with app.app_context():
        with pytest.raises(Invalid) as refused:
            create_company(**fields)
        assert [error.field for error in refused.value.errors] == [field]
        assert db.session.scalar(select(func.count()).select_from(Account)) == 0


def test_settings_change_one_by_one(company: Company) -> None:
    with company.inside():
        changed = change_company(by=company.owner.user(), time_zone="Europe/Berlin", country="de", rate_limit=5)
        assert (changed.time_zone, changed.country, changed.rate_limit) == ("Europe/Berlin", "DE", 5)
        assert (changed.name, changed.fallback_any_active) == ("Acme Solar", True)


def test_only_who_looks_after_the_company_may(company: Company) -> None:
    for person in (company.manager, company.agent):
        with company.inside(), pytest.raises(Forbidden):
            change_company(by=person.user(), name="Mine")
