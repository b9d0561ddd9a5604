"""A colleague who looks after the open leads of somebody who is paused or on leave."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import select

from portal import models
from portal.errors import Forbidden, NotFound
from portal.extensions import db
from portal.messages import render
from portal.operations import availability, people
from portal.queries import leaves
from portal.queries.message_facts import facts_of
from tests.cast import Company, Person
from tests.consistency import assert_consistent
from tests.factories import make_closed_lead, make_lead, make_user
from tests.operations import sights
from tests.operations.acts import agent_at_work, arrive, change_company, change_user, close, comment

TODAY = datetime.now(UTC).date()
WEEK = timedelta(days=7)


@pytest.fixture(autouse=True)
def isolated(company: Company) -> None:
    """Nobody sees leads of others, so that what is seen comes of standing in."""
    with company.inside():
        db.session.get_one(models.Company, company.id).isolate_leads = True
        db.session.commit()


@pytest.fixture
def lead_id(company: Company) -> UUID:
    """A lead the agent owns."""
    return arrive(company, phone="+14155550199", assignee=company.agent.email).lead_id


def on_leave(company: Company, first: date, last: date, stand_in: Person | None) -> None:
    with agent_at_work(company.owner) as by:
        availability.add_leave(company.agent.id, first, last, by=by, stand_in_id=stand_in and stand_in.id)


def sees(person: Person, lead_id: UUID) -> bool:
    return person.api.get(f"/leads/{lead_id}").status_code == 200


def write_again(company: Company) -> None:
    arrive(company, phone="+14155550199", text="Any news?")


def test_while_they_are_paused_and_no_longer(company: Company, lead_id: UUID) -> None:
    ben = company.colleague
    change_user(company, company.agent, stand_in_id=ben.id)
    assert not sees(ben, lead_id)
    change_user(company, company.agent, available=False)
    assert sees(ben, lead_id)
    change_user(company, company.agent, available=True)
    assert not sees(ben, lead_id)


def test_on_the_days_of_a_leave_and_no_others(company: Company, lead_id: UUID) -> None:
    ben = company.colleague
    on_leave(company, TODAY + 2 * WEEK, TODAY + 3 * WEEK, ben)
    assert not sees(ben, lead_id)
    on_leave(company, TODAY - WEEK, TODAY + WEEK, ben)
    assert sees(ben, lead_id)
    with company.inside():
        assert leaves.cover_in_words(company.agent.user()) == (
            f"{ben.name} covers for {company.agent.name} until {(TODAY + WEEK).day} {TODAY + WEEK:%B}."
        )


def test_a_leave_without_a_stand_in_has_none_whoever_covers_a_pause(company: Company, lead_id: UUID) -> None:
    change_user(company, company.agent, stand_in_id=company.colleague.id)
    on_leave(company, TODAY - WEEK, TODAY + WEEK, None)
    assert not sees(company.colleague, lead_id)


def test_they_are_told_when_the_customer_writes_again_and_of_whom(company: Company, lead_id: UUID) -> None:
    ben = company.colleague
    write_again(company)
    assert ("touch", ben.id) not in sights.told(company, lead_id)
    change_user(company, company.agent, available=False, stand_in_id=ben.id)
    write_again(company)
    told = sights.told(company, lead_id)
    assert told.count(("touch", company.agent.id)) == 2
    assert told.count(("touch", ben.id)) == 1
    letter = letter_to(company, ben)
    assert letter.subject.startswith("New message on a lead you look after")
    assert f"You stand in for {company.agent.name}, who is away." in letter.text
    assert "Any news?" in letter.text
    assert_consistent(company)


def letter_to(company: Company, person: Person) -> Any:
    with company.inside():
        statement = select(models.Message.id).where(
            models.Message.user_id == person.id, models.Message.cause == "touch"
        )
        [found] = facts_of(db.session.scalars(statement)).values()
        return render(found)


def test_a_letter_written_after_they_are_back_names_no_customer(company: Company, lead_id: UUID) -> None:
    change_user(company, company.agent, available=False, stand_in_id=company.colleague.id)
    write_again(company)
    change_user(company, company.agent, available=True)
    assert "Any news?" not in letter_to(company, company.colleague).text


def test_they_work_on_the_lead_as_its_owner_does(company: Company, lead_id: UUID) -> None:
    ben = company.colleague
    change_user(company, company.agent, available=False, stand_in_id=ben.id)
    comment(ben, lead_id, "I called them for Ana.")
    assert ben.api.post(f"/leads/{lead_id}/attempts", {"way": "call", "reached": True}).status_code == 201
    assert "I called them for Ana." in ben.api.get(f"/leads/{lead_id}/timeline").text
    assert close(ben, lead_id).state == "closed"
    assert not sees(ben, lead_id), "only open leads are looked after"


def test_leads_of_others_stay_unseen_and_it_goes_one_step_only(company: Company, lead_id: UUID) -> None:
    cy = make_user(company, "Cy Third")
    change_user(company, company.agent, available=False, stand_in_id=company.colleague.id)
    change_user(company, company.colleague, available=False, stand_in_id=cy.id)
    change_user(company, cy, available=False, stand_in_id=company.agent.id)
    assert sees(company.colleague, lead_id)
    assert not sees(cy, lead_id)


def test_somebody_who_left_covers_for_nobody(company: Company, lead_id: UUID) -> None:
    change_user(company, company.agent, available=False, stand_in_id=company.colleague.id)
    change_user(company, company.colleague, active=False)
    write_again(company)
    assert ("touch", company.colleague.id) not in sights.told(company, lead_id)
    with company.inside():
        assert leaves.cover_in_words(company.agent.user()) is None


class TestWhoMayBeNamed:
    def refused(self, company: Company, stand_in: str) -> str:
        bodies = (
            ("PATCH", f"/users/{company.agent.id}", {}),
            (
                "POST",
                f"/users/{company.agent.id}/leaves",
                {"first_day": f"{TODAY}", "last_day": f"{TODAY}"},
            ),
        )
        said = set()
        for method, path, body in bodies:
            answer = company.owner.api.call(method, path, json={**body, "stand_in_id": stand_in})
            assert answer.status_code == 422, answer.text
            [error] = answer.json["errors"]
            assert error["field"] == "stand_in_id"
            said.add(error["message"])
        [message] = said
        return message

    def test_somebody_else_who_is_active_here(self, company: Company, other_company: Company) -> None:
        gone = make_user(company, "Gus Gone", active=False)
        assert self.refused(company, str(other_company.agent.id)) == "There is no such user."
        assert self.refused(company, str(gone.id)) == "Gus Gone is not active any more. Choose somebody else."
        assert "nobody stands in for themselves" in self.refused(company, str(company.agent.id))

    def test_is_told_by_the_api(self, company: Company) -> None:
        ben = str(company.colleague.id)
        assert company.owner.api.patch(f"/users/{company.agent.id}", {"stand_in_id": ben}).json["stand_in_id"] == ben
        days = {"first_day": f"{TODAY}", "last_day": f"{TODAY + WEEK}", "stand_in_id": ben}
        assert company.owner.api.post(f"/users/{company.agent.id}/leaves", days).json["stand_in_id"] == ben

    def test_one_names_ones_own_where_the_company_lets_people_pause_themselves(self, company: Company) -> None:
        with agent_at_work(company.agent) as by:
            availability.add_leave(by.id, TODAY, TODAY, by=by, stand_in_id=company.colleague.id)
        change_user_self(company, company.agent, company.colleague)
        change_company(company, self_service_pause=False)
        with pytest.raises(Forbidden):
            change_user_self(company, company.agent, None)
        with pytest.raises(NotFound):
            change_user_self(company, company.agent, company.agent, of=company.colleague)


def change_user_self(company: Company, who: Person, stand_in: Person | None, of: Person | None = None) -> None:
    with agent_at_work(who) as by:
        people.change_user((of or who).id, by=by, stand_in_id=stand_in and stand_in.id)


def test_closed_leads_of_the_owner_are_not_shown(company: Company) -> None:
    closed, open_lead = make_closed_lead(company, company.agent), make_lead(company, company.agent)
    change_user(company, company.agent, available=False, stand_in_id=company.colleague.id)
    assert sees(company.colleague, open_lead.id)
    assert not sees(company.colleague, closed.id)
    listed = company.colleague.api.get("/leads?bucket=assigned").json["items"]
    assert [lead["id"] for lead in listed] == [str(open_lead.id)]
