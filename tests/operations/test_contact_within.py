"""Accepted is not contacted: an owned lead nobody logged a contact on in time goes round its pool, again and again
until somebody acts."""

from __future__ import annotations

import threading
from collections.abc import Callable
from uuid import UUID

import pytest

from portal.errors import Conflict, Forbidden
from portal.models import Pool
from portal.operations import reassigning
from portal.operations.distribution import Round
from tests.cast import Company
from tests.consistency import assert_consistent
from tests.factories import make_pool, make_user
from tests.operations import sights
from tests.operations.acts import (
    accept,
    arrive,
    assign,
    attempt,
    change_company,
    change_pool,
    change_user,
    close,
    deactivate,
    decline,
    delete_pool,
    log_nothing,
    miss,
    reassign_late,
    reopen,
    save,
    time_to_contact_is_over,
)


@pytest.fixture
def pool(company: Company) -> Pool:
    """A pool of agent and colleague, whose owners have an hour."""
    change_company(company, fallback_any_active=False)
    return make_pool(company, [company.agent, company.colleague], contact_within=3600)


@pytest.fixture
def lead_id(company: Company, pool: Pool) -> UUID:
    """A lead the agent has accepted."""
    taken = arrive(company)
    accept(company.agent, taken.offers[0])
    return taken.lead_id


def owner(company: Company, lead_id: UUID) -> UUID | None:
    return sights.lead(company, lead_id).owner_id


def watched(company: Company) -> list[UUID]:
    return [work.subject_id for work in sights.work(company, "contact")]


def runs(company: Company, lead_id: UUID) -> bool:
    return [one.state for one in sights.reassignments(company, lead_id)][-1:] == ["running"]


def test_who_accepts_has_so_long_to_log_a_contact(company: Company, pool: Pool, lead_id: UUID) -> None:
    [work] = sights.work(company, "contact")
    assert (work.subject_id, work.group_id) == (lead_id, pool.id)
    assert (work.due_at - work.created_at).total_seconds() == 3600
    assert reassign_late(company) == 0
    assert_consistent(company)


@pytest.mark.parametrize("delivery", ["assign", "broadcast", "pond", "offer"])
def test_however_the_owner_came_by_it(company: Company, pool: Pool, delivery: str) -> None:
    change_pool(company, pool.id, delivery=delivery)
    lead_id = arrive(company).lead_id
    assign(company.manager, lead_id, company.agent)
    assert watched(company) == [lead_id]
    assert_consistent(company)


def test_a_lead_assigned_as_it_comes_in_is_watched(company: Company, pool: Pool) -> None:
    change_pool(company, pool.id, delivery="assign")
    lead_id = arrive(company).lead_id
    assert watched(company) == [lead_id]
    assert_consistent(company)


def test_where_the_pool_sets_no_time_nobody_is_watched(company: Company, pool: Pool) -> None:
    change_pool(company, pool.id, contact_within=None)
    accept(company.agent, arrive(company).offers[0])
    assert watched(company) == []
    assert_consistent(company)


def test_when_the_time_is_over_others_are_asked_and_the_owner_keeps_it(
    company: Company, pool: Pool, lead_id: UUID
) -> None:
    assert log_nothing(company) == 1
    assert sights.holder(company, lead_id) == company.colleague.id
    assert owner(company, lead_id) == company.agent.id
    [row] = sights.reassignments(company, lead_id)
    assert (row.trigger, row.started_by, row.pool_id) == ("no_contact", None, pool.id)
    assert ("alarm", company.agent.id) in sights.told(company, lead_id)
    [started] = [entry for entry in sights.timeline(company, lead_id) if entry.kind == "reassignment_started"]
    assert started.actor_type == "system"
    assert "No contact was logged in time" in str(started.text)
    assert watched(company) == []
    assert_consistent(company)


def test_who_takes_it_over_has_the_same_time(company: Company, lead_id: UUID) -> None:
    log_nothing(company)
    accept(company.colleague, sights.open_offer(company, lead_id).id)
    assert owner(company, lead_id) == company.colleague.id
    assert watched(company) == [lead_id]
    assert ("reassigned_away", company.agent.id) in sights.told(company, lead_id)
    log_nothing(company)
    # Whoever had it before may be asked as well: they never said no.
    assert sights.holder(company, lead_id) == company.agent.id
    assert_consistent(company)


