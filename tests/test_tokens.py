"""Link tokens: they name what they were made for, once, and nothing else."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from string import ascii_letters, digits
from uuid import UUID

import pytest
from apiflask import APIFlask
from hypothesis import given
from hypothesis import strategies as st

from portal.errors import NotFound
from portal.extensions import db
from portal.models import Account, LeadAccess, new_id
from portal.permissions import Sight
from portal.queries.clock import database_time
from portal.tokens import (
    AccountPurpose,
    OfferNamed,
    Reader,
    account_token,
    live_token,
    offer_link,
    offer_token,
    read_account_token,
    read_live_token,
    read_offer_token,
    set_password_link,
)

ALPHABET = ascii_letters + digits + "-_"
COMPANY, OFFER = new_id(), new_id()


@pytest.fixture
def inside(app: APIFlask) -> Iterator[None]:
    with app.app_context():
        yield


@pytest.fixture
def account(inside: None) -> Account:
    account = Account(id=new_id(), email="ana@example.com", password="hash of the old one", fs_uniquifier="one")
    db.session.add(account)
    db.session.commit()
    return account


def now() -> datetime:
    return database_time()


@pytest.mark.usefixtures("inside")
def test_an_offer_token_names_company_and_offer() -> None:
    assert read_offer_token(offer_token(COMPANY, OFFER)) == OfferNamed(COMPANY, OFFER, OFFER)


@pytest.mark.usefixtures("inside")
def test_every_rendering_gives_another_token_for_the_same_offer() -> None:
    tokens = {offer_token(COMPANY, OFFER) for _ in range(20)}
    assert len(tokens) == 20
    assert {read_offer_token(token) for token in tokens} == {OfferNamed(COMPANY, OFFER, OFFER)}


@pytest.mark.usefixtures("inside")
def test_a_token_one_was_led_to_names_where_one_began() -> None:
    first = new_id()
    token = offer_token(COMPANY, OFFER, first)
    assert read_offer_token(token) == OfferNamed(COMPANY, OFFER, first)
    for place in (0, 30, 60, 90):
        with pytest.raises(NotFound):
            read_offer_token(token[:place] + ("A" if token[place] != "A" else "B") + token[place + 1 :])


@pytest.mark.usefixtures("inside")
def test_an_offer_token_fits_into_an_address() -> None:
    token = offer_token(COMPANY, OFFER)
    assert set(token) <= set(ALPHABET)
    assert len(token) == 75


@pytest.mark.usefixtures("inside")
def test_no_single_changed_character_is_accepted() -> None:
    token = offer_token(COMPANY, OFFER)
    for place, right in enumerate(token):
        for wrong in ALPHABET:
            if wrong != right:
                with pytest.raises(NotFound):
                    read_offer_token(token[:place] + wrong + token[place + 1 :])


@pytest.mark.usefixtures("inside")
def test_no_cut_or_lengthened_token_is_accepted() -> None:
    token = offer_token(COMPANY, OFFER)
    for wrong in (
        *(token[:length] for length in range(len(token))),
        token + "A",
        token + "=",
        f" {token}",
        f"{token}\n",
    ):
        with pytest.raises(NotFound):
            read_offer_token(wrong)


@pytest.mark.usefixtures("inside")
def test_no_text_from_outside_is_accepted_or_breaks_reading() -> None:
    @given(st.text(max_size=120))
    def refuses(text: str) -> None:
        with pytest.raises(NotFound):
            read_offer_token(text)

    refuses()


@pytest.mark.usefixtures("inside")
def test_the_ids_of_another_offer_do_not_fit_the_seal() -> None:
    mine, other = offer_token(COMPANY, OFFER), offer_token(COMPANY, new_id())
    with pytest.raises(NotFound):
        read_offer_token(other[:43] + mine[43:])


def test_another_secret_key_makes_old_links_worthless(
    inside: None, app: APIFlask, monkeypatch: pytest.MonkeyPatch
) -> None:
    token = offer_token(COMPANY, OFFER)
    monkeypatch.setitem(app.extensions, "settings", replace(app.extensions["settings"], secret_key="another" * 8))
    with pytest.raises(NotFound):
        read_offer_token(token)


@pytest.mark.parametrize("purpose", AccountPurpose)
def test_an_account_token_names_its_account(account: Account, purpose: AccountPurpose) -> None:
    assert read_account_token(account_token(account, purpose, now()), purpose).id == account.id


def test_a_page_may_take_either_purpose(account: Account) -> None:
    for purpose in AccountPurpose:
        assert read_account_token(account_token(account, purpose, now()), *AccountPurpose).id == account.id


def test_a_token_of_one_purpose_is_not_good_for_another(account: Account) -> None:
    with pytest.raises(NotFound):
        read_account_token(account_token(account, AccountPurpose.SET_PASSWORD, now()), AccountPurpose.RESET)


@pytest.mark.parametrize(
    ("purpose", "lifetime"),
    [(AccountPurpose.SET_PASSWORD, timedelta(hours=72)), (AccountPurpose.RESET, timedelta(hours=1))],
)
def test_an_account_token_dies_when_its_time_is_over(
    account: Account, purpose: AccountPurpose, lifetime: timedelta
) -> None:
    nearly, just = now() - lifetime + timedelta(minutes=1), now() - lifetime - timedelta(seconds=1)
    assert read_account_token(account_token(account, purpose, nearly), purpose)
    with pytest.raises(NotFound):
        read_account_token(account_token(account, purpose, just), purpose)


def test_an_account_token_works_until_the_password_is_changed(account: Account) -> None:
    token = account_token(account, AccountPurpose.RESET, now())
    assert read_account_token(token, AccountPurpose.RESET)
    account.password = "hash of the new one"
    db.session.commit()
    with pytest.raises(NotFound):
        read_account_token(token, AccountPurpose.RESET)


def test_signing_out_everywhere_ends_open_links_as_well(account: Account) -> None:
    token = account_token(account, AccountPurpose.RESET, now())
    account.fs_uniquifier = "two"
    db.session.commit()
    with pytest.raises(NotFound):
        read_account_token(token, AccountPurpose.RESET)


def test_a_shut_account_has_no_good_links(account: Account) -> None:
    token = account_token(account, AccountPurpose.RESET, now())
    account.active = False
    db.session.commit()
    with pytest.raises(NotFound):
        read_account_token(token, AccountPurpose.RESET)


@pytest.mark.usefixtures("account")
def test_a_token_for_an_account_that_never_was_is_refused() -> None:
    nobody = Account(id=UUID(int=1), email="x@example.com", fs_uniquifier="x")
    with pytest.raises(NotFound):
        read_account_token(account_token(nobody, AccountPurpose.RESET, datetime.now(UTC)), AccountPurpose.RESET)


def test_an_offer_token_is_not_good_for_an_account(account: Account) -> None:
    with pytest.raises(NotFound):
        read_account_token(offer_token(account.id, account.id), *AccountPurpose)


def test_links_come_from_the_public_address_whatever_the_host_header_says(app: APIFlask) -> None:
    account = Account(id=new_id(), email="x@example.com", fs_uniquifier="x")
    with app.test_request_context(headers={"Host": "evil.example"}):
        assert offer_link(COMPANY, OFFER).startswith("http://localhost/o/")
        assert set_password_link(account, AccountPurpose.RESET, datetime.now(UTC)).startswith(
            "http://localhost/set-password/"
        )


READER = Reader(new_id(), Sight(new_id(), frozenset({LeadAccess.MINE, LeadAccess.ASSIGNED})))
SECRET = "for tests only, long enough to be believed"


@pytest.mark.usefixtures("inside")
@pytest.mark.parametrize("boxes", [frozenset(), frozenset({LeadAccess.MINE}), frozenset(LeadAccess)])
@pytest.mark.parametrize("teams", [frozenset(), frozenset({new_id()}), frozenset(new_id() for _ in range(50))])
def test_a_live_token_says_who_reads_which_leads_and_since_when(
    boxes: frozenset[LeadAccess], teams: frozenset[UUID]
) -> None:
    reader = Reader(READER.company_id, Sight(READER.user_id, boxes, teams))
    assert read_live_token(live_token(reader, 1_800_000_000.125), SECRET) == (reader, 1_800_000_000.125)


def test_a_live_token_is_read_without_an_application(app: APIFlask) -> None:
    with app.app_context():
        token = live_token(READER, 1.0)
    assert read_live_token(token, SECRET) == (READER, 1.0)
    with pytest.raises(NotFound):
        read_live_token(token, "another" * 8)


@pytest.mark.usefixtures("inside")
def test_no_changed_live_token_is_accepted() -> None:
    token = live_token(READER, 1.0)
    for place, right in enumerate(token):
        with pytest.raises(NotFound):
            read_live_token(token[:place] + ("A" if right != "A" else "B") + token[place + 1 :], SECRET)


@pytest.mark.usefixtures("inside")
def test_an_offer_token_opens_no_stream() -> None:
    with pytest.raises(NotFound):
        read_live_token(offer_token(COMPANY, OFFER), SECRET)
