"""API keys on their page."""

from __future__ import annotations

import pytest
from apiflask import APIFlask

from portal.extensions import db
from portal.models import Key, new_id
from tests.cast import Api, Company, Person
from tests.factories import make_user
from tests.page import Browser, Page, sign_in


@pytest.fixture
def owner(app: APIFlask, company: Company) -> Browser:
    return sign_in(app, company.owner)


def secret_on(page: Page) -> str:
    element = page.find(".//code[@id='key']")
    assert element is not None
    assert element.text is not None
    return element.text


def key_row(company: Company, hint: str) -> Key:
    with company.inside():
        key = db.session.scalars(db.select(Key).where(Key.hint == hint)).one()
        db.session.expunge(key)
        return key


def test_a_key_is_shown_once_and_works(app: APIFlask, owner: Browser, company: Company) -> None:
    page = owner.open("/settings/keys").press("Make the key", scope="full")
    assert page.h1 == "Your new key"
    assert page.response.headers["Cache-Control"] == "no-store"
    secret = secret_on(page)
    assert Api(app, secret).get("/company").status_code == 200
    page = page.press_link("I have copied it")
    assert secret not in page.html
    assert secret[:12] in page.words


def test_a_key_may_act_as_somebody_below(app: APIFlask, owner: Browser, company: Company) -> None:
    page = owner.open("/settings/keys").press("Make the key", scope="full", as_email=company.agent.email)
    assert key_row(company, secret_on(page)[:12]).user_id == company.agent.id


def test_an_agent_makes_keys_for_themselves_only(app: APIFlask, company: Company) -> None:
    page = sign_in(app, company.agent).open("/settings/keys")
    assert page.value_of("as_email") == company.agent.email
    refused = page.press("Make the key", status=422, as_email=company.owner.email)
    assert refused.error_of("as_email")
    assert secret_on(page.press("Make the key"))


def test_an_admin_makes_no_key_for_the_owner(app: APIFlask, company: Company) -> None:
    page = sign_in(app, make_user(company, "Ada Admin", roles=["admin"])).open("/settings/keys")
    assert page.press("Make the key", status=422, as_email=company.owner.email).error_of("as_email")


def test_revoking_is_asked_once_and_ends_the_key(app: APIFlask, owner: Browser, company: Company) -> None:
    secret = secret_on(owner.open("/settings/keys").press("Make the key", scope="full"))
    page = owner.open("/settings/keys").press_link(f"Revoke the key {secret[:12]}")
    assert Api(app, secret).get("/company").status_code == 200
    assert "The key is revoked" in page.press("Revoke").words
    assert Api(app, secret).get("/company").status_code == 401


def test_an_agent_sees_only_their_own_keys(app: APIFlask, company: Company) -> None:
    theirs, mine = company.owner.key(), company.agent.key()
    page = sign_in(app, company.agent).open("/settings/keys")
    assert mine[:12] in page.words
    assert theirs[:12] not in page.words
    key = key_row(company, theirs[:12])
    page.browser.open(f"/settings/keys/{key.id}/revoke", status=404)
    token = page.form("/logout").fields["csrf_token"]
    page.browser.post(f"/settings/keys/{key.id}/revoke", {"csrf_token": token}, status=404)
    assert key_row(company, theirs[:12]).revoked_at is None


def test_another_companys_key_does_not_exist(
    owner: Browser, company: Company, other_company: Company, stranger: Person
) -> None:
    theirs = key_row(other_company, stranger.key()[:12])
    token = owner.open("/settings/keys").form("/logout").fields["csrf_token"]
    for key_id in (theirs.id, new_id()):
        owner.open(f"/settings/keys/{key_id}/revoke", status=404)
        owner.post(f"/settings/keys/{key_id}/revoke", {"csrf_token": token}, status=404)
    assert key_row(other_company, theirs.hint).revoked_at is None


def test_a_scope_that_does_not_exist_is_refused(owner: Browser, company: Company) -> None:
    assert owner.open("/settings/keys").press("Make the key", status=422, scope="everything").error_of("scope")
