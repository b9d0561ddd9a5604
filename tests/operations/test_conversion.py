"""What became of a lead: kept with its history, shared by two people without losing anything, and never nonsense."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest

from portal.errors import Forbidden, Invalid, NotFound
from portal.operations.conversion import ChangedMeanwhile
from portal.operations.conversion_lists import add_status, change_status
from portal.queries.conversion import conversion_of
from tests.cast import Company
from tests.consistency import assert_consistent
from tests.factories import make_lead, make_pool
from tests.operations import sights
from tests.operations.acts import arrive, assign, attempt, change_company, close, save


@pytest.fixture
def lead_id(company: Company) -> UUID:
    """A lead of the agent."""
    return arrive(company, assignee=company.agent.email).lead_id


def told(company: Company, lead_id: UUID) -> list[str | None]:
    """What the timeline says of the feedback, oldest first."""
    return [one.text for one in sights.timeline(company, lead_id) if one.kind in ("conversion", "contact_attempt")]


def test_a_lead_starts_not_contacted_and_with_the_first_status(company: Company, lead_id: UUID) -> None:
    with company.inside():
        view = conversion_of(company.agent.user(), lead_id)
    assert view is not None
    assert (view.contact_status, view.status, view.status_group, view.version) == (
        "not_contacted", "Open", "in_progress", 0,
    )  # fmt: skip


def test_everything_is_kept_and_told_in_one_entry(company: Company, lead_id: UUID) -> None:
    save(
        company.agent,
        lead_id,
        seen=0,
        contact_status="contacted",
        status="quoted",
        expected_value="1200.5",
        currency="eur",
        expected_close_on="2026-12-24",
        note="Wants it before Christmas.",
    )
    row = sights.feedback(company, lead_id)
    assert row is not None
    assert (row.contact_status, row.expected_value, row.currency, row.expected_close_on, row.version) == (
        "contacted", Decimal("1200.50"), "EUR", date(2026, 12, 24), 1,
    )  # fmt: skip
    entry = sights.timeline(company, lead_id)[-1]
    assert (entry.kind, entry.actor_id) == ("conversion", company.agent.id)
    assert entry.text == (
        "Contact: not contacted → contacted. Status: Open → Quoted. Expected value: 1,200.50 EUR. "
        "Expected close: 24 Dec 2026. Note added."
    )
    assert (entry.before["status"], entry.after["status"]) == ("Open", "Quoted")
    assert (entry.before["expected_value"], entry.after["expected_value"]) == (None, "1200.50")
    assert_consistent(company)


def test_saving_what_stands_there_already_tells_nothing(company: Company, lead_id: UUID) -> None:
    save(company.agent, lead_id, status="Open", contact_status="not_contacted", note="", currency="USD")
    assert sights.feedback(company, lead_id) is None
    save(company.agent, lead_id, note="Hello")
    save(company.agent, lead_id, note="Hello ")
    assert told(company, lead_id) == ["Note added."]


def test_a_value_is_in_the_companys_currency_unless_somebody_says_otherwise(company: Company, lead_id: UUID) -> None:
    change_company(company, currency="GBP")
    save(company.agent, lead_id, expected_value="5")
    assert sights.feedback(company, lead_id).currency == "GBP"  # type: ignore[union-attr]
    save(company.agent, lead_id, expected_value=None)
    assert sights.feedback(company, lead_id).currency is None  # type: ignore[union-attr]


def test_a_won_lead_needs_nothing_more(company: Company, lead_id: UUID) -> None:
    save(company.agent, lead_id, status="Won")
    save(company.agent, lead_id, actual_value="900", won_on="2026-11-25")
    row = sights.feedback(company, lead_id)
    assert row is not None
    assert (row.actual_value, row.won_on) == (Decimal("900.00"), date(2026, 11, 25))
    assert_consistent(company)


def test_what_fits_the_old_status_only_goes_with_it(company: Company, lead_id: UUID) -> None:
    save(company.agent, lead_id, status="Won", actual_value="900", won_on="2026-11-25")
    save(company.agent, lead_id, status="Lost", lost_reason="Price", actual_value="900.00", won_on="2026-11-25")
    row = sights.feedback(company, lead_id)
    assert row is not None
    assert (row.actual_value, row.won_on, row.currency) == (None, None, None)
    assert row.lost_reason_id is not None
    save(company.agent, lead_id, status="Open", lost_reason="Price")
    assert sights.feedback(company, lead_id).lost_reason_id is None  # type: ignore[union-attr]
    assert_consistent(company)


REFUSED: list[tuple[dict[str, Any], str, str]] = [
    ({"expected_value": "-1"}, "expected_value", "below zero"),
    ({"expected_value": "123456789012345"}, "expected_value", "at most 999,999,999,999.99"),
    ({"expected_value": "9" * 5_000}, "expected_value", "at most"),
    ({"expected_value": "NaN"}, "expected_value", "with a point"),
    ({"expected_value": "1e3"}, "expected_value", "with a point"),
    ({"expected_value": "1.200,50"}, "expected_value", "without thousands marks, such as 1200.50"),
    ({"expected_value": "1,200"}, "expected_value", "with a point"),
    ({"expected_value": "1.234"}, "expected_value", "with a point"),
    ({"expected_value": "١٢"}, "expected_value", "with a point"),
    ({"expected_value": "5", "currency": "XXX"}, "currency", "no such currency"),
    ({"expected_value": "5", "currency": "Euro"}, "currency", "three letters"),
    ({"expected_close_on": "0000-00-00"}, "expected_close_on", "a day that exists"),
    ({"expected_close_on": "2026-02-30"}, "expected_close_on", "a day that exists"),
    ({"expected_close_on": "24.12.2026"}, "expected_close_on", "such as 2026-05-31"),
    ({"expected_close_on": "9999-01-01"}, "expected_close_on", "to 2199"),
    ({"status": "Won", "won_on": "soon"}, "won_on", "such as 2026-05-31"),
    ({"status": "Married"}, "status", "Open, Qualified, Quoted, Won, Lost, Not valid"),
    ({"status": None}, "status", "Use one of"),
    ({"status": "Lost"}, "lost_reason", "Say why it was lost: Price"),
    ({"status": "Lost", "lost_reason": "Boredom"}, "lost_reason", "Use one of: Price"),
    ({"lost_reason": "Price"}, "lost_reason", "for leads that are lost"),
    ({"actual_value": "5"}, "actual_value", "for leads that are won"),
    ({"status": "Lost", "lost_reason": "Price", "won_on": "2026-11-25"}, "won_on", "for leads that are won"),
    ({"contact_status": "married"}, "contact_status", "not_contacted, tried, contacted"),
    ({"note": "x" * 5_001}, "note", "at most 5000"),
    ({"note": "a\x00b"}, "note", "NUL"),
    ({"colour": "red"}, "colour", "no such field"),
]


@pytest.mark.parametrize(("changes", "field", "said"), REFUSED, ids=[str(case[0])[:60] for case in REFUSED])
def test_nonsense_is_refused_by_the_name_of_its_field(
    company: Company, lead_id: UUID, changes: dict[str, Any], field: str, said: str
) -> None:
    with pytest.raises(Invalid) as refused:
        save(company.agent, lead_id, **changes)
    blamed = {error.field: error.message for error in refused.value.errors}
    assert said in blamed[field]
    assert sights.feedback(company, lead_id) is None


def test_all_that_is_wrong_is_told_at_once(company: Company, lead_id: UUID) -> None:
    with pytest.raises(Invalid) as refused:
        save(company.agent, lead_id, expected_value="x", won_on="x", status="x")
    assert {error.field for error in refused.value.errors} == {"expected_value", "won_on", "status"}


class TestTwoPeople:
    def test_who_change_different_fields_lose_nothing(self, company: Company, lead_id: UUID) -> None:
        save(company.manager, lead_id, seen=0, status="Quoted", note="Sent it.")
        # The form of the other one still shows what stood there before, in every field.
        save(company.agent, lead_id, seen=0, status="Open", note="", expected_value="500", currency="USD")
        row = sights.feedback(company, lead_id)
        assert row is not None
        assert (row.note, row.expected_value, row.version) == ("Sent it.", Decimal("500.00"), 2)
        assert told(company, lead_id)[-1] == "Expected value: 500.00 USD."
        assert_consistent(company)

    def test_who_change_the_same_field_are_told_whose_value_is_there(self, company: Company, lead_id: UUID) -> None:
        save(company.manager, lead_id, seen=0, status="Quoted")
        with pytest.raises(ChangedMeanwhile) as refused:
            save(company.agent, lead_id, seen=0, status="Qualified", note="Mine")
        [clash] = refused.value.clashes
        assert (clash.field, clash.theirs, clash.yours, clash.by) == ("status", "Quoted", "Qualified", "Mara Manager")
        assert "Changed by Mara Manager a moment ago" in refused.value.errors[0].message
        # Nothing of the second save was stored; saving again, knowing of the first, is a decision.
        assert sights.feedback(company, lead_id).note is None  # type: ignore[union-attr]
        save(company.agent, lead_id, seen=refused.value.version, status="Qualified", note="Mine")
        assert told(company, lead_id) == ["Status: Open → Quoted.", "Status: Quoted → Qualified. Note added."]
        assert_consistent(company)

    def test_who_want_the_same_agree(self, company: Company, lead_id: UUID) -> None:
        save(company.manager, lead_id, seen=0, status="Quoted")
        save(company.agent, lead_id, seen=0, status="Quoted", note="Too")
        assert told(company, lead_id) == ["Status: Open → Quoted.", "Note added."]

    def test_are_told_the_last_of_several_changes(self, company: Company, lead_id: UUID) -> None:
        save(company.manager, lead_id, seen=0, status="Quoted")
        save(company.owner, lead_id, seen=1, status="Won")
        with pytest.raises(ChangedMeanwhile) as refused:
            save(company.agent, lead_id, seen=0, status="Qualified")
        assert (refused.value.clashes[0].by, refused.value.clashes[0].theirs) == ("Olive Owner", "Won")

    def test_do_not_clash_over_a_change_that_was_taken_back(self, company: Company, lead_id: UUID) -> None:
        save(company.manager, lead_id, seen=0, status="Quoted")
        save(company.manager, lead_id, seen=1, status="Open")
        save(company.agent, lead_id, seen=0, status="Qualified")
        assert told(company, lead_id)[-1] == "Status: Open → Qualified."

    def test_see_each_others_attempts(self, company: Company, lead_id: UUID) -> None:
        attempt(company.manager, lead_id, reached=True)
        with pytest.raises(ChangedMeanwhile) as refused:
            save(company.agent, lead_id, seen=0, contact_status="tried")
        assert refused.value.clashes[0].theirs == "contacted"

    @pytest.mark.parametrize("seen", [-1, 2, 10**9])
    def test_cannot_have_seen_what_never_was(self, company: Company, lead_id: UUID, seen: int) -> None:
        save(company.agent, lead_id, note="One")
        with pytest.raises(Invalid) as refused:
            save(company.agent, lead_id, seen=seen, note="Two")
        assert [error.field for error in refused.value.errors] == ["version"]


def test_who_may_say_it(company: Company, other_company: Company) -> None:
    make_pool(company, [company.agent])
    lead_id = arrive(company, assignee=company.agent.email).lead_id
    for person in (company.agent, company.manager, company.owner):
        save(person, lead_id, note=person.name)
    with pytest.raises(Forbidden):
        save(company.colleague, lead_id, note="Mine")
    with pytest.raises(NotFound):
        save(other_company.owner, lead_id, note="Theirs")
    masked = arrive(company).lead_id
    with pytest.raises(Forbidden, match="on offer"):
        save(company.agent, masked, note="Not yet")
    assign(company.manager, lead_id, company.colleague)
    with pytest.raises(Forbidden):
        save(company.agent, lead_id, note="No longer mine")
    save(company.colleague, lead_id, note="Mine now")
    close(company.colleague, lead_id)
    save(company.colleague, lead_id, status="Won")
    change_company(company, isolate_leads=True)
    with pytest.raises(NotFound):
        save(company.agent, lead_id, note="Not even seen")
    assert_consistent(company)


def test_a_masked_lead_tells_nothing_of_it(company: Company) -> None:
    make_pool(company, [company.agent])
    lead_id = arrive(company).lead_id
    save(company.manager, lead_id, note="Carla is in a hurry.")
    with company.inside():
        assert conversion_of(company.agent.user(), lead_id) is None
        assert conversion_of(company.manager.user(), lead_id) is not None


def test_a_status_out_of_use_is_kept_by_those_who_have_it_and_chosen_by_nobody(company: Company, lead_id: UUID) -> None:
    with company.inside():
        status_id = add_status(by=company.owner.user(), name="On hold", group="in_progress").id
    save(company.agent, lead_id, status=str(status_id))
    with company.inside():
        change_status(status_id, by=company.owner.user(), active=False)
    save(company.agent, lead_id, status="On hold", note="Still.")
    other = make_lead(company, company.agent)
    with pytest.raises(Invalid, match="Use one of"):
        save(company.agent, other.id, status="On hold")
