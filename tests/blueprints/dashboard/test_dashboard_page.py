"""The dashboard: what needs somebody now, and how the last days went."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from apiflask import APIFlask

from portal.blueprints.dashboard.wording import time_in_words
from portal.extensions import db
from portal.models import Company as CompanyRow
from portal.models import User
from tests.cast import Company
from tests.factories import make_closed_lead, make_lead, make_offer, make_pool, make_user
from tests.page import Browser, Page, sign_in


@pytest.fixture
def manager(app: APIFlask, company: Company) -> Browser:
    return sign_in(app, company.manager)


def figure(page: Page, words: str) -> str:
    """The number above these words."""
    for box in page.root.iter():
        if box.get("class") == "figures":
            for one in box:
                said = " ".join("".join(one.itertext()).split())
                if words in said:
                    return "".join(one.find("strong").itertext())  # type: ignore[union-attr]
    raise AssertionError(f"no figure {words} in {page.words}")


def bars_of(page: Page) -> dict[str, str]:
    """The table beside the chart: day → leads."""
    [table] = [table for figure in page.root.iter("figure") for table in figure.iter("table")]
    rows = [["".join(cell.itertext()) for cell in row] for row in table.iter("tr")][1:]
    return dict(rows)


def day(at: datetime, zone: str = "UTC") -> str:
    local = at.astimezone(ZoneInfo(zone))
    return f"{local.day} {local:%b}"


def test_a_quiet_company_says_so(manager: Browser) -> None:
    page = manager.open("/dashboard")
    assert "no lead waits with an alarm" in page.words
    assert "No lead came in in the last 14 days" in page.words
    assert "Nobody has an open lead yet" in page.words
    assert "no pool is set for new leads" in page.words
    assert page.dead_links() == []


def test_what_needs_somebody_leads_to_exactly_those_leads(manager: Browser, company: Company) -> None:
    now = datetime.now(UTC)
    gone = make_user(company, "Gus Gone", active=False)
    stuck = make_lead(company, waiting_for="routing", alarmed_at=now)
    told = [make_lead(company, waiting_for="catch_all", alarmed_at=now) for _ in range(2)]
    left = make_lead(company, gone, needs_attention=True)
    calm = [make_lead(company), make_lead(company, company.agent), make_closed_lead(company, gone)]
    page = manager.open("/dashboard")
    for words, needs, bucket, wanted in (
        ("nobody could get it", "handing_out", "unassigned", [stuck]),
        ("nobody took it", "catch_all", "unassigned", told),
        ("with somebody who has left", "attention", "assigned", [left]),
    ):
        assert figure(page, words) == str(len(wanted))
        address = f"/leads?bucket={bucket}&needs={needs}"
        assert address in page.links
        listed = manager.open(address)
        assert f"Needs somebody: {words}" in listed.words
        everything = [stuck, *told, left, *calm]
        assert [lead.id for lead in everything if f"/leads/{lead.id}" in listed.links] == [lead.id for lead in wanted]


def test_a_need_that_does_not_exist_is_refused(manager: Browser) -> None:
    manager.open("/leads?bucket=unassigned&needs=coffee", status=422)


def test_leads_are_counted_by_the_days_of_the_company(manager: Browser, company: Company) -> None:
    zone = "Pacific/Auckland"
    with company.inside():
        db.session.get_one(CompanyRow, company.id).time_zone = zone
        db.session.commit()
    now = datetime.now(UTC)
    midnight = datetime.now(ZoneInfo(zone)).replace(hour=0, minute=0, second=0, microsecond=0)
    for at in (now, midnight, midnight - timedelta(seconds=1), now - timedelta(days=5), now - timedelta(days=20)):
        make_lead(company, created_at=at)
    page = manager.open("/dashboard")
    assert figure(page, "came in today") == "2"
    assert figure(page, "came in the last 7 days") == "4"
    days = bars_of(page)
    assert len(days) == 14
    assert (days[day(now, zone)], days[day(midnight - timedelta(seconds=1), zone)]) == ("2", "1")
    assert sum(map(int, days.values())) == 4


def test_the_median_says_how_long_until_accepted(manager: Browser, company: Company) -> None:
    pool = make_pool(company, [company.agent])
    now = datetime.now(UTC)
    for minutes in (2, 4, 90):
        lead = make_lead(company, company.agent, created_at=now - timedelta(hours=3))
        ended = now - timedelta(hours=3) + timedelta(minutes=minutes)
        make_offer(company, lead, company.agent, pool, state="accepted", ended_at=ended)
    missed = make_lead(company)
    make_offer(company, missed, company.agent, pool, state="missed", ended_at=now)
    assert figure(manager.open("/dashboard"), "until accepted") == "4 min"


def test_open_leads_stand_beside_people_the_most_first(manager: Browser, company: Company) -> None:
    for owner in (company.colleague, company.agent, company.colleague):
        make_lead(company, owner)
    make_closed_lead(company, company.agent)
    page = manager.open("/dashboard")
    [people] = [ul for ul in page.root.iter("ul") if ul.get("class") == "list bars"]
    rows = [" ".join("".join(item.itertext()).split()) for item in people]
    assert [row.endswith(number) for row, number in zip(rows, ("2 open leads", "1 open leads"), strict=True)]
    assert company.colleague.name in rows[0]
    assert f"/leads?bucket=assigned&owner={company.colleague.id}" in page.links


def test_offers_now_lead_to_the_leads_on_offer(manager: Browser, company: Company) -> None:
    make_offer(company, make_lead(company), company.agent, make_pool(company, [company.agent]))
    page = manager.open("/dashboard")
    assert figure(page, "on offer now") == "1"
    assert "/leads?bucket=unassigned&status=offering" in page.links


def test_nothing_of_another_company_is_counted(manager: Browser, other_company: Company) -> None:
    make_lead(other_company, other_company.agent)
    make_lead(other_company, waiting_for="routing", alarmed_at=datetime.now(UTC))
    page = manager.open("/dashboard")
    assert figure(page, "came in today") == "0"
    assert "Nobody has an open lead yet" in page.words
    assert "no lead waits with an alarm" in page.words


@pytest.mark.parametrize("role", ["agent", "trusted_employee", "editor"])
def test_it_is_for_those_who_look_after_others_leads(app: APIFlask, company: Company, role: str) -> None:
    browser = sign_in(app, make_user(company, roles=[role]))
    browser.open("/dashboard", status=403)
    assert "/dashboard" not in browser.open("/me").links


def test_a_script_in_a_name_is_only_text(manager: Browser, company: Company) -> None:
    with company.inside():
        db.session.get_one(User, (company.id, company.agent.id)).name = "<script>alert(1)</script>"
        db.session.commit()
    make_lead(company, company.agent)
    assert "<script>alert(1)</script>" in manager.open("/dashboard").words


@pytest.mark.parametrize(
    ("time", "words"),
    [
        (timedelta(seconds=20), "under 1 min"),
        (timedelta(minutes=59), "59 min"),
        (timedelta(minutes=60), "1 h"),
        (timedelta(minutes=125), "2 h 5 min"),
        (timedelta(hours=23, minutes=59, seconds=50), "1 day"),
        (timedelta(days=3), "3 days"),
    ],
)
def test_times_are_said_as_people_say_them(time: timedelta, words: str) -> None:
    assert time_in_words(time) == words
