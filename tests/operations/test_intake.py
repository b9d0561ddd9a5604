"""Taking leads in: recognised, stored, routed and answered, and nothing of it lost."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import select

from portal import models
from portal.errors import Invalid
from portal.operations import intake
from portal.operations.intake import Keep, KeptTaken, Taken
from tests.cast import Company, Person
from tests.consistency import assert_consistent
from tests.factories import make_pool, make_user
from tests.operations import sights
from tests.operations.acts import accept, arrive, assign, change_company, change_user, close, come_in, drain, reopen

ANA = "+14155550101"
WARNINGS = dict[str, str]


@pytest.fixture
def assigning(company: Company) -> UUID:
    """A pool of agent and colleague that assigns at once."""
    return make_pool(company, [company.agent, company.colleague], delivery="assign").id


def codes(taken: Taken) -> list[str]:
    return [code for code, _ in taken.warnings]


def keys_of(company: Company, contact_id: UUID) -> dict[str, str | None]:
    key = models.ContactKey
    return {one.raw: one.value for one in sights.rows(company, select(key).where(key.contact_id == contact_id))}


# New leads


def test_a_new_lead_is_stored_with_contact_touch_and_source_and_assigned(company: Company, assigning: UUID) -> None:
    taken = arrive(
        company, phone="(415) 555-0101", email="Carla@Example.com", source="Form", payload={"as": "sent"}, text="Hi"
    )
    assert (taken.created, taken.outcome, taken.state, taken.owner_id) == (
        True, "assigned", "owned", company.agent.id,
    )  # fmt: skip
    assert keys_of(company, taken.contact_id) == {"(415) 555-0101": ANA, "Carla@Example.com": "carla@example.com"}
    [touch] = sights.rows(company, select(models.Touch))
    assert (touch.payload, touch.text, touch.source) == ({"as": "sent"}, "Hi", "Form")
    assert [source.name for source in sights.rows(company, select(models.Source))] == ["Form"]
    assert sights.told(company, taken.lead_id) == [("assigned", company.agent.id)]
    assert_consistent(company)


def test_without_routing_a_lead_waits_calmly_for_a_person(company: Company) -> None:
    taken = arrive(company)
    lead = sights.lead(company, taken.lead_id)
    assert (taken.outcome, lead.waiting_for, lead.alarmed_at) == ("unassigned", "person", None)
    assert sights.told(company, taken.lead_id) == []
    assert_consistent(company)


def test_a_lead_kept_by_hand_is_not_routed(company: Company, assigning: UUID) -> None:
    taken = arrive(company, keep=True)
    assert (taken.state, taken.waiting_for) == ("unassigned", "person")
    assert sights.decisions(company, taken.lead_id) == []
    assert drain(company) == 0
    assert_consistent(company)


@pytest.mark.parametrize("nothing", [{}, {"name": "  ", "text": "\n"}, {"source": "Form", "external_id": "7"}])
def test_a_message_with_nothing_in_it_is_refused(company: Company, nothing: dict[str, Any]) -> None:
    with pytest.raises(Invalid, match="At least one of name, phone, email and text"):
        arrive(company, **({"name": None, "phone": None} | nothing))
    assert sights.count(company, models.Lead) == 0


def test_turns_go_round(company: Company, assigning: UUID) -> None:
    owners = [arrive(company).owner_id for _ in range(4)]
    assert owners == [company.agent.id, company.colleague.id] * 2
    assert_consistent(company)


def test_decisions_say_who_and_why(company: Company, assigning: UUID) -> None:
    change_user(company, company.agent, available=False)
    taken = arrive(company)
    [decision] = sights.decisions(company, taken.lead_id)
    assert decision.id == taken.decision_id
    assert decision.chosen == [company.colleague.id]
    refused = {one["name"]: one["reason"] for one in decision.data["candidates"] if not one["eligible"]}
    assert refused == {"Ana Agent": "paused"}


# Recognising


def test_a_message_of_a_contact_with_an_open_lead_becomes_a_touch_and_its_owner_is_told(
    company: Company, assigning: UUID
) -> None:
    first = arrive(company, phone=ANA)
    second = arrive(company, phone="415-555-0101", text="Still there?")
    assert (second.outcome, second.lead_id, second.created, second.owner_id) == (
        "attached", first.lead_id, False, company.agent.id,
    )  # fmt: skip
    assert sights.count(company, models.Touch) == 2
    [entry] = [each for each in sights.timeline(company, first.lead_id) if each.kind == "touch"]
    assert entry.text == "Still there?"
    assert ("touch", company.agent.id) in sights.told(company, first.lead_id)
    assert len(sights.decisions(company, first.lead_id)) == 1
    assert_consistent(company)


def test_each_further_message_is_told_once(company: Company, assigning: UUID) -> None:
    first = arrive(company, phone=ANA)
    for _ in range(3):
        arrive(company, phone=ANA)
    assert sights.told(company, first.lead_id).count(("touch", company.agent.id)) == 3


def test_a_message_on_an_offered_lead_is_a_touch_and_the_offer_goes_on(company: Company) -> None:
    make_pool(company, [company.agent])
    first = arrive(company, phone=ANA)
    second = arrive(company, phone=ANA)
    assert (second.outcome, second.state) == ("attached", "offering")
    accept(company.agent, first.offers[0])
    assert_consistent(company)


def test_an_inactive_owner_keeps_the_lead_and_managers_are_told(company: Company, assigning: UUID) -> None:
    first = arrive(company, phone=ANA)
    change_user(company, company.agent, active=False)
    second = arrive(company, phone=ANA)
    lead = sights.lead(company, first.lead_id)
    assert (second.outcome, lead.owner_id, lead.needs_attention) == ("attached", company.agent.id, True)
    told = sights.told(company, first.lead_id)
    assert ("alarm", company.manager.id) in told
    assert ("touch", company.agent.id) not in told
    assign(company.manager, first.lead_id, company.colleague)
    assert sights.lead(company, first.lead_id).needs_attention is False


def test_a_returning_contact_goes_to_the_previous_owner(company: Company, assigning: UUID) -> None:
    first = arrive(company, phone=ANA)
    close(company.agent, first.lead_id)
    credits_before = sights.standing(company, assigning)
    second = arrive(company, phone=ANA)
    assert second.lead_id != first.lead_id
    assert (second.created, second.contact_id, second.owner_id) == (True, first.contact_id, company.agent.id)
    # No turn is spent on it.
    assert sights.standing(company, assigning) == credits_before
    assert ("assigned", company.agent.id) in sights.told(company, second.lead_id)
    assert_consistent(company)


@pytest.mark.parametrize(
    "change", [{"active": False}, {"available": False}, {"roles": ["manager"]}, {"open_cap": 0}], ids=str
)
def test_a_previous_owner_who_could_not_get_a_lead_now_is_passed_by(
    company: Company, assigning: UUID, change: dict[str, Any]
) -> None:
    first = arrive(company, phone=ANA)
    close(company.agent, first.lead_id)
    change_user(company, company.agent, **change)
    assert arrive(company, phone=ANA).owner_id == company.colleague.id
    assert_consistent(company)


def test_a_company_may_route_returning_contacts(company: Company, assigning: UUID) -> None:
    change_company(company, returning_contacts="route")
    first = arrive(company, phone=ANA)
    close(company.agent, first.lead_id)
    assert arrive(company, phone=ANA).owner_id == company.colleague.id


def test_a_contact_whose_closed_leads_nobody_ever_owned_counts_as_new(company: Company) -> None:
    first = arrive(company, phone=ANA)
    close(company.manager, first.lead_id, "not_valid")
    make_pool(company, [company.colleague], delivery="assign")
    second = arrive(company, phone=ANA)
    assert (second.contact_id, second.owner_id) == (first.contact_id, company.colleague.id)


def test_the_phone_decides_when_phone_and_email_belong_to_two_contacts(company: Company, assigning: UUID) -> None:
    by_phone = arrive(company, phone=ANA)
    by_email = arrive(company, email="carla@example.com")
    third = arrive(company, phone=ANA, email="carla@example.com")
    assert third.lead_id == by_phone.lead_id != by_email.lead_id
    assert codes(third) == ["possible_duplicate"]
    assert sights.lead(company, third.lead_id).flags == ["possible_duplicate"]
    assert sights.lead(company, by_email.lead_id).flags == []


def test_a_new_address_of_a_known_contact_is_learned(company: Company, assigning: UUID) -> None:
    first = arrive(company, phone=ANA)
    arrive(company, phone=ANA, email="carla@example.com")
    assert arrive(company, email="CARLA@example.com").lead_id == first.lead_id


@pytest.mark.parametrize("withheld", ["anonymous", "Private", "+266696687", " unknown "])
def test_a_withheld_number_never_matches(company: Company, assigning: UUID, withheld: str) -> None:
    first, second = (arrive(company, name="Somebody", phone=withheld) for _ in range(2))
    assert first.lead_id != second.lead_id
    assert first.contact_id != second.contact_id
    assert codes(first) == []


def test_a_number_that_cannot_be_read_is_kept_flagged_and_matches_nobody(company: Company, assigning: UUID) -> None:
    first, second = (arrive(company, phone="call me maybe") for _ in range(2))
    assert first.contact_id != second.contact_id
    assert codes(first) == ["doubtful_phone"]
    assert keys_of(company, first.contact_id) == {"call me maybe": None}
    assert sights.lead(company, first.lead_id).flags == ["doubtful_phone"]


def test_of_several_open_leads_the_most_recently_active_gets_the_touch(company: Company, assigning: UUID) -> None:
    older = arrive(company, phone=ANA)
    close(company.agent, older.lead_id)
    newer = arrive(company, phone=ANA)
    reopen(company.manager, older.lead_id)
    assert arrive(company, phone=ANA).lead_id == older.lead_id
    assert_consistent(company)
    assign(company.manager, newer.lead_id, company.colleague)
    assert arrive(company, phone=ANA).lead_id == newer.lead_id


# External ids


def test_the_same_external_id_updates_and_never_doubles(company: Company, assigning: UUID) -> None:
    first = arrive(company, external_id="7", source="Form", text="roof", fields={"size": 3, "kept": True})
    second = arrive(
        company, name="Carla C. Customer", external_id="7", source="Form", text="roof and wall", fields={"size": 4}
    )
    assert (second.outcome, second.lead_id, second.created) == ("updated", first.lead_id, False)
    lead = sights.lead(company, first.lead_id)
    assert (lead.text, lead.fields) == ("roof and wall", {"size": 4, "kept": True})
    [contact] = sights.rows(company, select(models.Contact))
    assert contact.name == "Carla C. Customer"
    assert sights.timeline(company, first.lead_id)[-1].text == "Updated: fields, name, text."
    assert_consistent(company)


def test_external_ids_are_unique_per_source(company: Company) -> None:
    one = arrive(company, external_id="7", source="Form")
    other = arrive(company, external_id="7", source="Sheet")
    unnamed = arrive(company, external_id="7")
    assert len({one.lead_id, other.lead_id, unnamed.lead_id}) == 3
    assert arrive(company, external_id="7").lead_id == unnamed.lead_id


def test_a_new_external_id_on_an_open_contact_is_kept_as_an_alias(company: Company) -> None:
    first = arrive(company, phone=ANA, external_id="7", source="Form")
    assert arrive(company, phone=ANA, external_id="8", source="Form").outcome == "attached"
    third = arrive(company, external_id="8", source="Form")
    assert (third.outcome, third.lead_id) == ("updated", first.lead_id)
    assert_consistent(company)


def test_an_update_leaves_the_owner_and_says_so(company: Company, assigning: UUID) -> None:
    first = arrive(company, external_id="7")
    second = arrive(company, external_id="7", assignee=company.colleague.email)
    assert second.owner_id == first.owner_id == company.agent.id
    assert codes(second) == ["assignee_ignored"]


def test_an_update_that_asks_to_reassign_moves_the_lead(company: Company, assigning: UUID) -> None:
    first = arrive(company, external_id="7")
    second = arrive(company, external_id="7", assignee=company.colleague.email, reassign=True)
    assert (second.outcome, second.owner_id, codes(second)) == ("updated", company.colleague.id, [])
    told = sights.told(company, first.lead_id)
    assert ("assigned", company.colleague.id) in told
    assert ("reassigned_away", company.agent.id) in told
    assert_consistent(company)


def test_an_update_that_reassigns_takes_a_running_offer_back(company: Company) -> None:
    pool = make_pool(company, [company.agent])
    first = arrive(company, external_id="7")
    arrive(company, external_id="7", assignee=str(company.colleague.id), reassign=True)
    assert sights.offer(company, first.offers[0]).state == "withdrawn"
    assert set(sights.standing(company, pool.id).values()) == {(0, 0)}
    assert_consistent(company)


def test_a_closed_lead_is_updated_and_stays_closed(company: Company, assigning: UUID) -> None:
    first = arrive(company, external_id="7")
    close(company.agent, first.lead_id)
    second = arrive(company, external_id="7", text="again", assignee=company.colleague.email, reassign=True)
    assert (second.outcome, second.state, codes(second)) == ("updated", "closed", ["assignee_ignored"])
    assert_consistent(company)


# Named assignees


@pytest.mark.parametrize("by", ["id", "email", "EMAIL"])
def test_a_named_assignee_gets_the_lead_at_once_and_no_turn_is_spent(
    company: Company, assigning: UUID, by: str
) -> None:
    name = {"id": str(company.colleague.id), "email": company.colleague.email, "EMAIL": company.colleague.email.upper()}
    taken = arrive(company, assignee=name[by])
    assert (taken.outcome, taken.owner_id, codes(taken)) == ("assigned", company.colleague.id, [])
    assert sights.decisions(company, taken.lead_id) == []
    assert sights.entries(company, assigning) == []
    assert sights.told(company, taken.lead_id) == [("assigned", company.colleague.id)]
    assert_consistent(company)


def test_a_named_assignee_may_be_paused_or_full(company: Company, assigning: UUID) -> None:
    change_user(company, company.colleague, available=False, open_cap=0)
    assert arrive(company, assignee=company.colleague.email).owner_id == company.colleague.id


@pytest.mark.parametrize(
    ("who", "code"),
    [("nobody@example.com", "unknown_assignee"), ("gone", "inactive_assignee"), ("mara", "assignee_cannot_receive")],
)
def test_an_assignee_named_in_vain_is_a_warning_and_the_lead_is_routed(
    company: Company, assigning: UUID, who: str, code: str
) -> None:
    gone = make_user(company, active=False)
    taken = arrive(company, assignee={"gone": gone.email, "mara": company.manager.email}.get(who, who))
    assert (taken.owner_id, codes(taken)) == (company.agent.id, [code])


def test_a_user_of_another_company_is_unknown(company: Company, assigning: UUID, stranger: Person) -> None:
    assert codes(arrive(company, assignee=str(stranger.id))) == ["unknown_assignee"]


def test_a_named_assignee_on_an_attached_message_is_a_warning_not_a_move(company: Company, assigning: UUID) -> None:
    first = arrive(company, phone=ANA)
    second = arrive(company, phone=ANA, assignee=company.colleague.email)
    assert (second.owner_id, codes(second)) == (first.owner_id, ["assignee_ignored"])


def test_named_leads_may_count_as_a_turn(company: Company, assigning: UUID) -> None:
    change_company(company, named_counts_as_turn=True)
    arrive(company, assignee=company.agent.email)
    assert sights.entries(company, assigning) == [("charge", "turn")]
    # Ana had hers: the next by rotation is Ben's.
    assert arrive(company).owner_id == company.colleague.id
    assert_consistent(company)


def test_returning_leads_may_count_as_a_turn(company: Company, assigning: UUID) -> None:
    change_company(company, named_counts_as_turn=True)
    first = arrive(company, phone=ANA)
    close(company.agent, first.lead_id)
    arrive(company, phone=ANA)
    assert sights.entries(company, assigning) == [("step", "turn"), ("charge", "turn")]
    assert_consistent(company)


def test_somebody_who_is_no_member_is_not_charged(company: Company, assigning: UUID) -> None:
    change_company(company, named_counts_as_turn=True)
    arrive(company, assignee=make_user(company).email)
    assert sights.entries(company, assigning) == []


# Repeats


@pytest.fixture
def key_id(company: Company) -> UUID:
    company.owner.key()
    [key] = sights.rows(company, select(models.Key))
    return key.id


def keep(key_id: UUID, name: str = "k1", body: bytes = b"body") -> Keep:
    def answer(taken: Taken) -> tuple[int, dict[str, Any]]:
        return 201, {"id": str(taken.lead_id), "routing": {"outcome": taken.outcome}}

    return Keep(key_id, name, body, answer)


def test_the_same_key_and_body_are_answered_the_same(company: Company, assigning: UUID, key_id: UUID) -> None:
    first = come_in(company, kept=keep(key_id), phone=ANA)
    again = come_in(company, kept=keep(key_id), phone=ANA)
    assert isinstance(first, Taken)
    assert again == KeptTaken(201, {"id": str(first.lead_id), "routing": {"outcome": "assigned"}})
    assert sights.count(company, models.Touch) == 1
    assert_consistent(company)


def test_the_same_key_with_another_body_is_refused(company: Company, assigning: UUID, key_id: UUID) -> None:
    come_in(company, kept=keep(key_id), phone=ANA)
    with pytest.raises(Invalid, match="used for another request"):
        come_in(company, kept=keep(key_id, body=b"other"), phone="+14155550102")
    assert sights.count(company, models.Lead) == 1


# Faults


def test_a_fault_in_routing_stores_the_lead_waiting_with_an_alarm(
    company: Company, assigning: UUID, key_id: UUID, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object) -> None:
        raise RuntimeError("no routing today")

    with monkeypatch.context() as broken_routing:
        broken_routing.setattr("portal.operations.distribution.hand_out", broken)
        taken = come_in(company, kept=keep(key_id), phone=ANA)
    assert isinstance(taken, Taken)
    lead = sights.lead(company, taken.lead_id)
    assert (taken.outcome, lead.waiting_for, lead.alarmed_at is not None) == ("unassigned", "routing", True)
    assert sights.told(company, lead.id) == sorted([("alarm", company.manager.id), ("alarm", company.owner.id)])
    assert sights.standing(company, assigning) == {company.agent.id: (0, 0), company.colleague.id: (0, 0)}
    assert_consistent(company)
    # The next drain, which is due already, routes it.
    assert len(sights.work(company, "drain")) == 1
    assert drain(company) == 1
    assert sights.lead(company, lead.id).owner_id == company.agent.id
    assert_consistent(company)


def test_a_lead_closed_while_its_contact_writes_again_makes_the_contact_a_returning_one(
    company: Company, assigning: UUID, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = arrive(company, phone=ANA)
    attach = intake.attaching.attach

    def attach_too_late(arrival: Any) -> Any:
        monkeypatch.undo()
        close(company.agent, first.lead_id)
        return attach(arrival)

    monkeypatch.setattr(intake.attaching, "attach", attach_too_late)
    second = arrive(company, phone=ANA)
    assert (second.created, second.contact_id, second.owner_id) == (True, first.contact_id, company.agent.id)
    assert_consistent(company)
