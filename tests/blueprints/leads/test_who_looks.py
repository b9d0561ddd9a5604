"""The list is quick because much is kept; who looks is asked afresh each time all the same."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from apiflask import APIFlask
from flask.testing import FlaskClient

from portal.extensions import db
from portal.models import Account, Company
from portal.sign_in import SESSION_LASTS
from tests.cast import Company as Cast
from tests.cast import Person, make_company
from tests.factories import make_lead, make_user
from tests.page import sign_in

LIST = "/leads?bucket=mine"


def shown(client: FlaskClient) -> bool:
    """Whether the list is shown, rather than the way to the sign-in page."""
    return client.get(LIST).status_code == 200


def browser_of(app: APIFlask, person: Person) -> FlaskClient:
    client = sign_in(app, person).client
    assert shown(client)
    return client


def test_a_cookie_that_was_tampered_with_is_refused_after_a_good_one_was_kept(app: APIFlask, company: Cast) -> None:
    client = browser_of(app, company.agent)
    cookie = client.get_cookie("baton")
    assert cookie is not None
    for place in (0, len(cookie.value) // 2, len(cookie.value) - 2):
        other = "A" if cookie.value[place] != "A" else "B"
        client.set_cookie("baton", cookie.value[:place] + other + cookie.value[place + 1 :])
        assert not shown(client)
    client.set_cookie("baton", cookie.value)
    assert shown(client)


def test_a_cookie_that_was_kept_is_too_old_when_it_is(app: APIFlask, company: Cast) -> None:
    client = browser_of(app, company.agent)
    cookie = client.get_cookie("baton")
    assert cookie is not None
    with time_machine.travel(datetime.now(UTC) + SESSION_LASTS + timedelta(minutes=1)):
        client.set_cookie("baton", cookie.value)
        assert not shown(client)


def test_who_was_deactivated_sees_nothing_from_the_next_look_on(app: APIFlask, company: Cast) -> None:
    client = browser_of(app, company.agent)
    with company.inside():
        company.agent.user().active = False
        db.session.commit()
    assert not shown(client)


@pytest.mark.parametrize("change", [{"active": False}, {"fs_uniquifier": "a new one"}])
def test_an_account_that_was_shut_or_changed_its_password_sees_nothing(
    app: APIFlask, company: Cast, change: dict[str, object]
) -> None:
    client = browser_of(app, company.agent)
    with app.app_context():
        account = db.session.get_one(Account, company.agent.account_id)
        for name, value in change.items():
            setattr(account, name, value)
        db.session.commit()
    assert not shown(client)


def test_a_change_of_boxes_or_isolation_counts_at_once(app: APIFlask, company: Cast) -> None:
    make_lead(company, company.colleague)
    browser = sign_in(app, company.agent)
    assert "Assigned" in browser.open("/leads").words
    with company.inside():
        db.session.get_one(Company, company.id).isolate_leads = True
        db.session.commit()
    assert "Assigned" not in browser.open("/leads").words


def test_people_of_one_name_in_companies_of_one_name_share_no_token(app: APIFlask) -> None:
    twins = [make_user(make_company(app, "Twin & Sons"), "Tom <b>Twin</b>", roles=["agent"]) for _ in range(2)]
    pages = [sign_in(app, twin).open(f"{LIST}&q={number}") for number, twin in enumerate(twins)]
    tokens = {page.form("/logout").fields["csrf_token"] for page in pages}
    assert len(tokens) == 2
    assert [page.form("/look").fields["next"] for page in pages] == [f"{LIST}&q=0", f"{LIST}&q=1"]
    assert all("Tom <b>Twin</b>" in page.words for page in pages)


def test_a_token_of_one_session_sends_no_form_of_another(app: APIFlask, company: Cast) -> None:
    first, second = sign_in(app, company.agent), sign_in(app, company.colleague)
    token = first.open(LIST).form("/logout").fields["csrf_token"]
    second.open(LIST)
    assert second.client.post("/me/available", data={"csrf_token": token, "available": "no"}).status_code == 400


def test_rows_that_were_kept_belong_to_who_may_see_them(app: APIFlask, company: Cast, other_company: Cast) -> None:
    names = {company.id: "<i>Ours</i>", other_company.id: "<i>Theirs</i>"}
    for cast in (company, other_company):
        cast.owner.api.post("/leads", {"name": names[cast.id], "phone": "+1 415 555 0177"})
    for _ in range(2):
        ours = sign_in(app, company.owner).open("/leads?bucket=unassigned")
        theirs = sign_in(app, other_company.owner).open("/leads?bucket=unassigned")
        assert "<i>Ours</i>" in ours.words
        assert "Theirs" not in ours.html
        assert "<i>Theirs</i>" in theirs.words
        assert "Ours" not in theirs.html
