"""Handing an owned lead on, by the lead page's own forms."""

from __future__ import annotations

from uuid import UUID

import pytest
from apiflask import APIFlask

from tests.cast import Company
from tests.factories import make_lead, make_pool
from tests.operations import sights
from tests.operations.acts import change_company, change_user, reassign, take
from tests.page import sign_in


@pytest.fixture
def group(company: Company) -> UUID:
    return make_pool(
        company, [company.agent, company.colleague], name="Second try", default_rule=False, for_reassignment=True
    ).id


def test_choosing_a_group_starts_it_and_the_owner_slot_says_so(app: APIFlask, company: Company, group: UUID) -> None:
    lead = make_lead(company, company.agent)
    ask = sign_in(app, company.manager).open(f"/leads/{lead.id}").browser.open(f"/leads/{lead.id}/reassign")
    assert "Until somebody does, it stays with Ana Agent" in ask.words
    page = ask.press("Reassign", pool_id=group)
    for said in ("Re-assign in progress", "Second try", company.manager.name, "keeps the lead"):
        assert said in page.words
    assert "Unassign" not in page.words
    slot = page.find(".//select[@id='user_id']")
    assert slot is not None
    assert "disabled" in slot.attrib
    assert sights.holder(company, lead.id) == company.colleague.id
    page = page.press("Cancel the reassignment")
    assert "Cancelled. Its owner keeps it." in page.words
    assert "Re-assign in progress" not in page.words


def test_the_only_group_is_chosen_already(app: APIFlask, company: Company, group: UUID) -> None:
    lead = make_lead(company, company.agent)
    manager = sign_in(app, company.manager)
    ask = manager.open(f"/leads/{lead.id}/reassign")
    assert ask.value_of("pool_id") == str(group)
    make_pool(company, [company.colleague], name="Third try", default_rule=False, for_reassignment=True)
    assert not manager.open(f"/leads/{lead.id}/reassign").value_of("pool_id")
    assert "Re-assign in progress" in ask.press("Reassign").words


def test_a_reassignment_stands_among_what_was_handed_out(app: APIFlask, company: Company, group: UUID) -> None:
    lead = make_lead(company, company.agent)
    reassign(company.manager, lead.id, group)
    assert "Reassignment started" in sign_in(app, company.manager).open(f"/leads/{lead.id}?kind=handout").words


def test_a_lead_of_somebody_else_is_not_said_to_be_free(app: APIFlask, company: Company) -> None:
    owned, free = (make_lead(company, owner, was_offered=True) for owner in (company.colleague, None))
    agent = sign_in(app, company.agent)
    assert "are shown to whoever has this lead" in agent.open(f"/leads/{owned.id}").words
    assert "are shown to whoever takes this lead" in agent.open(f"/leads/{free.id}").words


@pytest.mark.parametrize("shut", ["isolated", "without the box"])
def test_a_member_of_a_pond_finds_what_lies_there_among_assigned_and_nothing_else(
    app: APIFlask, company: Company, shut: str
) -> None:
    pond = make_pool(company, [company.agent], default_rule=False, for_reassignment=True, delivery="pond")
    lead, other = (make_lead(company, company.colleague, lead_type=kind) for kind in ("Roofing", "Paving"))
    if shut == "isolated":
        change_company(company, isolate_leads=True)
    else:
        change_user(company, company.agent, lead_access=["mine"])
    reassign(company.manager, lead.id, pond.id)
    page = sign_in(app, company.agent).open("/leads?bucket=assigned")
    assert "Assigned 1" in page.words
    assert f"/leads/{lead.id}" in page.links
    assert f"/leads/{other.id}" not in page.links
    listed = company.agent.api.get("/leads?bucket=assigned").json["items"]
    assert [row["id"] for row in listed] == [str(lead.id)]
    take(company.agent, lead.id)
    assert sights.lead(company, lead.id).owner_id == company.agent.id


def test_who_is_in_no_pond_for_reassignments_has_no_more_tabs_for_it(app: APIFlask, company: Company) -> None:
    make_pool(company, [company.colleague], default_rule=False, for_reassignment=True, delivery="pond")
    make_pool(company, [company.agent], delivery="pond")
    change_company(company, isolate_leads=True)
    words = sign_in(app, company.agent).open("/leads").words
    assert "Assigned" not in words
    assert "Unassigned" in words


def test_it_is_said_who_has_a_lead_that_went_at_once(app: APIFlask, company: Company) -> None:
    pool = make_pool(company, [company.colleague], default_rule=False, for_reassignment=True, delivery="assign")
    lead = make_lead(company, company.agent)
    page = sign_in(app, company.manager).open(f"/leads/{lead.id}/reassign").press("Reassign", pool_id=pool.id)
    assert f"{company.colleague.name} owns it now." in page.words
    assert "Nobody else" not in page.words


def test_it_is_said_who_keeps_a_lead_nobody_else_could_take(app: APIFlask, company: Company) -> None:
    change_company(company, fallback_any_active=False)
    pool = make_pool(company, [company.agent], default_rule=False, for_reassignment=True)
    lead = make_lead(company, company.agent)
    page = sign_in(app, company.manager).open(f"/leads/{lead.id}/reassign").press("Reassign", pool_id=pool.id)
    assert f"Nobody else could take it now. {company.agent.name} keeps it." in page.words


def test_a_group_has_to_be_chosen(app: APIFlask, company: Company, group: UUID) -> None:
    lead = make_lead(company, company.agent)
    make_pool(company, [company.colleague], name="Third try", default_rule=False, for_reassignment=True)
    page = sign_in(app, company.manager).open(f"/leads/{lead.id}/reassign").press("Reassign", status=422)
    assert "Choose who is asked." in page.words
    assert sights.reassignments(company, lead.id) == []


def test_the_owner_may_hand_their_own_lead_on_and_nobody_elses(app: APIFlask, company: Company, group: UUID) -> None:
    mine, others = make_lead(company, company.agent), make_lead(company, company.colleague)
    browser = sign_in(app, company.agent)
    assert f"/leads/{mine.id}/reassign" in browser.open(f"/leads/{mine.id}").links
    assert f"/leads/{others.id}/reassign" not in browser.open(f"/leads/{others.id}").links
    assert browser.open(f"/leads/{others.id}/reassign", status=403)
    page = browser.open(f"/leads/{mine.id}/reassign").press("Reassign", pool_id=group)
    assert "Re-assign in progress" in page.words
    # Cancelling is for those who hand out leads.
    assert "Cancel the reassignment" not in page.words


def test_without_any_group_the_page_says_what_is_missing(app: APIFlask, company: Company) -> None:
    lead = make_lead(company, company.agent)
    page = sign_in(app, company.owner).open(f"/leads/{lead.id}/reassign")
    assert "No pool for reassignments yet" in page.words
    assert "/pools/new" in page.links


def test_one_that_runs_already_leads_back_to_the_lead(app: APIFlask, company: Company, group: UUID) -> None:
    lead = make_lead(company, company.agent)
    browser = sign_in(app, company.manager)
    browser.open(f"/leads/{lead.id}/reassign").press("Reassign", pool_id=group)
    assert "being reassigned already" in browser.open(f"/leads/{lead.id}/reassign").words


def test_who_is_offered_it_accepts_by_their_own_page(app: APIFlask, company: Company, group: UUID) -> None:
    lead = make_lead(company, company.agent)
    sign_in(app, company.manager).open(f"/leads/{lead.id}/reassign").press("Reassign", pool_id=group)
    offered = sign_in(app, company.colleague).open("/offers")
    offered.press("Accept")
    assert sights.lead(company, lead.id).owner_id == company.colleague.id
