"""What would happen to a lead, told without anything happening."""

from __future__ import annotations

from typing import Any

from sqlalchemy import select

from portal.extensions import db
from portal.operations.preview import as_answer, preview
from tests.cast import Company
from tests.factories import make_pool
from tests.operations import sights
from tests.operations.acts import arrive, change_company, change_user, holder_of, message


def previewed(company: Company, **told: Any) -> dict[str, Any]:
    with company.inside():
        return as_answer(preview(message(**told), holder=holder_of(company)))


def everything(company: Company) -> dict[str, list[Any]]:
    """Every row of every table of the company."""
    with company.inside():
        tables = [table for table in db.metadata.sorted_tables if "company_id" in table.columns]
        return {table.name: sorted(map(repr, db.session.execute(select(table)).all())) for table in tables}


def test_a_preview_says_who_would_get_it_and_changes_nothing(company: Company) -> None:
    make_pool(company, [company.agent, company.colleague])
    arrive(company)
    before = everything(company)
    for _ in range(3):
        answer = previewed(company)
        assert (answer["chosen"], answer["stage"], answer["then"]) == ([str(company.colleague.id)], "line", [])
    assert everything(company) == before
    assert sights.holder(company, arrive(company).lead_id) == company.colleague.id


def test_the_steps_of_the_ladder_follow(company: Company) -> None:
    make_pool(company, [company.agent])
    change_user(company, company.agent, available=False)
    answer = previewed(company)
    assert answer["chosen"] == []
    assert [step["stage"] for step in answer["then"]] == ["default", "any_active"]
    assert answer["then"][-1]["chosen"] == [str(company.colleague.id)]


def test_the_ladder_ends_with_waiting_when_nobody_else_is_asked(company: Company) -> None:
    change_company(company, fallback_any_active=False)
    make_pool(company)
    assert [step["stage"] for step in previewed(company)["then"]] == ["default", "any_active", "waiting"]


def test_without_routing_it_would_wait_for_a_person(company: Company) -> None:
    answer = previewed(company)
    assert (answer["pool_id"], answer["stage"], answer["chosen"]) == (None, "waiting", [])
