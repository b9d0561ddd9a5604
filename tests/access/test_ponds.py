"""A lead in a pond, as its members see it: whatever their boxes say, without the customer, to be taken."""

from __future__ import annotations

from uuid import UUID

import pytest
from apiflask import APIFlask

from portal.models import Pool
from tests.cast import Company, Person
from tests.consistency import assert_consistent
from tests.factories import make_pool, make_user
from tests.operations.acts import arrive, change_company, take
from tests.page import sign_in


@pytest.fixture
def member(company: Company) -> Person:
    """A member whom isolation shows their own leads only."""
    change_company(company, isolate_leads=True, fallback_any_active=False)
    return make_user(company, "Mia Member", lead_access=["mine"])


@pytest.fixture
def pond(company: Company, member: Person) -> Pool:
    return make_pool(company, [member, company.colleague], delivery="pond")


@pytest.fixture
def lying(company: Company, pond: Pool) -> UUID:
    return arrive(company, name="Nora Nobody", phone="+14155550199", text="Please call Nora", lead_type="Solar").lead_id


def test_a_member_finds_it_in_unassigned_without_the_customer(app: APIFlask, member: Person, lying: UUID) -> None:
    page = sign_in(app, member).open("/leads?bucket=unassigned")
    assert f"/leads/{lying}" in page.links
    assert "Nora" not in page.html
    page = sign_in(app, member).open(f"/leads/{lying}")
    assert "Nora" not in page.html
    assert "0199" not in page.html


def test_pressing_take_makes_it_theirs_and_shows_the_customer(
    app: APIFlask, company: Company, member: Person, lying: UUID
) -> None:
    page = sign_in(app, member).open(f"/leads/{lying}").press("Take it myself")
    assert "Nora Nobody" in page.words
    assert_consistent(company)


def test_who_is_no_member_does_not_see_it(app: APIFlask, company: Company, lying: UUID) -> None:
    browser = sign_in(app, make_user(company, "Otto Other", lead_access=["mine"]))
    browser.open(f"/leads/{lying}", status=404)


def test_once_taken_the_others_do_not_see_it_any_more(
    app: APIFlask, company: Company, member: Person, lying: UUID
) -> None:
    take(company.colleague, lying)
    sign_in(app, member).open(f"/leads/{lying}", status=404)
