"""Passwords: which ones are good enough, and setting one, which ends every session and every link made before."""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache
from uuid import UUID

from flask_security.utils import hash_password, verify_password
from sqlalchemy import func, update

from portal.errors import FieldError, Invalid, NotFound
from portal.extensions import db
from portal.models import Account, new_id
from portal.operations.transaction import operation
from portal.queries.across import account_with_email

LEAST_LENGTH = 10
# Argon2 reads all of it, so somebody could keep us busy with megabytes.
MOST_LENGTH = 200
# zxcvbn's scale runs from 0 to 4; below 2 it takes fewer than a million guesses.
_LEAST_SCORE = 2
_LONGEST_SCORED = 72


def refuse_weak(password: str, about: Iterable[str] = (), *, field: str = "password") -> None:
    """Raise Invalid for a password that is too short, too long or among those guessed first.

    No rules of composition: length and commonness are what guessing depends on (NIST SP 800-63B-4, section 3.1.1.2).
    Commonness is estimated by zxcvbn (Wheeler, USENIX Security 2016), which knows 30,000 common passwords with their
    usual disguises, names, words, keyboard runs and repeats.

    Args:
        about: what others know of the person: e-mail address, name, company.
        field: the field the refusal names.
    """
    if len(password) < LEAST_LENGTH:
        raise _refusal(field, f"Use at least {LEAST_LENGTH} characters. A few words in a row are easy to remember.")
    if len(password) > MOST_LENGTH:
        raise _refusal(field, f"Use at most {MOST_LENGTH} characters.")
    if _is_common(password, about):
        raise _refusal(field, "Many people use a password like this one. Add a word or two that nobody would guess.")


def _refusal(field: str, message: str) -> Invalid:
    return Invalid(message, [FieldError(field, message)])


def _is_common(password: str, about: Iterable[str]) -> bool:
    # Imported here: its word lists take 15 MB, which only a process that sets passwords should pay.
    from zxcvbn import zxcvbn

    estimate = zxcvbn(password[:_LONGEST_SCORED], user_inputs=[text for text in about if text])
    return bool(estimate["score"] < _LEAST_SCORE)


def checked_hash(password: str, about: Iterable[str] = (), *, field: str = "password") -> str:
    """The argon2 hash to store for a new password, or Invalid as `refuse_weak` says."""
    refuse_weak(password, about, field=field)
    hashed: str = hash_password(password)
    return hashed


@operation
def set_password(account: Account, password: str, *, field: str = "password") -> None:
    """Give an account a new password. All its sessions and account links end with this.

    Raises:
        Invalid: the password is not good enough.
        NotFound: the account changed since it was read: a link was used twice at once, and the other use won.
    """
    hashed = checked_hash(password, [account.email, account.email.partition("@")[0]], field=field)
    if not _replace_password(account.id, account.fs_uniquifier, hashed):
        raise NotFound
    db.session.refresh(account)


def _replace_password(account_id: UUID, fs_uniquifier: str, hashed: str) -> bool:
    changed = db.session.execute(
        update(Account)
        .where(Account.id == account_id, Account.fs_uniquifier == fs_uniquifier)
        .values(
            password=hashed,
            fs_uniquifier=new_id().hex,
            confirmed_at=func.coalesce(Account.confirmed_at, func.clock_timestamp()),
        )
        .returning(Account.id)
    )
    return changed.one_or_none() is not None


def matching_account(email: str, password: str) -> Account | None:
    """The active account that signs in with these two; None otherwise, after the same work whatever was wrong."""
    account = account_with_email(email)
    known = account.password if account is not None else None
    matches = verify_password(password, known or _nobodys_hash())
    return account if account is not None and known and matches and account.active else None


@cache
def _nobodys_hash() -> str:
    """Checked where there is no account or no password yet: the answer must not come sooner."""
    hashed: str = hash_password(new_id().hex)
    return hashed


def change_password(account: Account, current: str, new: str) -> None:
    """Let somebody who is signed in replace their password.

    Raises:
        Invalid: the present one is wrong, or the new one is not good enough.
    """
    if not account.password or not verify_password(current, account.password):
        raise Invalid.field("current_password", "This is not your present password.")
    set_password(account, new, field="new_password")
