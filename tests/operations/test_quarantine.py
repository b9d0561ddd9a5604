"""New leads that the block list stops: kept, shown, and handed out once somebody lets them go."""

from __future__ import annotations

from uuid import UUID

import pytest

from portal import models
from portal.errors import Conflict, Forbidden, Invalid, NotFound
from portal.extensions import db
from portal.operations import quarantine_lists
from tests.cast import Company
from tests.consistency import assert_consistent
from tests.factories import make_pool
from tests.operations import sights
from tests.operations.acts import arrive, block, change_company, change_pool, close, drain, release, unblock

SPAM = {"email": "sam@spam.example", "text": "Cheap clicks"}


@pytest.fixture
def assigning(company: Company) -> UUID:
    """A pool of agent and colleague that assigns at once."""
    return make_pool(company, [company.agent, company.colleague], delivery="assign").id


def send_to_no_pool(company: Company) -> None:
    with company.inside():
        rule = db.session.get_one(models.Rule, (company.id, company.default_rule_id))
        rule.pool_id = None
        db.session.commit()


@pytest.mark.parametrize(
    ("clue", "text"),
    [
        ("address", "Sam@SPAM.example"),
        ("domain", "@spam.example"),
        ("phone", "(415) 555-0101"),
        ("text", "CHEAP clicks"),
    ],
)
def test_a_blocked_lead_is_kept_and_nobody_is_told(company: Company, assigning: UUID, clue: str, text: str) -> None:
    block(company, clue, text)
    taken = arrive(company, phone="+1 415 555 0101", **SPAM)
    assert (taken.outcome, taken.state, taken.owner_id) == ("quarantined", "quarantined", None)
    assert "block list" in taken.reason
    assert sights.kinds(company, taken.lead_id) == ["created", "quarantined"]
    assert sights.told(company, taken.lead_id) == []
    assert sights.decisions(company, taken.lead_id) == []
    assert drain(company) == 0
    assert_consistent(company)


def test_whatever_is_allowed_comes_through(company: Company, assigning: UUID) -> None:
    block(company, "text", "cheap clicks")
    block(company, "address", "sam@spam.example", verdict="allow")
    assert arrive(company, **SPAM).outcome == "assigned"


def test_released_it_goes_by_the_rules_and_costs_a_turn(company: Company, assigning: UUID) -> None:
    block(company, "domain", "spam.example")
    lead_id = arrive(company, **SPAM).lead_id
    lead = release(company.manager, lead_id)
    assert (lead.state, lead.owner_id) == ("owned", company.agent.id)
    assert sights.kinds(company, lead_id) == ["created", "quarantined", "released", "assigned"]
    assert sights.told(company, lead_id) == [("assigned", company.agent.id)]
    assert arrive(company).owner_id == company.colleague.id
    assert_consistent(company)


def test_one_is_offered_where_the_pool_offers_and_waits_where_no_rule_names_one(
    company: Company, assigning: UUID
) -> None:
    block(company, "domain", "spam.example")
    offered, waiting = (arrive(company, email=f"{name}@spam.example").lead_id for name in ("a", "b"))
    change_pool(company, assigning, delivery="offer")
    assert release(company.manager, offered).state == "offering"
    send_to_no_pool(company)
    lead = release(company.manager, waiting)
    assert (lead.state, lead.waiting_for, lead.alarmed_at) == ("unassigned", "person", None)
    assert_consistent(company)


def test_when_nobody_can_take_it_a_released_lead_waits_with_an_alarm(company: Company) -> None:
    change_company(company, fallback_any_active=False)
    make_pool(company, [], delivery="assign")
    block(company, "domain", "spam.example")
    lead = release(company.manager, arrive(company, **SPAM).lead_id)
    assert (lead.state, lead.waiting_for) == ("unassigned", "routing")
    assert ("alarm", company.manager.id) in sights.told(company, lead.id)
    assert_consistent(company)


def test_it_is_released_once_and_by_those_who_hand_out(company: Company, assigning: UUID) -> None:
    block(company, "domain", "spam.example")
    lead_id = arrive(company, **SPAM).lead_id
    with pytest.raises(Forbidden):
        release(company.agent, lead_id)
    release(company.manager, lead_id)
    with pytest.raises(Conflict, match="neither held nor quarantined"):
        release(company.manager, lead_id)
    with pytest.raises(NotFound):
        release(company.manager, models.new_id())


def test_a_customer_with_an_open_lead_is_recognised_before_any_list(company: Company, assigning: UUID) -> None:
    first = arrive(company, **SPAM)
    block(company, "domain", "spam.example")
    again = arrive(company, **SPAM)
    assert (again.outcome, again.lead_id) == ("attached", first.lead_id)


def test_a_second_message_of_a_blocked_sender_joins_the_first(company: Company, assigning: UUID) -> None:
    block(company, "domain", "spam.example")
    first, again = arrive(company, **SPAM), arrive(company, **SPAM)
    assert (again.outcome, again.state, again.lead_id) == ("attached", "quarantined", first.lead_id)
    assert sights.count(company, models.Touch) == 2


def test_somebody_named_gets_it_and_so_does_the_owner_before(company: Company, assigning: UUID) -> None:
    first = arrive(company, **SPAM)
    assert first.owner_id == company.agent.id
    close(company.agent, first.lead_id)
    block(company, "domain", "spam.example")
    assert arrive(company, email="b@spam.example", assignee=str(company.colleague.id)).outcome == "assigned"
    back = arrive(company, **SPAM)
    assert (back.outcome, back.owner_id) == ("assigned", company.agent.id)


def test_what_somebody_enters_and_keeps_is_no_stranger(company: Company, assigning: UUID) -> None:
    block(company, "domain", "spam.example")
    assert arrive(company, **SPAM, keep=True).outcome == "unassigned"


def test_taking_a_line_off_its_list_lets_new_leads_through_and_old_ones_lie(company: Company, assigning: UUID) -> None:
    entry = block(company, "domain", "spam.example")
    kept = arrive(company, **SPAM).lead_id
    unblock(company, entry)
    assert arrive(company, email="other@spam.example").outcome == "assigned"
    assert sights.lead(company, kept).state == "quarantined"
    with pytest.raises(NotFound):
        unblock(company, entry)


@pytest.mark.parametrize(
    ("verdict", "clue", "text", "field"),
    [
        ("deny", "text", "x", "verdict"),
        ("block", "colour", "x", "clue"),
        ("block", "address", "nobody", "text"),
        ("block", "domain", "https://spam.example", "text"),
        ("block", "domain", "a b", "text"),
        ("block", "phone", "call me", "text"),
        ("block", "text", "  ", "text"),
        ("block", "text", "\u200b", "text"),
    ],
)
def test_lines_nothing_can_match_are_refused(company: Company, verdict: str, clue: str, text: str, field: str) -> None:
    with pytest.raises(Invalid) as refusal:
        block(company, clue, text, verdict=verdict)
    assert [error.field for error in refusal.value.errors] == [field]


def test_nothing_stands_on_both_lists_or_twice_on_one(company: Company) -> None:
    block(company, "domain", "spam.example")
    with pytest.raises(Invalid, match="on the block list already"):
        block(company, "domain", "SPAM.example")
    with pytest.raises(Invalid, match="Remove it there first"):
        block(company, "domain", "spam.example", verdict="allow")


def test_lists_have_an_end(company: Company, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(quarantine_lists, "MOST_ENTRIES", 1)
    block(company, "domain", "spam.example")
    with pytest.raises(Conflict):
        block(company, "domain", "spam2.example")
