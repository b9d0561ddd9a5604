"""Leads that are held: for managers, or until the company opens; let go one by one, and none of them lost."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import text

from portal.errors import Conflict, Invalid
from portal.extensions import db
from portal.operations import company as operations
from portal.operations import holding
from tests.cast import Company
from tests.consistency import assert_consistent
from tests.factories import make_pool
from tests.operations import sights
from tests.operations.acts import agent_at_work, arrive, assign, block, close, release, route_again

ALWAYS = {day: [["00:00", "24:00"]] for day in (
    "monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")}  # fmt: skip


@pytest.fixture
def assigning(company: Company) -> UUID:
    """A pool of agent and colleague that assigns at once."""
    return make_pool(company, [company.agent, company.colleague], delivery="assign").id


def settings(company: Company, **changes: Any) -> None:
    with agent_at_work(company.owner) as user:
        operations.change_company(by=user, **changes)


def closed_today() -> dict[str, Any]:
    """Open always, but for yesterday, today and tomorrow."""
    today = datetime.now(UTC).date()
    return ALWAYS | {"exceptions": {f"{today + timedelta(days=n)}": [] for n in (-1, 0, 1)}}


def look(company: Company) -> bool:
    """A worker looks after what is held, as if its time had come."""
    with company.inside():
        db.session.execute(text("UPDATE due_work SET due_at = clock_timestamp() WHERE kind = 'release'"))
        db.session.commit()
        return holding.let_go_due(company.id)


def is_planned(company: Company) -> list[datetime]:
    return [work.due_at for work in sights.work(company, "release")]


# Manual intercept


def test_while_managers_want_to_see_each_a_new_lead_is_held_and_nobody_is_told(
    company: Company, assigning: UUID
) -> None:
    settings(company, manual_intercept=True)
    taken = arrive(company)
    lead = sights.lead(company, taken.lead_id)
    assert (taken.outcome, lead.state, lead.held_reason, lead.held_until) == ("held", "held", "manual_intercept", None)
    assert sights.kinds(company, lead.id) == ["created", "held"]
    assert sights.told(company, lead.id) == []
    assert not look(company)
    assert is_planned(company) == []
    assert sights.lead(company, lead.id).state == "held"
    assert_consistent(company)


def test_one_is_let_go_by_hand(company: Company, assigning: UUID) -> None:
    settings(company, manual_intercept=True)
    first, second = arrive(company).lead_id, arrive(company).lead_id
    lead = release(company.manager, second)
    assert (lead.state, lead.owner_id, lead.held_reason) == ("owned", company.agent.id, None)
    assert sights.kinds(company, second) == ["created", "held", "released", "assigned"]
    with pytest.raises(Conflict):
        release(company.manager, second)
    assert sights.lead(company, first).state == "held"
    with pytest.raises(Conflict):
        route_again(company.manager, first)
    assert_consistent(company)


def test_a_held_lead_can_be_given_to_somebody_or_closed(company: Company, assigning: UUID) -> None:
    settings(company, manual_intercept=True)
    first, second = arrive(company).lead_id, arrive(company).lead_id
    assert assign(company.manager, first, company.colleague).held_reason is None
    assert close(company.manager, second, "not_valid").held_reason is None
    assert_consistent(company)


def test_switched_off_they_go_oldest_first_with_a_pause_after_each(company: Company, assigning: UUID) -> None:
    settings(company, manual_intercept=True, hold_spacing_seconds=30)
    leads = [arrive(company).lead_id for _ in range(3)]
    settings(company, manual_intercept=False)
    for gone, lead_id in enumerate(leads, start=1):
        assert look(company)
        assert sights.lead(company, lead_id).state == "owned"
        assert [sights.lead(company, one).state for one in leads].count("held") == 3 - gone
        if gone < 3:
            [due] = is_planned(company)
            assert timedelta(seconds=25) < due - datetime.now(UTC) <= timedelta(seconds=30)
        assert_consistent(company)
    assert is_planned(company) == []


def test_a_lead_stored_in_the_moment_of_switching_off_is_found(company: Company, assigning: UUID) -> None:
    settings(company, manual_intercept=True)
    lead_id = arrive(company).lead_id
    # The work of the change was done before this lead could be seen; its own work is still there.
    with company.inside():
        db.session.execute(text("UPDATE companies SET manual_intercept = false"))
        db.session.commit()
    assert_consistent(company)
    assert look(company)
    assert sights.lead(company, lead_id).state == "owned"


# Opening hours


def test_outside_the_hours_a_lead_is_held_until_they_open(company: Company, assigning: UUID) -> None:
    settings(company, time_zone="Europe/Berlin", opening_hours=closed_today())
    taken = arrive(company)
    lead = sights.lead(company, taken.lead_id)
    opens = lead.held_until.astimezone(ZoneInfo("Europe/Berlin"))
    assert (taken.outcome, lead.held_reason, opens.hour, opens.minute) == ("held", "opening_hours", 0, 0)
    # The first look only makes sure that the settings are still the same.
    assert not look(company)
    assert is_planned(company) == [lead.held_until]
    assert_consistent(company)


def test_at_opening_they_go_by_the_rules(company: Company, assigning: UUID) -> None:
    settings(company, opening_hours=closed_today())
    lead_id = arrive(company).lead_id
    settings(company, opening_hours=ALWAYS)
    assert look(company)
    assert sights.lead(company, lead_id).owner_id == company.agent.id
    assert sights.kinds(company, lead_id) == ["created", "held", "released", "assigned"]
    assert arrive(company).outcome == "assigned"
    assert_consistent(company)


def test_other_hours_plan_held_leads_anew(company: Company, assigning: UUID) -> None:
    settings(company, opening_hours=closed_today())
    lead_id = arrive(company).lead_id
    later = closed_today()
    later["exceptions"][f"{datetime.now(UTC).date() + timedelta(days=2)}"] = []
    before = sights.lead(company, lead_id).held_until
    settings(company, opening_hours=later)
    assert not look(company)
    after = sights.lead(company, lead_id).held_until
    assert after - before == timedelta(days=1)
    assert is_planned(company) == [after]
    settings(company, manual_intercept=True)
    assert not look(company)
    assert sights.lead(company, lead_id).held_reason == "manual_intercept"
    assert is_planned(company) == []
    settings(company, manual_intercept=False, opening_hours=None)
    assert look(company)
    assert_consistent(company)


def test_two_workers_let_each_lead_go_once(company: Company, assigning: UUID) -> None:
    settings(company, manual_intercept=True)
    leads = [arrive(company).lead_id for _ in range(4)]
    settings(company, manual_intercept=False)
    for _ in leads:
        with ThreadPoolExecutor(3) as workers:
            went = list(workers.map(lambda _: work_now(company), range(3)))
        assert went.count(True) == 1, went
        make_due(company)
    assert sorted(sights.kinds(company, one).count("released") for one in leads) == [1, 1, 1, 1]
    assert_consistent(company)


def work_now(company: Company) -> bool:
    with company.inside():
        return holding.let_go_due(company.id)


def make_due(company: Company) -> None:
    with company.inside():
        db.session.execute(text("UPDATE due_work SET due_at = clock_timestamp() WHERE kind = 'release'"))
        db.session.commit()


# What comes before


def test_whom_a_sender_names_and_who_had_the_customer_before_is_not_held(company: Company, assigning: UUID) -> None:
    first = arrive(company, email="carla@example.com")
    close(company.agent, first.lead_id)
    settings(company, manual_intercept=True)
    assert arrive(company, assignee=str(company.colleague.id)).outcome == "assigned"
    assert arrive(company, email="carla@example.com").owner_id == company.agent.id
    assert arrive(company, keep=True).outcome == "unassigned"


def test_quarantine_comes_before_the_hold(company: Company, assigning: UUID) -> None:
    settings(company, manual_intercept=True)
    block(company, "domain", "spam.example")
    assert arrive(company, email="sam@spam.example").outcome == "quarantined"


def test_a_second_message_joins_the_held_lead(company: Company, assigning: UUID) -> None:
    settings(company, manual_intercept=True)
    first = arrive(company, email="carla@example.com")
    again = arrive(company, email="carla@example.com")
    assert (again.outcome, again.lead_id, again.state) == ("attached", first.lead_id, "held")


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"opening_hours": {}}, "opening_hours"),
        ({"opening_hours": {"monday": []}}, "opening_hours"),
        ({"opening_hours": {"exceptions": {"2020-01-01": [["09:00", "10:00"]]}}}, "opening_hours"),
        ({"opening_hours": {"monday": [["25:00", "26:00"]]}}, "opening_hours.monday"),
        ({"opening_hours": {"moonday": []}}, "opening_hours.moonday"),
        ({"hold_spacing_seconds": 4}, "hold_spacing_seconds"),
        ({"hold_spacing_seconds": 61}, "hold_spacing_seconds"),
    ],
)
def test_settings_that_make_no_sense_are_refused(company: Company, changes: dict[str, Any], field: str) -> None:
    with pytest.raises(Invalid) as refusal:
        settings(company, **changes)
    assert [error.field for error in refusal.value.errors] == [field]
