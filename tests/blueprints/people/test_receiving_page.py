"""“Who can receive right now, and why not”, as a page and as a call."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from apiflask import APIFlask

from portal.blueprints.people.receiving import in_words
from portal.extensions import db
from portal.models import Leave, new_id
from portal.queries.receiving import Receiving
from portal.routing.facts import Refusal
from tests.cast import Company, Person
from tests.factories import make_lead, make_own_role, make_pool, make_team, make_user
from tests.page import Browser, Page, sign_in

PAGE = "/people/receiving"


@pytest.fixture
def owner(app: APIFlask, company: Company) -> Browser:
    return sign_in(app, company.owner)


def rows_of(page: Page) -> list[str]:
    return [" ".join("".join(row.itertext()).split()) for row in page.root.findall(".//tbody/tr")]


def row_of(page: Page, person: Person) -> str:
    return next(words for words in rows_of(page) if person.name in words)


def on_leave(company: Company, person: Person, last: date) -> None:
    with company.inside():
        leave = Leave(company_id=company.id, id=new_id(), user_id=person.id, first_day=date(2020, 1, 1), last_day=last)
        db.session.add(leave)
        db.session.commit()


def test_it_says_of_everybody_who_may_receive_whether_they_do_and_why_not(owner: Browser, company: Company) -> None:
    on_leave(company, company.colleague, date(2099, 5, 3))
    full = make_user(company, "Full Felix", open_cap=1)
    make_lead(company, full)
    page = owner.open(PAGE)
    assert "Receives" in row_of(page, company.agent)
    assert "Not now on leave until 3 May 2099" in row_of(page, company.colleague)
    assert "Not now at 1 of 1 open leads" in row_of(page, full)
    assert company.manager.name not in " ".join(rows_of(page)), "a manager's role receives nothing"


def test_those_who_receive_come_first(owner: Browser, company: Company) -> None:
    make_user(company, "Aaron Away", available=False)
    assert ["Not now" in row for row in rows_of(owner.open(PAGE))] == sorted(
        "Not now" in row for row in rows_of(owner.open(PAGE))
    )
    assert "Aaron Away" in rows_of(owner.open(PAGE))[-1]


def test_a_pause_is_said_with_its_beginning(owner: Browser, company: Company) -> None:
    company.owner.api.patch(f"/users/{company.agent.id}", {"available": False})
    today = f"{datetime.now(UTC):%H:}"
    assert f"paused since {today}" in row_of(owner.open(PAGE), company.agent)


def test_a_pool_shows_its_members_by_its_own_gates(owner: Browser, company: Company) -> None:
    pool = make_pool(company, {company.agent: 1, company.colleague: 0}, name="Solar")
    stranger_to_it = make_user(company, "Nina Next")
    page = owner.open(PAGE).form(PAGE).send(pool=str(pool.id))
    assert "Receives" in row_of(page, company.agent)
    assert "at weight 0" in row_of(page, company.colleague)
    assert stranger_to_it.name not in " ".join(rows_of(page))
    assert "1 of 2 can receive a lead now" in page.words


def test_it_is_linked_where_people_and_pools_are_looked_at(owner: Browser, company: Company) -> None:
    pool = make_pool(company, [company.agent])
    for path in ("/people", "/pools", "/dashboard"):
        assert owner.open(path).press_link("Who can receive now").h1 == "Who can receive now"
    page = owner.open(f"/pools/{pool.id}").press_link("Who can receive now, and why not")
    assert page.address == f"{PAGE}?pool={pool.id}"
    assert page.dead_links() == []


@pytest.mark.parametrize("pool", ["nonsense", "0190a7d4-0000-7000-8000-000000000000"])
def test_a_pool_there_is_not_answers_kindly(owner: Browser, pool: str) -> None:
    owner.open(f"{PAGE}?pool={pool}", status=404)


class TestWhoSeesIt:
    def test_an_agent_does_not(self, app: APIFlask, company: Company) -> None:
        sign_in(app, company.agent).open(PAGE, status=403)
        assert company.agent.api.get("/users/receiving").status_code == 403

    def test_a_manager_does_without_a_way_to_pages_they_may_not_open(self, app: APIFlask, company: Company) -> None:
        make_pool(company, [company.agent])
        page = sign_in(app, company.manager).open(PAGE)
        assert company.agent.name in page.words
        assert page.dead_links() == []

    def test_who_looks_after_a_team_sees_those_of_it(self, company: Company) -> None:
        west, east = make_team(company, "West"), make_team(company, "East")
        inside, outside = make_user(company, "Willy", team_id=west.id), make_user(company, "Eve", team_id=east.id)
        role = make_own_role(company, "people:team")
        chief = make_user(company, "Chief", roles=[str(role.id)], own_grants=["people:team"], team_id=west.id)
        names = [each["name"] for each in chief.api.get("/users/receiving").json["items"]]
        assert inside.name in names
        assert outside.name not in names

    def test_who_sets_up_their_teams_pools_chooses_among_those(self, app: APIFlask, company: Company) -> None:
        west = make_team(company, "West")
        role = make_own_role(company, "distribution:team")
        maker = make_user(company, "Maker", roles=[str(role.id)], own_grants=["distribution:team"], team_id=west.id)
        theirs = make_pool(company, [company.agent], team_id=west.id, name="West pool")
        another = make_pool(company, [company.agent], name="All over")
        page = sign_in(app, maker).open(PAGE)
        assert theirs.name in page.words
        assert another.name not in page.words
        page.browser.open(f"{PAGE}?pool={another.id}", status=404)

    def test_who_only_looks_after_people_chooses_no_pool(self, app: APIFlask, company: Company) -> None:
        role = make_own_role(company, "people")
        helper = make_user(company, "Helper", roles=[str(role.id)], own_grants=["people"])
        pool = make_pool(company, [company.agent], name="Roofing")
        assert "Roofing" not in sign_in(app, helper).open(PAGE).words
        assert helper.api.get(f"/users/receiving?pool={pool.id}").status_code == 403

    def test_another_companys_pool_does_not_exist(
        self, owner: Browser, company: Company, other_company: Company
    ) -> None:
        theirs = make_pool(other_company, [other_company.agent])
        owner.open(f"{PAGE}?pool={theirs.id}", status=404)
        assert company.owner.api.get(f"/users/receiving?pool={theirs.id}").status_code == 404


def test_a_program_gets_gate_reason_and_times(company: Company) -> None:
    on_leave(company, company.colleague, date(2099, 5, 3))
    items = {each["user_id"]: each for each in company.owner.api.get("/users/receiving").json["items"]}
    assert items[str(company.agent.id)] == {
        "user_id": str(company.agent.id),
        "name": company.agent.name,
        "receives": True,
        "gate": None,
        "reason": None,
        "since": None,
        "until": None,
    }
    away = items[str(company.colleague.id)]
    assert (away["receives"], away["gate"], away["reason"]) == (False, "available", "on leave until 3 May 2099")
    assert away["until"].startswith("2099-05-04T00:00:00")


NOON = datetime(2026, 5, 4, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("facts", "said"),
    [
        ({}, None),
        ({"refusal": Refusal("available", "paused")}, "paused"),
        ({"refusal": Refusal("available", "paused"), "since": NOON - timedelta(hours=3)}, "paused since 11:00 CEST"),
        (
            {"refusal": Refusal("hours", "outside working hours"), "until": datetime(2026, 5, 9, 7, tzinfo=UTC)},
            "outside working hours, opens Saturday 09:00 CEST",
        ),
        (
            {"refusal": Refusal("hours", "outside working hours"), "until": datetime(2027, 1, 9, 8, tzinfo=UTC)},
            "outside working hours, opens 9 January 2027 09:00 CET",
        ),
        (
            {"refusal": Refusal("caps", "at 3 of 3 leads today"), "until": datetime(2026, 5, 4, 22, tzinfo=UTC)},
            "at 3 of 3 leads today, again from Tuesday 00:00 CEST",
        ),
        (
            {"refusal": Refusal("available", "on leave until 3 May"), "until": datetime(2026, 5, 3, 22, tzinfo=UTC)},
            "on leave until 3 May",
        ),
    ],
)
def test_a_refusal_is_said_with_its_times_where_they_are_known(facts: dict[str, Any], said: str | None) -> None:
    assert in_words(Receiving(new_id(), "Ben", None, "Europe/Madrid", **facts), NOON) == said
