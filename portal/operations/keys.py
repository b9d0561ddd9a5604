"""API keys: shown once, stored as a digest, acting as a user."""

from __future__ import annotations

import hashlib
import secrets
from base64 import urlsafe_b64encode
from uuid import UUID

from sqlalchemy import ColumnElement, func, update

from portal.errors import Forbidden, Invalid
from portal.extensions import db
from portal.models import Key, KeyScope, User, new_id
from portal.operations import auditing
from portal.operations.auditing import Subject
from portal.operations.complaints import Complaints
from portal.operations.transaction import operation
from portal.permissions import Right, outranks, require
from portal.queries.keys import key_for
from portal.queries.people import user_with_email

SECRET_BYTES = 32
_HINT = 4


def random_secret() -> bytes:
    """What makes a key unguessable: 256 random bits."""
    return secrets.token_bytes(SECRET_BYTES)


def key_text(scope: str, secret: bytes) -> str:
    """The key as its holder sends it: the scope can be told from it, so a full key pasted in a form is noticed."""
    return f"bt_{scope}_{urlsafe_b64encode(secret).rstrip(b'=').decode()}"


def hint_of(text: str) -> str:
    """The first characters of a key, by which people tell keys apart."""
    return text[: text.find("_", 3) + 1 + _HINT]


@operation
def make_key(*, by: User, scope: str, as_email: str | None = None, secret: bytes | None = None) -> tuple[Key, str]:
    """A new key for oneself or, with the right to look after the company, for somebody with no more rights.

    Args:
        scope: intake (create leads) or full (act as the user).
        as_email: whom it acts as; None = oneself.
        secret: 32 unguessable bytes; random ones when None.

    Returns:
        The row, and the key itself, which can never be read again.

    Raises:
        Forbidden: for somebody else without the right to.
        Invalid: no such scope or user.
    """
    wrong = Complaints()
    wrong.one_of("scope", scope, KeyScope)
    wrong.raise_if_any()
    user = by if as_email is None else _acting_as(by, as_email)
    text = key_text(scope, secret or random_secret())
    key = Key(
        company_id=by.company_id,
        id=new_id(),
        user_id=user.id,
        scope=scope,
        digest=hashlib.sha256(text.encode()).digest(),
        hint=hint_of(text),
    )
    db.session.add(key)
    db.session.flush()
    db.session.refresh(key)
    auditing.added(by, Subject.KEY, key.id, key.hint, {"scope": scope, "acts_as": user.name})
    return key, text


@operation
def revoke_key(key_id: UUID, *, by: User) -> None:
    """End a key for good. Twice is harmless.

    Raises:
        NotFound: no such key, or somebody else's without the right to look after the company.
        Forbidden: it acts as somebody with rights `by` lacks.
    """
    found = key_for(by, key_id)
    if found.user.id != by.id:
        _refuse_more_rights(by, found.user)
    _revoke(Key.id == key_id, by, found.user)


@operation
def revoke_all_of(user: User, *, by: User) -> None:
    """End every key that acts as a user who is let go: should they come back, forgotten keys must not."""
    _revoke(Key.user_id == user.id, by, user)


def _revoke(which: ColumnElement[bool], by: User, user: User) -> None:
    ended = db.session.execute(
        update(Key)
        .where(Key.company_id == by.company_id, which, Key.revoked_at.is_(None))
        .values(revoked_at=func.clock_timestamp())
        .returning(Key.id, Key.hint, Key.scope)
    )
    for key_id, hint, scope in ended.all():
        auditing.removed(by, Subject.KEY, key_id, hint, {"scope": scope, "acts_as": user.name})


def _acting_as(by: User, email: str) -> User:
    user = user_with_email(email)
    if user is not None and user.id == by.id:
        return by
    # Before anything is said about the address: who may not make keys for others learns nothing about them.
    require(by, Right.COMPANY)
    if user is None:
        raise Invalid.field("as", "There is no user with this e-mail address.")
    if not user.active:
        raise Invalid.field("as", f"{user.name} is not active any more, so a key for them would not work.")
    _refuse_more_rights(by, user)
    return user


def _refuse_more_rights(by: User, user: User) -> None:
    if outranks(by, user):
        raise Forbidden(f"{user.name} holds a right you do not have yourself.")
