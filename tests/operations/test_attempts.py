"""Attempts to reach the customer."""

from __future__ import annotations

from uuid import UUID, uuid4

import pytest

from portal.errors import Forbidden, Invalid, NotFound
from tests.cast import Company
from tests.consistency import assert_consistent
from tests.factories import make_pool
from tests.operations import sights
from tests.operations.acts import arrive, attempt, save


@pytest.fixture
def lead_id(company: Company) -> UUID:
    """A lead of the agent."""
    return arrive(company, assignee=company.agent.email).lead_id


def contact_status(company: Company, lead_id: UUID) -> str:
    row = sights.feedback(company, lead_id)
    assert row is not None
    return row.contact_status


def test_an_attempt_is_told_and_moves_the_contact_status_on(company: Company, lead_id: UUID) -> None:
    before = sights.lead(company, lead_id).last_activity_at
    attempt(company.agent, lead_id, note="Busy.")
    entry = sights.timeline(company, lead_id)[-1]
    assert (entry.kind, entry.text) == (
        "contact_attempt", "Called, and did not reach them. Busy. Contact: not contacted → tried.",
    )  # fmt: skip
    assert (entry.before, entry.after) == (
        {"contact_status": "not_contacted"},
        {"contact_status": "tried", "way": "call", "reached": False, "remark": "Busy.", "version": 1},
    )
    assert sights.lead(company, lead_id).last_activity_at > before
    attempt(company.agent, lead_id, "mail", reached=True)
    assert contact_status(company, lead_id) == "contacted"
    assert_consistent(company)


def test_it_never_moves_back_from_contacted(company: Company, lead_id: UUID) -> None:
    save(company.agent, lead_id, contact_status="contacted")
    attempt(company.agent, lead_id, "text")
    assert contact_status(company, lead_id) == "contacted"
    entry = sights.timeline(company, lead_id)[-1]
    assert (entry.text, entry.before) == ("Sent a text.", None)
    assert_consistent(company)


def test_a_second_one_that_was_not_answered_changes_nothing_but_is_told(company: Company, lead_id: UUID) -> None:
    attempt(company.agent, lead_id)
    attempt(company.agent, lead_id)
    assert sights.kinds(company, lead_id).count("contact_attempt") == 2
    row = sights.feedback(company, lead_id)
    assert row is not None
    assert row.version == 1
    assert_consistent(company)


def test_pressing_twice_logs_once(company: Company, lead_id: UUID) -> None:
    key = uuid4()
    assert attempt(company.agent, lead_id, form_key=key) == attempt(company.agent, lead_id, form_key=key)
    assert sights.kinds(company, lead_id).count("contact_attempt") == 1


def test_owner_and_managers_log_them_and_nobody_else(company: Company, other_company: Company) -> None:
    make_pool(company, [company.agent])
    lead_id = arrive(company, assignee=company.agent.email).lead_id
    attempt(company.manager, lead_id)
    with pytest.raises(Forbidden):
        attempt(company.colleague, lead_id)
    with pytest.raises(NotFound):
        attempt(other_company.owner, lead_id)
    with pytest.raises(Forbidden, match="on offer"):
        attempt(company.agent, arrive(company).lead_id)


@pytest.mark.parametrize(
    ("way", "note", "field"),
    [("pigeon", None, "way"), ("", None, "way"), ("call", "x" * 2_001, "note"), ("call", "\x00", "note")],
    ids=ascii,
)
def test_nonsense_is_refused(company: Company, lead_id: UUID, way: str, note: str | None, field: str) -> None:
    with pytest.raises(Invalid) as refused:
        attempt(company.agent, lead_id, way, note=note)
    assert [error.field for error in refused.value.errors] == [field]
    assert "contact_attempt" not in sights.kinds(company, lead_id)
