"""One form, pressed twice at the same instant, on the pages that make something."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from uuid import uuid4

import pytest
from apiflask import APIFlask
from flask.testing import FlaskClient
from sqlalchemy import func, select
from werkzeug.test import TestResponse

from portal.extensions import db
from portal.models import Key, Lead, Leave, OwnRole, Pool, Rule, Team, Touch, User
from portal.operations.drafts import begin_draft
from portal.queries.replays import draft_now
from tests.cast import Company
from tests.consistency import assert_consistent
from tests.factories import make_pool
from tests.page import Browser, sign_in
from tests.races.at_once import at_once

FORMS: dict[str, tuple[str, dict[str, Any], Any]] = {
    "a lead": ("/leads/new", {"name": "Carla Customer", "phone": "+1 503 555 0100"}, Lead),
    "a pool": ("/pools/new", {"name": "West"}, Pool),
    "a person": ("/people/new", {"name": "Nina New", "email": "nina@example.com"}, User),
    "a team": ("/settings/teams", {"name": "Seattle"}, Team),
    "a role": ("/settings/roles/new", {"name": "Reader", "grants": "reports"}, OwnRole),
    "days away": ("/people/{agent}/leaves", {"first_day": "2099-05-04", "last_day": "2099-05-08"}, Leave),
    "one's own days away": ("/me/leaves", {"first_day": "2099-05-04", "last_day": "2099-05-08"}, Leave),
    "a copy of a rule": ("/settings/rules/{rule}/copy", {}, Rule),
    "a key": ("/settings/keys", {"scope": "full"}, Key),
}
# The page a form stands on, where it has another address than the form.
SHOWN_ON = {
    "days away": "/people/{agent}/availability",
    "one's own days away": "/me",
    "a copy of a rule": "/settings/rules",
}
REDIRECTED = [name for name in FORMS if name != "a key"]


def presses(
    browser: Browser, address: str, typed: dict[str, Any], times: int, *, page: str | None = None
) -> list[Callable[[], TestResponse]]:
    """The same opened form, sent from several tabs of one person."""
    form = browser.open(page or address).form(address)
    fields = form.fields
    for name, value in typed.items():
        fields.setlist(name, [value])
    cookie = browser.client.get_cookie("baton")
    assert cookie is not None

    def press() -> TestResponse:
        tab: FlaskClient = browser.app.test_client()
        tab.set_cookie("baton", cookie.value)
        return tab.post(form.action, data=fields, headers={"Sec-Fetch-Site": "same-origin"})

    return [press] * times


def count(company: Company, table: Any) -> int:
    with company.inside():
        return db.session.scalar(select(func.count()).select_from(table)) or 0


@pytest.mark.parametrize("made", REDIRECTED)
def test_pressed_at_once_it_is_made_once_and_every_press_leads_to_it(
    app: APIFlask, company: Company, made: str
) -> None:
    address, typed, table = FORMS[made]
    rule = company.owner.api.post("/rules", {"name": "West", "conditions": {"region": "West"}}).json["id"]
    ids = {"agent": company.agent.id, "rule": rule}
    page = SHOWN_ON.get(made, address).format(**ids)
    before = count(company, table)
    answers = at_once(*presses(sign_in(app, company.owner), address.format(**ids), typed, 4, page=page))
    assert [answer.status_code for answer in answers] == [303] * 4, answers[0].text
    assert len({answer.headers["Location"] for answer in answers}) == 1
    assert count(company, table) == before + 1
    assert_consistent(company)


@pytest.mark.parametrize(
    ("page", "address", "typed"),
    [
        ("/settings/draft/rules/new", "/settings/draft/rules/new", {"name": "East", "city": "Waco"}),
        ("/settings/draft", "/settings/draft/rules/1/copy", {}),
    ],
)
def test_a_rule_of_the_draft_pressed_at_once_is_in_it_once(
    app: APIFlask, company: Company, page: str, address: str, typed: dict[str, Any]
) -> None:
    company.owner.api.post("/rules", {"name": "West"})
    with company.inside():
        begin_draft(by=company.owner.user())
    answers = at_once(*presses(sign_in(app, company.owner), address, typed, 4, page=page))
    assert [answer.status_code for answer in answers] == [303] * 4, answers[0].text
    assert len({answer.headers["Location"] for answer in answers}) == 1
    with company.inside():
        draft = draft_now()
        assert draft is not None
        assert len(draft.data["rules"]) == 3
    assert count(company, Rule) == 2


def test_a_lead_pressed_twice_is_no_second_message_of_the_customer_either(app: APIFlask, company: Company) -> None:
    make_pool(company, [company.agent])
    address, typed, _ = FORMS["a lead"]
    at_once(*presses(sign_in(app, company.owner), address, typed, 2))
    assert count(company, Touch) == 1


def test_a_key_is_shown_by_one_press_and_by_no_other(app: APIFlask, company: Company) -> None:
    address, typed, table = FORMS["a key"]
    before = count(company, table)
    answers = at_once(*presses(sign_in(app, company.owner), address, typed, 4))
    assert sorted(answer.status_code for answer in answers) == [200, 409, 409, 409]
    [shown] = [answer for answer in answers if answer.status_code == 200]
    assert 'id="key"' in shown.text
    assert not any('id="key"' in answer.text for answer in answers if answer is not shown)
    assert all("made already" in answer.text for answer in answers if answer is not shown)
    assert count(company, table) == before + 1


@pytest.mark.parametrize("made", [name for name in FORMS if name != "a copy of a rule"])
def test_filled_in_anew_after_going_back_it_makes_another(app: APIFlask, company: Company, made: str) -> None:
    address, typed, table = FORMS[made]
    ids = {"agent": company.agent.id}
    browser, before = sign_in(app, company.owner), count(company, table)
    form = browser.open(SHOWN_ON.get(made, address).format(**ids)).form(address.format(**ids))
    form.send(**typed)
    other = {"name": "Other", "phone": "+1 503 555 0199", "email": "other@example.com", "scope": "intake"}
    other |= {"last_day": "2099-05-09"}
    form.send(**{name: other.get(name, value) for name, value in typed.items()})
    assert count(company, table) == before + 2


def test_the_same_key_in_other_hands_is_another_form(app: APIFlask, company: Company) -> None:
    address, _, table = FORMS["a key"]
    before, key = count(company, table), str(uuid4())
    for person in (company.owner, company.manager):
        assert sign_in(app, person).open(address).form(address).send(form_key=key).h1 == "Your new key"
    assert count(company, table) == before + 2


def test_what_was_refused_can_be_put_right_and_sent_again(app: APIFlask, company: Company) -> None:
    make_pool(company, [company.agent], name="West")
    form = sign_in(app, company.owner).open("/pools/new").form("/pools/new")
    before = count(company, Pool)
    assert form.send(name="West", status=422).error_of("name")
    form.send(name="East")
    assert count(company, Pool) == before + 1
