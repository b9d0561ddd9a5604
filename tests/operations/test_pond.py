"""A pond: leads lie there, nobody is told, and members take them."""

from __future__ import annotations

import threading

import pytest
from sqlalchemy import select

from portal.errors import Conflict, Forbidden, Invalid
from portal.models import LedgerEntry, Pool
from tests.cast import Company, Person
from tests.consistency import assert_consistent
from tests.factories import make_pool, make_user
from tests.operations import sights
from tests.operations.acts import (
    arrive,
    assign,
    change_company,
    change_pool,
    change_user,
    close,
    delete_pool,
    drain,
    set_members,
    take,
)


@pytest.fixture
def third(company: Company) -> Person:
    return make_user(company, "Cy Third")


@pytest.fixture
def pond(company: Company) -> Pool:
    change_company(company, fallback_any_active=False)
    return make_pool(company, [company.agent, company.colleague], delivery="pond")


def test_a_lead_lies_there_calmly_and_nobody_is_told(company: Company, pond: Pool) -> None:
    taken = arrive(company)
    lead = sights.lead(company, taken.lead_id)
    assert (lead.state, lead.waiting_for, lead.alarmed_at, lead.was_offered) == ("unassigned", "person", None, True)
    assert sights.told(company, taken.lead_id) == []
    assert taken.reason == "It lies in the pond for whoever takes it."
    assert_consistent(company)


def test_a_member_takes_it_once_and_is_charged_a_turn_for_the_report(company: Company, pond: Pool) -> None:
    lead_id = arrive(company).lead_id
    for _ in range(2):
        assert take(company.agent, lead_id).owner_id == company.agent.id
    with pytest.raises(Conflict, match="already taken"):
        take(company.colleague, lead_id)
    entries = sights.rows(company, select(LedgerEntry).where(LedgerEntry.lead_id == lead_id))
    assert [entry.kind for entry in entries] == ["charge"]
    turns, _ = zip(*sights.standing(company, pond.id).values(), strict=True)
    assert sorted(turns) == [-500_000_000, 500_000_000]
    assert_consistent(company)


def test_who_is_no_member_does_not_take_it(company: Company, pond: Pool, third: Person) -> None:
    lead_id = arrive(company).lead_id
    with pytest.raises(Forbidden, match="not yours to take"):
        take(third, lead_id)
    change_pool(company, pond.id, members=[(company.agent.id, 0), (company.colleague.id, 1)])
    with pytest.raises(Forbidden):
        take(company.agent, lead_id)


def test_away_or_off_hours_they_may_still_take_one(company: Company, pond: Pool) -> None:
    change_user(company, company.agent, available=False)
    lead_id = arrive(company).lead_id
    assert take(company.agent, lead_id).owner_id == company.agent.id


def test_the_days_limit_holds_also_in_a_race(company: Company, pond: Pool) -> None:
    change_pool(company, pond.id, pond_limit=2)
    leads = [arrive(company).lead_id for _ in range(6)]
    took, refused = [], []

    def press(lead_id: object) -> None:
        try:
            took.append(take(company.agent, lead_id).id)  # type: ignore[arg-type]
        except Conflict as refusal:
            refused.append(str(refusal))

    threads = [threading.Thread(target=press, args=(lead_id,)) for lead_id in leads]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(took) == 2
    assert set(refused) == {"You cannot take this lead: you are at 2 of 2 leads from this pond today."}
    close(company.agent, took[0])
    with pytest.raises(Conflict, match="at 2 of 2"):
        take(company.agent, next(lead_id for lead_id in leads if lead_id not in took))
    assert_consistent(company)


def test_two_who_press_at_once_get_one_lead(company: Company, pond: Pool) -> None:
    lead_id = arrive(company).lead_id
    answers: list[str] = []

    def press(person: Person) -> None:
        try:
            take(person, lead_id)
            answers.append("took it")
        except Conflict as refusal:
            answers.append(str(refusal))

    threads = [threading.Thread(target=press, args=(one,)) for one in (company.agent, company.colleague)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(answers) == ["This lead is already taken.", "took it"]
    assert_consistent(company)


def test_who_has_as_many_as_they_may_have_takes_none(company: Company, pond: Pool) -> None:
    change_user(company, company.agent, open_cap=1)
    first, second = arrive(company).lead_id, arrive(company).lead_id
    take(company.agent, first)
    with pytest.raises(Conflict, match="at 1 of 1 open leads"):
        take(company.agent, second)


def test_a_manager_may_hand_it_out_and_taking_it_back_lays_it_there_again(company: Company, pond: Pool) -> None:
    lead_id = arrive(company).lead_id
    assign(company.manager, lead_id, company.colleague)
    assign(company.manager, lead_id, None)
    assert take(company.agent, lead_id).owner_id == company.agent.id
    assert_consistent(company)


def test_without_any_member_it_goes_down_the_ladder(company: Company) -> None:
    change_company(company, fallback_any_active=False)
    make_pool(company, [], [company.owner], delivery="pond")
    assert sights.lead(company, arrive(company).lead_id).owner_id == company.owner.id


def test_while_leads_lie_there_it_stays_a_pond(company: Company, pond: Pool) -> None:
    lead_id = arrive(company).lead_id
    with pytest.raises(Invalid, match="A lead still lies in this pond"):
        change_pool(company, pond.id, delivery="offer")
    other = make_pool(company, [company.agent], name="Other")
    with pytest.raises(Conflict, match="A lead still lies in this pond"):
        delete_pool(company, pond.id)
    take(company.agent, lead_id)
    change_pool(company, pond.id, delivery="offer")
    delete_pool(company, pond.id)
    assert other.name == "Other"


def test_a_lead_that_waits_goes_into_the_pond_once_it_has_members(company: Company) -> None:
    change_company(company, fallback_any_active=False)
    pool = make_pool(company, [], delivery="pond")
    lead_id = arrive(company).lead_id
    assert sights.lead(company, lead_id).waiting_for == "routing"
    set_members(company, pool.id, {company.agent: 1})
    drain(company)
    assert sights.lead(company, lead_id).waiting_for == "person"
    assert take(company.agent, lead_id).owner_id == company.agent.id
    assert_consistent(company)


def test_once_nobody_is_in_it_any_more_its_leads_go_down_the_ladder(company: Company, pond: Pool) -> None:
    lead_id = arrive(company).lead_id
    change_pool(company, pond.id, members=[], default_assignee_ids=[company.owner.id])
    drain(company)
    assert sights.lead(company, lead_id).owner_id == company.owner.id
    assert_consistent(company)


def test_what_a_manager_put_aside_before_does_not_lie_in_it(company: Company) -> None:
    pool = make_pool(company, [company.agent, company.colleague], delivery="assign")
    lead_id = arrive(company).lead_id
    assign(company.manager, lead_id, None)
    change_pool(company, pool.id, delivery="pond")
    with pytest.raises(Forbidden):
        take(company.agent, lead_id)
    change_pool(company, pool.id, delivery="assign")
