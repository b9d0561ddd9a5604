"""The outbox: messages with working links, while no mail server is set."""

from __future__ import annotations

from dataclasses import replace
from urllib.parse import urlsplit

import pytest
from apiflask import APIFlask

from portal.blueprints.outbox.wording import linked
from portal.extensions import db
from portal.operations.offers import end_due
from tests.cast import Company
from tests.factories import make_pool, make_user
from tests.operations.acts import change_company
from tests.page import Browser, Page, sign_in


@pytest.fixture
def owner(app: APIFlask, company: Company) -> Browser:
    return sign_in(app, company.owner)


def links_in_messages(page: Page) -> list[str]:
    """The paths of the links in the messages' words."""
    found = [link.get("href", "") for article in page.root.iter("article") for link in article.iter("a")]
    return [urlsplit(link).path for link in found]


def add_person(browser: Browser, name: str, email: str, role: str = "agent") -> None:
    browser.open("/people/new").press("Add", name=name, email=email, roles=[role])


def test_an_empty_outbox_says_what_will_be_here(owner: Browser) -> None:
    assert "No messages yet" in owner.open("/outbox").words


def test_an_offer_is_shown_with_a_link_that_works(owner: Browser, company: Company) -> None:
    make_pool(company, [company.agent])
    company.owner.api.post("/leads", {"name": "Carla", "phone": "+14155550123", "text": "Solar please"})
    page = owner.open("/outbox")
    assert company.agent.email in page.words
    [offer] = {path for path in links_in_messages(page) if path.startswith("/o/")}
    assert Browser(page.browser.app).client.get(offer).status_code == 200


def test_whoever_missed_a_lead_is_told_where_it_is_now(owner: Browser, company: Company) -> None:
    change_company(company, fallback_any_active=False)
    pool = make_pool(company, [company.agent])
    asked = {"name": "Carla", "phone": "+14155550123", "text": "Solar please"}
    lead_id = company.owner.api.post("/leads", asked).get_json()["id"]
    with company.inside():
        for over in ("UPDATE offers SET expires_at = clock_timestamp()", "UPDATE due_work SET due_at = now()"):
            db.session.execute(db.text(over))
        db.session.commit()
        end_due(company.id, pool.id)
    page = owner.open("/outbox?cause=missed")
    assert "Nobody has the lead now" in page.words
    assert "passed on" not in page.words
    company.owner.api.post(f"/leads/{lead_id}/assign", {"user_id": str(company.colleague.id)})
    assert "Somebody else has the lead now" in owner.open("/outbox?cause=missed").words


def test_a_new_person_gets_in_by_the_link(owner: Browser) -> None:
    add_person(owner, "Nina Neu", "nina@example.com")
    [link] = links_in_messages(owner.open("/outbox"))
    page = Browser(owner.app).open(link).press("Set password", password="seven purple kettles")
    assert "Your password is set" in page.words


def test_account_links_of_people_above_are_hidden(app: APIFlask, owner: Browser, company: Company) -> None:
    add_person(owner, "Otto Owner", "otto@example.com", role="owner")
    admin = sign_in(app, make_user(company, "Ada Admin", roles=["admin"])).open("/outbox")
    assert "otto@example.com" in admin.words
    assert links_in_messages(admin) == []
    assert links_in_messages(owner.open("/outbox")) != []


def test_it_is_narrowed_by_person_and_cause(owner: Browser, company: Company) -> None:
    add_person(owner, "Nina Neu", "nina@example.com")
    add_person(owner, "Olaf Neu", "olaf@example.com")
    page = owner.open("/outbox")
    nina = next(option.get("value") for option in page.root.iter("option") if option.text == "Nina Neu")
    narrowed = page.form("/outbox").send(user=nina)
    assert "nina@example.com" in narrowed.words
    assert "olaf@example.com" not in narrowed.words
    assert "No messages like that" in page.form("/outbox").send(cause="offer").words


def test_older_messages_are_on_the_next_page(owner: Browser) -> None:
    for number in range(27):
        add_person(owner, f"Person {number}", f"person{number}@example.com")
    page = owner.open("/outbox")
    assert len(list(page.root.iter("article"))) == 25
    older = page.press_link("Older")
    assert len(list(older.root.iter("article"))) == 2
    assert older.press_link("Newest").address == "/outbox"


@pytest.mark.parametrize(
    ("query", "status"), [("user=nonsense", 404), ("cause=nonsense", 422), ("cursor=nonsense", 422)]
)
def test_nonsense_in_the_address_is_answered_kindly(owner: Browser, query: str, status: int) -> None:
    owner.open(f"/outbox?{query}", status=status)


def test_another_companys_messages_are_not_shown(owner: Browser, app: APIFlask, other_company: Company) -> None:
    add_person(sign_in(app, other_company.owner), "Sten Stranger", "sten@example.com")
    page = owner.open("/outbox")
    assert "sten@example.com" not in page.words
    assert "Sten Stranger" not in page.words


@pytest.mark.parametrize("role", ["agent", "manager", "editor"])
def test_only_those_who_look_after_the_company_may(app: APIFlask, company: Company, role: str) -> None:
    sign_in(app, make_user(company, roles=[role])).open("/outbox", status=403)


def test_it_does_not_exist_once_mail_is_set_up(owner: Browser, app: APIFlask, monkeypatch: pytest.MonkeyPatch) -> None:
    assert "/outbox" in owner.open("/people").links
    with_mail = replace(app.extensions["settings"], mail_server="mail.example.com")
    monkeypatch.setitem(app.extensions, "settings", with_mail)
    owner.open("/outbox", status=404)
    assert "/outbox" not in owner.open("/people").links


def test_only_our_own_links_become_links() -> None:
    text = "See https://evil.example/<b> or https://ours.example/o/abc\n"
    shown = str(linked(text, ("https://ours.example/o/abc",)))
    assert shown == (
        'See https://evil.example/&lt;b&gt; or <a href="https://ours.example/o/abc">https://ours.example/o/abc</a>\n'
    )
