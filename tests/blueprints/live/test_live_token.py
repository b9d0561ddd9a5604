"""The address of one's event stream."""

from __future__ import annotations

from urllib.parse import parse_qs, urlsplit

import pytest
from apiflask import APIFlask

from portal.extensions import db
from portal.models import Company as CompanyRow
from portal.models import LeadAccess, User
from portal.permissions import Sight
from portal.tokens import Reader, read_live_token
from tests.cast import Company, Person
from tests.page import Browser, sign_in

SECRET = "for tests only, long enough to be believed"


@pytest.fixture
def _has_events(app: APIFlask, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(app.extensions, "has_events", True)


def reader_told(browser: Browser) -> Reader:
    address = urlsplit(browser.client.get("/live/token").get_json()["events"])
    assert address.path == "/events"
    return read_live_token(parse_qs(address.query)["token"][0], SECRET)[0]


@pytest.mark.usefixtures("_has_events")
def test_a_page_brings_the_address_of_its_stream(app: APIFlask, company: Company) -> None:
    body = sign_in(app, company.agent).open("/me").find("body")
    assert body is not None
    token = parse_qs(urlsplit(body.get("data-events", "")).query)["token"][0]
    assert read_live_token(token, SECRET)[0].user_id == company.agent.id


@pytest.mark.usefixtures("_has_events")
def test_the_token_says_what_the_viewer_may_be_told(app: APIFlask, company: Company) -> None:
    assert reader_told(sign_in(app, company.manager)).sight.boxes == frozenset(LeadAccess)
    change_boxes(company, company.agent, ["mine", "unassigned"])
    agent = sign_in(app, company.agent)
    mine = Reader(company.id, Sight(company.agent.id, frozenset({LeadAccess.MINE, LeadAccess.UNASSIGNED})))
    assert reader_told(agent) == mine
    with company.inside():
        db.session.get_one(CompanyRow, company.id).isolate_leads = True
        db.session.commit()
    assert reader_told(agent).sight.boxes == frozenset({LeadAccess.MINE})


@pytest.mark.usefixtures("_has_events")
def test_nobody_gets_one_without_a_session(app: APIFlask, company: Company) -> None:
    assert Browser(app).client.get("/live/token").status_code == 401
    gone = sign_in(app, company.agent)
    with company.inside():
        db.session.get_one(User, (company.id, company.agent.id)).active = False
        db.session.commit()
    assert gone.client.get("/live/token").status_code == 401


def test_where_there_are_no_streams_pages_are_given_none(app: APIFlask, company: Company) -> None:
    agent = sign_in(app, company.agent)
    assert agent.client.get("/live/token").get_json() == {"events": None}
    body = agent.open("/me").find("body")
    assert body is not None
    assert "data-events" not in body.attrib


def change_boxes(company: Company, person: Person, boxes: list[str]) -> None:
    with company.inside():
        db.session.get_one(User, (company.id, person.id)).lead_access = boxes
        db.session.commit()
