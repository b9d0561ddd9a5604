"""Two presses, or two people, at the same instant."""

from __future__ import annotations

from uuid import uuid4

from portal.operations.conversion import ChangedMeanwhile
from portal.operations.conversion_lists import change_status
from portal.queries.conversion import statuses
from tests.cast import Company, Person
from tests.consistency import assert_consistent
from tests.operations import sights
from tests.operations.acts import agent_at_work, arrive, assign, attempt, comment, save
from tests.races.at_once import at_once, done, refused


def test_a_comment_pressed_many_times_is_written_once_and_told_once(company: Company) -> None:
    lead_id, key = arrive(company, assignee=company.agent.email).lead_id, uuid4()
    results = at_once(*[lambda: comment(company.agent, lead_id, "Once", form_key=key)] * 8)
    assert len(set(results)) == 1
    assert sights.kinds(company, lead_id).count("comment") == 1
    assert len([cause for cause, _ in sights.told(company, lead_id) if cause == "comment"]) == 2
    assert_consistent(company)


def test_an_attempt_pressed_many_times_is_logged_once(company: Company) -> None:
    lead_id, key = arrive(company, assignee=company.agent.email).lead_id, uuid4()
    results = at_once(*[lambda: attempt(company.agent, lead_id, form_key=key)] * 8)
    assert len(set(results)) == 1
    assert sights.kinds(company, lead_id).count("contact_attempt") == 1
    assert_consistent(company)


def test_of_two_who_save_the_same_field_one_is_told_of_the_other(company: Company) -> None:
    lead_id = arrive(company, assignee=company.agent.email).lead_id
    results = at_once(
        lambda: save(company.agent, lead_id, seen=0, status="Quoted"),
        lambda: save(company.manager, lead_id, seen=0, status="Qualified"),
    )
    [told] = refused(results)
    assert isinstance(told, ChangedMeanwhile)
    assert len(done(results)) == 1
    assert_consistent(company)


def test_many_who_save_different_fields_lose_nothing(company: Company) -> None:
    lead_id = arrive(company, assignee=company.agent.email).lead_id
    results = at_once(
        lambda: save(company.agent, lead_id, seen=0, status="Quoted"),
        lambda: save(company.manager, lead_id, seen=0, note="Dear."),
        lambda: save(company.owner, lead_id, seen=0, expected_value="5"),
        lambda: attempt(company.agent, lead_id, reached=True),
    )
    assert not refused(results)
    row = sights.feedback(company, lead_id)
    assert row is not None
    assert (row.note, str(row.expected_value), row.contact_status, row.version) == ("Dear.", "5.00", "contacted", 4)
    assert_consistent(company)


def test_a_comment_and_a_hand_over_at_once_leave_a_whole_story(company: Company) -> None:
    lead_id = arrive(company, assignee=company.agent.email).lead_id
    at_once(
        *[lambda: comment(company.agent, lead_id, str(uuid4()))] * 4,
        lambda: assign(company.manager, lead_id, company.colleague),
    )
    assert_consistent(company)


def test_two_who_empty_a_group_together_leave_one_status_in_it(company: Company) -> None:
    with company.inside():
        lost = [each.id for each in statuses() if each.status_group == "lost"]

    def retire(person: Person, place: int) -> None:
        with agent_at_work(person) as user:
            change_status(lost[place], by=user, active=False)

    results = at_once(lambda: retire(company.owner, 0), lambda: retire(company.owner, 1))
    assert len(refused(results)) == 1
    assert_consistent(company)
