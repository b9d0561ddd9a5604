"""Closing ends an engagement; reopening gives it back."""

from __future__ import annotations

import pytest

from portal.errors import Conflict, Forbidden, Invalid
from portal.models import CloseReason
from tests.cast import Company
from tests.consistency import assert_consistent
from tests.factories import make_pool
from tests.operations import sights
from tests.operations.acts import arrive, change_company, change_user, close, drain, reopen

ANA = "+14155550101"


@pytest.mark.parametrize("reason", [reason for reason in CloseReason if reason != "other"])
def test_a_lead_is_closed_for_a_reason_and_keeps_the_name_of_its_owner(company: Company, reason: str) -> None:
    taken = arrive(company, assignee=company.agent.email)
    lead = close(company.agent, taken.lead_id, reason, "They said so.")
    assert (lead.state, lead.close_reason, lead.closed_by, lead.owner_id) == (
        "closed", reason, company.agent.id, company.agent.id,
    )  # fmt: skip
    entry = sights.timeline(company, taken.lead_id)[-1]
    assert (entry.kind, entry.before["state"], entry.after["state"]) == ("closed", "owned", "closed")
    assert_consistent(company)


def test_other_needs_words_and_unknown_reasons_are_refused(company: Company) -> None:
    taken = arrive(company)
    for reason, note, field in (("other", None, "note"), ("other", " ", "note"), ("bored", None, "reason")):
        with pytest.raises(Invalid) as refused:
            close(company.manager, taken.lead_id, reason, note)
        assert refused.value.errors[0].field == field
    with pytest.raises(Invalid, match="2,000 characters"):
        close(company.manager, taken.lead_id, "won", "x" * 2_001)
    assert sights.lead(company, taken.lead_id).state == "unassigned"


def test_closing_twice_for_the_same_reason_is_one_act(company: Company) -> None:
    taken = arrive(company)
    close(company.manager, taken.lead_id, "duplicate")
    close(company.manager, taken.lead_id, "duplicate")
    assert sights.kinds(company, taken.lead_id).count("closed") == 1
    with pytest.raises(Conflict, match="closed already, as duplicate"):
        close(company.manager, taken.lead_id, "won")


def test_a_waiting_lead_is_closed_with_its_alarm(company: Company) -> None:
    change_company(company, fallback_any_active=False)
    make_pool(company)
    taken = arrive(company)
    assert sights.lead(company, taken.lead_id).alarmed_at is not None
    lead = close(company.manager, taken.lead_id, "not_valid")
    assert (lead.waiting_for, lead.alarmed_at) == (None, None)
    assert drain(company) == 0
    assert_consistent(company)


def test_who_does_not_see_the_customer_neither_closes_nor_reopens(company: Company) -> None:
    make_pool(company, [company.agent])
    taken = arrive(company)
    with pytest.raises(Forbidden):
        close(company.colleague, taken.lead_id)
    close(company.manager, taken.lead_id)
    with pytest.raises(Forbidden):
        reopen(company.colleague, taken.lead_id)


def test_a_reopened_lead_goes_back_to_its_owner(company: Company) -> None:
    taken = arrive(company, assignee=company.agent.email)
    close(company.agent, taken.lead_id)
    lead = reopen(company.agent, taken.lead_id)
    assert (lead.state, lead.owner_id, lead.closed_at, lead.close_reason) == ("owned", company.agent.id, None, None)
    assert_consistent(company)


def test_a_reopened_lead_goes_back_to_a_default_assignee_who_is_no_agent(company: Company) -> None:
    make_pool(company, defaults=[company.manager], default_mode="own")
    taken = arrive(company)
    close(company.manager, taken.lead_id)
    assert reopen(company.owner, taken.lead_id).owner_id == company.manager.id
    assert_consistent(company)


def test_a_lead_whose_owner_left_is_reopened_for_a_person(company: Company) -> None:
    taken = arrive(company, assignee=company.agent.email)
    close(company.agent, taken.lead_id)
    change_user(company, company.agent, active=False)
    lead = reopen(company.manager, taken.lead_id)
    assert (lead.state, lead.waiting_for, lead.owner_id) == ("unassigned", "person", None)
    assert_consistent(company)


def test_a_lead_is_reopened_beside_another_open_one_of_the_contact(company: Company) -> None:
    first = arrive(company, phone=ANA, assignee=company.agent.email)
    close(company.agent, first.lead_id)
    second = arrive(company, phone=ANA)
    reopen(company.agent, first.lead_id)
    assert {sights.lead(company, one.lead_id).state for one in (first, second)} == {"owned"}
    assert_consistent(company)


def test_reopening_twice_is_one_act(company: Company) -> None:
    taken = arrive(company, assignee=company.agent.email)
    close(company.agent, taken.lead_id)
    first, second = reopen(company.agent, taken.lead_id), reopen(company.agent, taken.lead_id)
    assert (first.state, first.owner_id) == (second.state, second.owner_id) == ("owned", company.agent.id)
    kinds = [item["kind"] for item in company.owner.api.get(f"/leads/{taken.lead_id}/timeline").json["items"]]
    assert kinds.count("reopened") == 1


def test_closing_frees_a_place_under_the_cap(company: Company) -> None:
    change_company(company, fallback_any_active=False)
    make_pool(company, [company.agent], delivery="assign")
    change_user(company, company.agent, open_cap=1)
    first, second = arrive(company), arrive(company)
    assert drain(company) == 0
    close(company.agent, first.lead_id)
    assert len(sights.work(company, "drain")) == 1
    assert drain(company) == 1
    assert sights.lead(company, second.lead_id).owner_id == company.agent.id
    assert_consistent(company)
