"""What somebody can and when they are there decides what they are given; leads, pools and pages say why not."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import select

from portal.errors import Conflict, Forbidden, Invalid, NotFound
from portal.models import Tag
from portal.operations import availability
from portal.queries.leaves import leaves_of
from tests.cast import Company
from tests.consistency import assert_consistent
from tests.factories import make_pool
from tests.operations import sights
from tests.operations.acts import arrive, ask_again, change_company, change_user, drain, miss

TODAY = datetime.now(UTC).date()


@pytest.fixture
def pool(company: Company) -> None:
    """Agent and colleague get leads at once, and nobody else does."""
    change_company(company, fallback_any_active=False)
    make_pool(company, [company.agent, company.colleague], delivery="assign")


def reasons(company: Company, lead_id: Any) -> dict[str, str | None]:
    """By name, why somebody was passed by."""
    found = sights.decisions(company, lead_id)[-1].data["candidates"]
    return {each["name"]: each["reason"] for each in found}


def never_today() -> dict[str, Any]:
    around = [TODAY + timedelta(days=days) for days in (-1, 0, 1)]
    return {"monday": [["09:00", "17:00"]], "exceptions": {f"{day}": [] for day in around}}


@pytest.mark.usefixtures("pool")
class TestGates:
    """Each passes its person by and says why."""

    @pytest.mark.parametrize(
        ("columns", "lead", "reason"),
        [
            ({"hours": never_today()}, {}, "outside working hours"),
            ({"day_cap": 0}, {}, "at 0 of 0 leads today"),
            ({"excluded_lead_types": ["Roof"]}, {"lead_type": "ROOF"}, "takes no leads of type ROOF"),
            ({"languages": ["es"]}, {"language": "de"}, "does not speak de"),
            (
                {"locations": [{"lat": 36.7, "lng": -4.4, "radius_km": 20}]},
                {"location": {"lat": 40.4, "lng": -3.7}},
                "outside the places they work in",
            ),
        ],
        ids=["hours", "cap", "lead type", "language", "place"],
    )
    def test_somebody_is_passed_by(
        self, company: Company, columns: dict[str, Any], lead: dict[str, Any], reason: str
    ) -> None:
        change_user(company, company.agent, **columns)
        taken = [arrive(company, **lead) for _ in range(2)]
        assert {each.owner_id for each in taken} == {company.colleague.id}
        assert reasons(company, taken[0].lead_id)[company.agent.name] == reason
        assert_consistent(company)

    def test_a_cap_on_a_day_counts_what_was_given_today(self, company: Company) -> None:
        change_user(company, company.agent, day_cap=1)
        owners = [arrive(company).owner_id for _ in range(4)]
        assert owners.count(company.agent.id) == 1
        assert_consistent(company)

    def test_a_batch_counts_like_single_leads(self, company: Company) -> None:
        for person in (company.agent, company.colleague):
            change_user(company, person, available=False)
        taken = [arrive(company).lead_id for _ in range(6)]
        change_user(company, company.agent, available=True, day_cap=2)
        drain(company)
        owners = [sights.lead(company, lead_id).owner_id for lead_id in taken]
        assert owners == [company.agent.id] * 2 + [None] * 4
        assert_consistent(company)

    def test_leave_ends_by_itself(self, company: Company) -> None:
        with company.inside():
            availability.add_leave(
                company.agent.id, TODAY - timedelta(2), TODAY + timedelta(2), by=company.owner.user()
            )
            past = (TODAY - timedelta(20), TODAY - timedelta(9))
            availability.add_leave(company.colleague.id, *past, by=company.owner.user())
        taken = [arrive(company) for _ in range(2)]
        assert {each.owner_id for each in taken} == {company.colleague.id}
        assert (reasons(company, taken[0].lead_id)[company.agent.name] or "").startswith("on leave until ")

    def test_nobody_is_given_leads_on_a_holiday(self, company: Company) -> None:
        around = [TODAY + timedelta(days=days) for days in (-1, 0, 1)]
        change_company(company, holidays={f"{day}": "Fiesta" for day in around})
        taken = arrive(company)
        assert (taken.state, set(reasons(company, taken.lead_id).values())) == ("unassigned", {"company holiday"})
        change_company(company, holidays={})
        drain(company)
        assert sights.lead(company, taken.lead_id).state == "owned"

    @pytest.mark.parametrize(
        ("mode", "presence", "is_passed_by"),
        [
            ("ignore", "offline", False),
            ("skip_offline", "offline", True),
            ("skip_offline", "away", False),
            ("only_available", "away", True),
        ],
    )
    def test_presence_counts_as_the_company_says(
        self, company: Company, mode: str, presence: str, is_passed_by: bool
    ) -> None:
        change_company(company, presence_mode=mode)
        change_user(company, company.agent, presence=presence)
        owners = {arrive(company).owner_id for _ in range(2)}
        assert (company.agent.id not in owners) is is_passed_by

    def test_exclusive_tags_need_one_and_required_ones_all(self, company: Company) -> None:
        for text, kind in (("Solar", "exclusive"), ("Ronda", "required"), ("Night", "required")):
            assert company.owner.api.post("/tags", {"text": text, "kind": kind}).status_code == 201
        change_user(company, company.agent, tags=["solar", "ronda"])
        change_user(company, company.colleague, tags=["Ronda", "NIGHT"])
        assert {arrive(company, text="Solar in Ronda").owner_id for _ in range(2)} == {company.agent.id}
        assert {arrive(company, text="Ronda by night").owner_id for _ in range(2)} == {company.colleague.id}
        nobody = arrive(company, text="Solar in Ronda by night")
        assert reasons(company, nobody.lead_id) == {
            company.agent.name: "lacks required tags: Night",
            company.colleague.name: "carries none of the exclusive tags: Solar",
        }


class TestPickers:
    """Who comes first among those who can."""

    def test_best_match_goes_by_tags_and_points(self, company: Company) -> None:
        pool = make_pool(company, [company.agent, company.colleague], delivery="assign", picker="best_match")
        company.owner.api.post("/tags", {"text": "A", "weight": 10})
        company.owner.api.post("/tags", {"text": "B", "weight": 90})
        change_user(company, company.agent, tags=["A"])
        change_user(company, company.colleague, tags=["B"])
        assert {arrive(company, tags=["A"]).owner_id for _ in range(2)} == {company.agent.id}
        assert {arrive(company, tags=["A", "B"]).owner_id for _ in range(2)} == {company.colleague.id}
        members = [{"user_id": str(company.agent.id), "priority": 81}, {"user_id": str(company.colleague.id)}]
        assert company.owner.api.put(f"/pools/{pool.id}/members", {"members": members}).status_code == 200
        assert arrive(company, tags=["A", "B"]).owner_id == company.agent.id
        assert_consistent(company)

    def test_somebodys_address_in_a_lead_speaks_for_them(self, company: Company) -> None:
        make_pool(company, [company.agent, company.colleague], delivery="assign", picker="best_match")
        text = f"Please have {company.agent.email.upper()} call me"
        assert {arrive(company, text=text).owner_id for _ in range(3)} == {company.agent.id}

    def test_the_least_loaded_comes_first(self, company: Company) -> None:
        for _ in range(3):
            arrive(company, assignee=company.agent.email)
        make_pool(company, {company.agent: 1, company.colleague: 1}, delivery="assign", picker="least_loaded")
        assert [arrive(company).owner_id for _ in range(3)] == [company.colleague.id] * 3
        assert_consistent(company)

    def test_one_person_gets_it_whether_or_not_they_take_turns(self, company: Company) -> None:
        make_pool(company, [company.agent], delivery="assign", picker="single", single_user_id=company.colleague.id)
        assert {arrive(company).owner_id for _ in range(2)} == {company.colleague.id}
        change_user(company, company.colleague, available=False)
        change_company(company, fallback_any_active=False)
        assert arrive(company).state == "unassigned"
        assert_consistent(company)

    def test_a_pool_may_wait_for_its_own_people(self, company: Company) -> None:
        make_pool(company, [company.agent], [company.colleague], delivery="assign", when_nobody_available="wait")
        change_user(company, company.agent, available=False)
        taken = arrive(company)
        assert (taken.state, taken.waiting_for) == ("unassigned", "routing")
        change_user(company, company.agent, available=True)
        drain(company)
        assert sights.lead(company, taken.lead_id).owner_id == company.agent.id
        assert_consistent(company)


class TestLeave:
    """Who may note it, and what makes no sense."""

    def test_people_note_their_own_and_managers_that_of_theirs(self, company: Company) -> None:
        for by in (company.agent, company.owner):
            with company.inside():
                availability.add_leave(company.agent.id, TODAY, TODAY, by=by.user())
        with company.inside(), pytest.raises(NotFound):
            availability.add_leave(company.agent.id, TODAY, TODAY, by=company.colleague.user())

    def test_of_those_above_nobody_notes_any(self, company: Company) -> None:
        with company.inside(), pytest.raises((Forbidden, NotFound)):
            availability.add_leave(company.owner.id, TODAY, TODAY, by=company.manager.user())

    @pytest.mark.parametrize("last", [date(2026, 5, 3), date(2036, 5, 3)])
    def test_days_have_to_make_sense(self, company: Company, last: date) -> None:
        with company.inside(), pytest.raises(Invalid):
            availability.add_leave(company.agent.id, date(2026, 5, 4), last, by=company.owner.user())

    def test_it_is_listed_and_removed(self, company: Company) -> None:
        path = f"/users/{company.agent.id}/leaves"
        day = f"{TODAY + timedelta(3)}"
        made = company.owner.api.post(path, {"first_day": day, "last_day": day})
        assert made.status_code == 201
        assert company.agent.api.get(path).json["items"] == [made.json]
        assert company.colleague.api.delete(f"{path}/{made.json['id']}").status_code == 404
        assert company.agent.api.delete(f"{path}/{made.json['id']}").status_code == 204
        with company.inside():
            assert leaves_of(company.agent.id) == []


def test_tags_somebody_carries_that_nobody_has_heard_of_are_made(company: Company) -> None:
    change_user(company, company.agent, tags=["Roof", "ROOF", "Málaga"])
    with company.inside():
        assert company.agent.user().tags == ["ROOF", "Málaga"]
    assert {tag.normal for tag in sights.rows(company, select(Tag))} == {"roof", "malaga"}


def test_a_renamed_tag_is_carried_on(company: Company) -> None:
    tag = company.owner.api.post("/tags", {"text": "Roof"}).json
    change_user(company, company.agent, tags=["roof", "Solar"])
    assert company.owner.api.patch(f"/tags/{tag['id']}", {"text": "Tiles"}).status_code == 200
    with company.inside():
        assert company.agent.user().tags == ["Tiles", "Solar"]
    assert company.owner.api.post("/tags", {"text": "TILES"}).status_code == 422
    assert company.agent.api.post("/tags", {"text": "Walls"}).status_code == 403
    assert company.owner.api.delete(f"/tags/{tag['id']}").status_code == 204


class TestWhatTimeItselfChanges:
    """Hours open, leaves end and caps begin anew without anybody doing anything."""

    def test_while_leads_wait_they_are_looked_at_again(self, company: Company) -> None:
        change_company(company, fallback_any_active=False)
        make_pool(company, [company.agent], delivery="assign")
        change_user(company, company.agent, hours=never_today())
        taken = arrive(company)
        drain(company)
        assert [work.subject_id for work in sights.work(company, "drain")] == [company.id]
        change_user(company, company.agent, hours=None)
        drain(company)
        assert sights.lead(company, taken.lead_id).owner_id == company.agent.id
        assert sights.work(company, "drain") == []

    def test_a_waiting_lead_is_looked_at_when_it_is_corrected_or_its_customer_writes(self, company: Company) -> None:
        change_company(company, fallback_any_active=False)
        make_pool(company, [company.agent], delivery="assign")
        change_user(company, company.agent, excluded_lead_types=["Roof"])
        taken = arrive(company, lead_type="Roof", phone="+14155550100")
        assert taken.state == "unassigned"
        assert company.owner.api.patch(f"/leads/{taken.lead_id}", {"lead_type": "Walls"}).status_code == 200
        drain(company)
        assert sights.lead(company, taken.lead_id).owner_id == company.agent.id


class TestOnePerson:
    """A pool that names one."""

    @pytest.fixture(autouse=True)
    def pool(self, company: Company) -> None:
        change_company(company, fallback_any_active=False)
        make_pool(company, picker="single", single_user_id=company.agent.id)

    def test_whoever_missed_it_gets_it_again_when_they_ask(self, company: Company) -> None:
        taken = arrive(company)
        miss(company)
        chance = ask_again(company.agent, taken.offers[0])
        assert sights.offer(company, chance.id).state == "open"
        assert_consistent(company)

    def test_whoever_leaves_holds_no_offer(self, company: Company) -> None:
        taken = arrive(company)
        change_user(company, company.agent, active=False)
        assert sights.offer(company, taken.offers[0]).state == "withdrawn"
        assert_consistent(company)


def test_a_lead_goes_on_naming_the_rule_that_was_deleted_meanwhile(company: Company) -> None:
    change_company(company, fallback_any_active=False)
    pool = make_pool(company, [company.agent, company.colleague], default_rule=False)
    rule = company.owner.api.post("/rules", {"name": "All", "pool_id": str(pool.id)}).json["id"]
    taken = arrive(company)
    assert company.owner.api.delete(f"/rules/{rule}").status_code == 204
    miss(company)
    lead = sights.lead(company, taken.lead_id)
    assert (lead.state, str(lead.rule_id)) == ("offering", rule)


def test_tags_sent_with_a_later_message_are_made_and_kept(company: Company) -> None:
    first = arrive(company, phone="+14155550100")
    again = arrive(company, phone="+14155550100", tags=["Pool"])
    assert again.lead_id == first.lead_id
    assert "Pool" in sights.lead(company, first.lead_id).tags_found
    assert [tag.text for tag in sights.rows(company, select(Tag))] == ["Pool"]


def test_leaves_that_are_over_do_not_count(company: Company, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(availability, "MOST_LEAVES", 1)
    with company.inside():
        by = company.owner.user()
        availability.add_leave(company.agent.id, date(2020, 1, 1), date(2020, 1, 2), by=by)
        availability.add_leave(company.agent.id, TODAY, TODAY, by=by)
        with pytest.raises(Conflict):
            availability.add_leave(company.agent.id, TODAY, TODAY, by=by)