def test_when_nobody_takes_it_it_stays_says_so_and_begins_again(company: Company, lead_id: UUID) -> None:
    for time in (1, 2, 3):
        assert log_nothing(company) == 1
        assert sights.holder(company, lead_id) == company.colleague.id
        miss(company)
        assert owner(company, lead_id) == company.agent.id
        assert [one.state for one in sights.reassignments(company, lead_id)] == ["cancelled"] * time
        assert watched(company) == [lead_id]
        ends = [entry for entry in sights.timeline(company, lead_id) if entry.kind == "reassignment_ended"]
        assert len(ends) == time
        # The owner at the beginning and the end, those who manage at the end.
        told = sights.told(company, lead_id)
        assert told.count(("alarm", company.agent.id)) == 2 * time
        assert told.count(("alarm", company.manager.id)) == time
        assert_consistent(company)


def test_who_said_no_is_not_asked_again_and_it_goes_on_all_the_same(company: Company, lead_id: UUID) -> None:
    log_nothing(company)
    decline(company.colleague, sights.open_offer(company, lead_id).id)
    assert log_nothing(company) == 1
    assert [one.state for one in sights.reassignments(company, lead_id)] == ["cancelled", "cancelled"]
    assert watched(company) == [lead_id]
    assert_consistent(company)


def test_it_is_a_second_choice_and_costs_nobody_a_turn(company: Company, pool: Pool, lead_id: UUID) -> None:
    before = {user: turn for user, (turn, _) in sights.standing(company, pool.id).items()}
    log_nothing(company)
    assert sights.entries(company, pool.id)[-1] == ("step", "second")
    assert {user: turn for user, (turn, _) in sights.standing(company, pool.id).items()} == before


@pytest.mark.parametrize("reached", [True, False])
def test_a_logged_attempt_ends_the_time(company: Company, lead_id: UUID, reached: bool) -> None:
    attempt(company.agent, lead_id, reached=reached)
    assert watched(company) == []
    assert log_nothing(company) == 0
    assert_consistent(company)


def test_so_does_a_contact_status(company: Company, lead_id: UUID) -> None:
    save(company.agent, lead_id, note="Looks promising.")
    assert watched(company) == [lead_id]
    save(company.agent, lead_id, contact_status="tried")
    assert watched(company) == []
    assert_consistent(company)


def test_a_contact_logged_while_others_are_asked_ends_that(company: Company, pool: Pool, lead_id: UUID) -> None:
    log_nothing(company)
    offer = sights.open_offer(company, lead_id)
    attempt(company.agent, lead_id, reached=True)
    assert sights.offer(company, offer.id).state == "withdrawn"
    assert [one.state for one in sights.reassignments(company, lead_id)] == ["cancelled"]
    assert owner(company, lead_id) == company.agent.id
    assert {second for _, second in sights.standing(company, pool.id).values()} == {0}
    assert watched(company) == []
    with pytest.raises(Conflict):
        accept(company.colleague, offer.id)
    assert_consistent(company)


def test_closing_and_taking_back_end_the_time(company: Company, lead_id: UUID) -> None:
    close(company.agent, lead_id)
    assert watched(company) == []
    reopen(company.agent, lead_id)
    assert watched(company) == [lead_id]
    assign(company.manager, lead_id, None)
    assert watched(company) == []
    assert_consistent(company)


def test_a_new_owner_begins_anew(company: Company, lead_id: UUID) -> None:
    attempt(company.agent, lead_id)
    assign(company.manager, lead_id, company.colleague)
    assert watched(company) == [lead_id]
    assert_consistent(company)


def test_a_deactivated_owners_leads_go_round_as_well(company: Company, lead_id: UUID) -> None:
    change_user(company, company.agent, active=False)
    log_nothing(company)
    accept(company.colleague, sights.open_offer(company, lead_id).id)
    assert owner(company, lead_id) == company.colleague.id
    assert_consistent(company)


def test_leads_handed_over_with_their_owner_are_taken_out_of_it(company: Company, lead_id: UUID) -> None:
    cy = make_user(company, "Cy Third")
    log_nothing(company)
    deactivate(company, company.agent, open_leads="give", to=cy.id)
    assert owner(company, lead_id) == cy.id
    assert [one.state for one in sights.reassignments(company, lead_id)] == ["cancelled"]
    assert watched(company) == [lead_id]
    assert_consistent(company)


def test_its_one_default_assignee_has_it_at_the_end(company: Company, pool: Pool, lead_id: UUID) -> None:
    change_pool(company, pool.id, default_assignee_ids=[company.manager.id])
    log_nothing(company)
    miss(company)
    assert owner(company, lead_id) == company.manager.id
    assert [one.state for one in sights.reassignments(company, lead_id)] == ["defaulted"]
    assert_consistent(company)


def test_several_who_are_only_told_of_leads_leave_it_where_it_is(company: Company, pool: Pool, lead_id: UUID) -> None:
    change_pool(company, pool.id, default_assignee_ids=[company.manager.id, company.owner.id])
    log_nothing(company)
    miss(company)
    assert owner(company, lead_id) == company.agent.id
    assert ("catch_all", company.manager.id) not in sights.told(company, lead_id)
    assert_consistent(company)


