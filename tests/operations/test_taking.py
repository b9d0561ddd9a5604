"""Waiting leads, by hand: taken, or sent through the rules again."""

from __future__ import annotations

from uuid import UUID

import pytest

from portal.errors import Conflict, Forbidden
from tests.cast import Company
from tests.consistency import assert_consistent
from tests.factories import make_pool, make_user
from tests.operations import sights
from tests.operations.acts import accept, arrive, assign, change_company, miss, route_again, set_members, take


@pytest.fixture
def told(company: Company) -> UUID:
    """A lead the default assignees, agent and owner, were told of."""
    make_pool(company, (), [company.agent, company.owner])
    return arrive(company).lead_id


def test_the_default_assignees_are_told_and_managers_alarmed(company: Company, told: UUID) -> None:
    lead = sights.lead(company, told)
    assert (lead.state, lead.waiting_for, lead.alarmed_at is not None) == ("unassigned", "catch_all", True)
    assert sights.told(company, told) == sorted(
        [("alarm", company.manager.id), ("catch_all", company.agent.id), ("catch_all", company.owner.id)]
    )
    assert_consistent(company)


def test_a_default_assignee_takes_it_and_pressing_twice_is_one_act(company: Company, told: UUID) -> None:
    for _ in range(2):
        lead = take(company.agent, told)
        assert (lead.state, lead.owner_id) == ("owned", company.agent.id)
    assert sights.kinds(company, told).count("assigned") == 1
    with pytest.raises(Conflict, match="already taken"):
        take(company.owner, told)
    assert_consistent(company)


def test_nobody_else_takes_it(company: Company, told: UUID) -> None:
    with pytest.raises(Forbidden):
        take(company.colleague, told)
    with pytest.raises(Forbidden):
        take(company.manager, told)


def test_a_default_assignee_takes_no_lead_they_were_not_told_of(company: Company) -> None:
    make_pool(company, [company.colleague], [company.agent, company.owner])
    taken = arrive(company)
    with pytest.raises(Forbidden):
        take(company.agent, taken.lead_id)
    with pytest.raises(Conflict, match="not waiting"):
        take(company.owner, taken.lead_id)


def test_a_lead_is_routed_again_and_nobody_asked_before_is_asked_again(company: Company) -> None:
    change_company(company, fallback_any_active=False)
    pool = make_pool(company, [company.agent])
    taken = arrive(company)
    miss(company)
    route_again(company.manager, taken.lead_id)
    assert sights.lead(company, taken.lead_id).waiting_for == "routing"
    set_members(company, pool.id, {company.agent: 1, company.colleague: 1})
    lead = route_again(company.manager, taken.lead_id)
    assert (lead.state, sights.holder(company, lead.id)) == ("offering", company.colleague.id)
    # The first offer was made long ago: this is a re-offer.
    assert sights.entries(company, pool.id)[-1] == ("step", "second")
    assert_consistent(company)


def test_only_a_waiting_lead_is_routed_and_only_by_who_may_assign(company: Company) -> None:
    make_pool(company, [company.agent])
    taken = arrive(company)
    with pytest.raises(Forbidden):
        route_again(company.agent, taken.lead_id)
    with pytest.raises(Conflict):
        route_again(company.manager, taken.lead_id)
    accept(company.agent, taken.offers[0])
    with pytest.raises(Conflict):
        route_again(company.manager, taken.lead_id)


def test_a_lead_in_a_pool_that_is_no_longer_named_goes_where_the_rules_say_now(company: Company) -> None:
    make_pool(company, [company.agent], delivery="assign")
    taken = arrive(company)
    di = make_user(company, "Di")
    make_pool(company, [di], delivery="assign")
    assign(company.manager, taken.lead_id, None)
    assert route_again(company.manager, taken.lead_id).owner_id == di.id
    assert_consistent(company)


class TestWhatADefaultAssigneeMayDoWithALeadThatCalls:
    """They were told of it, so whatever isolation says they open it, take it, give it away, or mend and send it on."""

    @pytest.fixture(autouse=True)
    def isolated(self, company: Company, told: UUID) -> None:
        change_company(company, isolate_leads=True)

    def test_they_find_it_in_their_list_and_open_it(self, company: Company, told: UUID) -> None:
        api = company.agent.api
        assert [each["id"] for each in api.get("/leads?bucket=unassigned").json["items"]] == [str(told)]
        assert api.get(f"/leads/{told}").json["contact"]["id"] is not None

    def test_to_everybody_else_in_isolation_it_does_not_exist(self, company: Company, told: UUID) -> None:
        assert company.colleague.api.get(f"/leads/{told}").status_code == 404

    def test_they_give_it_to_a_colleague(self, company: Company, told: UUID) -> None:
        answer = company.agent.api.post(f"/leads/{told}/assign", {"user_id": str(company.colleague.id)})
        assert (answer.status_code, answer.json["owner_id"]) == (200, str(company.colleague.id))
        assert company.agent.api.get(f"/leads/{told}").status_code == 404

    def test_they_correct_it_and_have_it_routed_again(self, company: Company, told: UUID) -> None:
        assert company.agent.api.patch(f"/leads/{told}", {"lead_type": "roof"}).status_code == 200
        set_members(company, sights.lead(company, told).pool_id, {company.colleague: 1})  # type: ignore[arg-type]
        answer = company.agent.api.post(f"/leads/{told}/route")
        assert (answer.status_code, answer.json["state"]) == (200, "offering")

    def test_once_it_is_dealt_with_it_is_theirs_no_more(self, company: Company, told: UUID) -> None:
        assign(company.manager, told, company.colleague)
        with pytest.raises(Forbidden):
            assign(company.agent, told, company.agent)
        with pytest.raises(Forbidden):
            route_again(company.agent, told)
