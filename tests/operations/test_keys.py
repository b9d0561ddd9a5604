"""API keys: for whom, by whom, and ended for good."""

from __future__ import annotations

import pytest
from sqlalchemy import select

from portal.errors import Forbidden, Invalid, NotFound
from portal.extensions import db
from portal.models import Key
from portal.operations.keys import make_key, revoke_key
from tests.cast import Api, Company
from tests.factories import make_user


def test_a_key_works_is_stored_hashed_and_says_what_it_is(company: Company) -> None:
    with company.inside():
        key, secret = make_key(by=company.agent.user(), scope="full")
        assert secret.startswith("bt_full_")
        assert len(secret) == len("bt_full_") + 43
        row = db.session.scalars(select(Key).where(Key.id == key.id)).one()
        assert secret[12:] not in f"{row.hint} {row.digest!r}"
        assert secret.startswith(row.hint)
    assert Api(company.app, secret).get("/company").status_code == 200


def test_two_keys_are_never_the_same(company: Company) -> None:
    with company.inside():
        assert len({make_key(by=company.agent.user(), scope="intake")[1] for _ in range(5)}) == 5


def test_everybody_may_make_keys_for_themselves_only(company: Company) -> None:
    with company.inside():
        key, _ = make_key(by=company.agent.user(), scope="full", as_email=company.agent.email.upper())
        assert key.user_id == company.agent.id
        for email in (company.colleague.email, company.owner.email, "nobody@example.com"):
            with pytest.raises(Forbidden):
                make_key(by=company.agent.user(), scope="full", as_email=email)


def test_an_admin_makes_keys_for_those_with_no_more_rights(company: Company) -> None:
    admin = make_user(company, roles=["admin"])
    with company.inside():
        key, _ = make_key(by=admin.user(), scope="full", as_email=company.agent.email)
        assert key.user_id == company.agent.id
        with pytest.raises(Forbidden):
            make_key(by=admin.user(), scope="full", as_email=company.owner.email)


@pytest.mark.parametrize("email", ["nobody@example.com", "inactive"])
def test_a_key_for_nobody_is_refused(company: Company, email: str) -> None:
    inactive = make_user(company, active=False)
    with company.inside(), pytest.raises(Invalid) as refused:
        make_key(by=company.owner.user(), scope="full", as_email=inactive.email if email == "inactive" else email)
    assert [error.field for error in refused.value.errors] == ["as"]


def test_a_revoked_key_is_over_and_revoking_twice_changes_nothing(company: Company) -> None:
    with company.inside():
        key, secret = make_key(by=company.agent.user(), scope="full")
        revoke_key(key.id, by=company.agent.user())
        ended = db.session.scalars(select(Key.revoked_at).where(Key.id == key.id)).one()
        revoke_key(key.id, by=company.agent.user())
        assert db.session.scalars(select(Key.revoked_at).where(Key.id == key.id)).one() == ended
    assert Api(company.app, secret).get("/company").status_code == 401


def test_keys_of_others_are_unknown_without_the_right_and_safe_from_those_below(company: Company) -> None:
    admin = make_user(company, roles=["admin"])
    with company.inside():
        of_owner, _ = make_key(by=company.owner.user(), scope="full")
        of_agent, _ = make_key(by=company.agent.user(), scope="full")
        with pytest.raises(NotFound):
            revoke_key(of_agent.id, by=company.colleague.user())
        with pytest.raises(Forbidden):
            revoke_key(of_owner.id, by=admin.user())
        revoke_key(of_agent.id, by=admin.user())