def test_changing_the_time_begins_it_anew_for_all_who_have_not_contacted(
    company: Company, pool: Pool, lead_id: UUID
) -> None:
    contacted = arrive(company)
    assign(company.manager, contacted.lead_id, company.colleague)
    attempt(company.colleague, contacted.lead_id)
    change_pool(company, pool.id, contact_within=60)
    [work] = sights.work(company, "contact")
    assert (work.subject_id, (work.due_at - work.created_at).total_seconds()) == (lead_id, 60)
    change_pool(company, pool.id, contact_within=None)
    assert watched(company) == []
    assert_consistent(company)


def test_only_working_time_counts_where_the_pool_says_so(company: Company, pool: Pool, lead_id: UUID) -> None:
    change_pool(company, pool.id, timer="working", hours={"sunday": [["03:00", "03:10"]]}, contact_within=2_592_000)
    time_to_contact_is_over(company)
    assert reassign_late(company) == 0
    [work] = sights.work(company, "contact")
    assert (work.due_at - work.created_at).days > 300
    assert_consistent(company)


def test_a_deleted_pool_watches_nobody(company: Company, pool: Pool, lead_id: UUID) -> None:
    make_pool(company, [company.agent])
    delete_pool(company, pool.id)
    assert watched(company) == []
    assert_consistent(company)


def test_a_worker_that_dies_in_the_middle_leaves_all_as_it_was(
    company: Company, lead_id: UUID, monkeypatch: pytest.MonkeyPatch
) -> None:
    time_to_contact_is_over(company)
    with monkeypatch.context() as dying:
        dying.setattr(reassigning, "pass_on", killed)
        with pytest.raises(KeyboardInterrupt):
            reassign_late(company)
    assert (watched(company), sights.reassignments(company, lead_id)) == ([lead_id], [])
    assert_consistent(company)
    assert reassign_late(company) == 1
    assert_consistent(company)


def test_a_fault_of_routing_leaves_it_with_its_owner(
    company: Company, lead_id: UUID, monkeypatch: pytest.MonkeyPatch
) -> None:
    time_to_contact_is_over(company)
    with monkeypatch.context() as broken:
        broken.setattr(Round, "_decide", faulty)
        assert reassign_late(company) == 1
    assert owner(company, lead_id) == company.agent.id
    assert [one.state for one in sights.reassignments(company, lead_id)] == ["cancelled"]
    assert watched(company) == [lead_id]
    assert_consistent(company)


def killed(*_: object) -> None:
    raise KeyboardInterrupt


def faulty(*_: object) -> None:
    raise ValueError("no such thing")


def test_a_worker_that_looks_twice_starts_it_once(company: Company, lead_id: UUID) -> None:
    time_to_contact_is_over(company)
    at_once(lambda: reassign_late(company), lambda: reassign_late(company), lambda: reassign_late(company))
    assert len(sights.reassignments(company, lead_id)) == 1
    assert_consistent(company)


@pytest.mark.parametrize("act", ["contact", "close", "assign"])
def test_whatever_happens_at_the_moment_it_is_due_nothing_is_lost(company: Company, lead_id: UUID, act: str) -> None:
    acts: dict[str, Callable[[], object]] = {
        "contact": lambda: attempt(company.agent, lead_id),
        "close": lambda: close(company.agent, lead_id),
        "assign": lambda: assign(company.manager, lead_id, company.colleague),
    }
    time_to_contact_is_over(company)
    at_once(lambda: reassign_late(company), acts[act])
    if act == "contact":
        assert not runs(company, lead_id)
    assert_consistent(company)


def test_accepting_beats_closing_or_loses_to_it(company: Company, lead_id: UUID) -> None:
    log_nothing(company)
    offer = sights.open_offer(company, lead_id)
    at_once(lambda: accept(company.colleague, offer.id), lambda: close(company.agent, lead_id))
    [row] = sights.reassignments(company, lead_id)
    accepted = sights.offer(company, offer.id).state == "accepted"
    assert row.state == ("done" if accepted else "cancelled")
    assert sights.lead(company, lead_id).owner_id == (company.colleague.id if accepted else company.agent.id)
    assert_consistent(company)


def at_once(*acts: Callable[[], object]) -> None:
    """All of them in the same moment; who comes too late is refused."""
    go = threading.Barrier(len(acts))

    def run(act: Callable[[], object]) -> None:
        go.wait()
        try:
            act()
        except (Conflict, Forbidden):
            pass
        except BaseException as error:  # noqa: BLE001 (a thread's error is told by the test)
            failed.append(error)

    failed: list[BaseException] = []
    threads = [threading.Thread(target=run, args=(act,)) for act in acts]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not failed, failed
