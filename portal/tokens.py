"""Links that open a page without signing in: made when needed from the secret key, stored nowhere.

A token is what it names, followed by a random nonce and an HMAC over both (RFC 2104, SHA-256 cut to 128 bits). Each
purpose has a key of its own, derived from SECRET_KEY, so a token of one kind can never pass as another. Whoever reads
the database, a log or a backup finds no link in it.
"""

from __future__ import annotations

import binascii
import hmac
import secrets
from base64 import urlsafe_b64decode, urlsafe_b64encode
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from hashlib import sha256
from uuid import UUID

from flask import current_app
from sqlalchemy import func, select

from portal.config import Settings
from portal.errors import NotFound
from portal.extensions import db
from portal.models import Account, LeadAccess
from portal.permissions import Sight

_ID = 16
_NONCE = 8
_MAC = 16
_TIME = 8
_COUNT = 2
_OFFER = b"offer"
_OFFER_LED_TO = b"offer led to"
_LIVE = b"live updates"


class AccountPurpose(StrEnum):
    """What an account link lets its holder do, once."""

    SET_PASSWORD = "set_password"  # noqa: S105 (a purpose, not a secret)
    RESET = "reset"


LIFETIMES = {
    AccountPurpose.SET_PASSWORD: timedelta(hours=72),
    AccountPurpose.RESET: timedelta(hours=1),
}


LIVE_SECONDS = 600
"""How long a stream of live updates stays open before the page has to ask anew, and with it how long rights that were
taken away still let somebody learn that something changed."""


@dataclass(frozen=True, slots=True)
class Reader:
    """Who reads a stream of live updates, and which leads they may be told of."""

    company_id: UUID
    sight: Sight

    @property
    def user_id(self) -> UUID:
        """The one who reads."""
        return self.sight.user_id


@dataclass(frozen=True, slots=True)
class OfferNamed:
    """What an offer's link names.

    `first_id` is the offer of the link that was sent: the same as `offer_id`, or where a page led on to this one, that
    of the link somebody began with.
    """

    company_id: UUID
    offer_id: UUID
    first_id: UUID


def offer_token(company_id: UUID, offer_id: UUID, first_id: UUID | None = None) -> str:
    """A token that names one offer, and with it one agent. Every call gives a new one; all of them are good.

    Args:
        first_id: for a link on another offer's page, the `first_id` of that page's own link.
    """
    if first_id is None:
        return _sealed(_OFFER, company_id.bytes + offer_id.bytes)
    return _sealed(_OFFER_LED_TO, company_id.bytes + offer_id.bytes + first_id.bytes)


def read_offer_token(token: str) -> OfferNamed:
    """The company and the offer a token names; whether they exist is for the database to say.

    Raises:
        NotFound: it was not made here, or a character was lost or changed on the way.
    """
    try:
        named = _opened(_OFFER, token, length=2 * _ID)
    except NotFound:
        named = _opened(_OFFER_LED_TO, token, length=3 * _ID)
    return OfferNamed(UUID(bytes=named[:_ID]), UUID(bytes=named[_ID : 2 * _ID]), UUID(bytes=named[-_ID:]))


def account_token(account: Account, purpose: AccountPurpose, issued_at: datetime) -> str:
    """A token that lets its holder set this account's password.

    It is good for `LIFETIMES[purpose]` and until the password changes, whichever is sooner: so it works once.

    Args:
        issued_at: from when the lifetime counts, by the database's clock (a message's `created_at`).
    """
    seconds = int(issued_at.timestamp()).to_bytes(_TIME, "big")
    return _sealed(_key_name(purpose), account.id.bytes + seconds, bound_to=_password_state(account))


def read_account_token(token: str, *purposes: AccountPurpose) -> Account:
    """The account a token names, while the token is good for one of the purposes.

    Raises:
        NotFound: not made here, for another purpose, too old, used already, or the account is shut.
    """
    account, now = _account_named_in(token)
    bound_to = _password_state(account)
    for purpose in purposes:
        try:
            named = _opened(_key_name(purpose), token, length=_ID + _TIME, bound_to=bound_to)
        except NotFound:
            continue
        issued_at = datetime.fromtimestamp(int.from_bytes(named[_ID:], "big"), UTC)
        if now < issued_at + LIFETIMES[purpose]:
            return account
    raise NotFound


def live_token(reader: Reader, now: float) -> str:
    """A token that opens a stream of live updates for `LIVE_SECONDS`.

    Args:
        now: seconds since 1970 by this machine's clock, which is also the one that reads the token: the stream has
            no way to the database's.
    """
    sight = reader.sight
    boxes = sum(1 << place for place, box in enumerate(LeadAccess) if box in sight.boxes)
    issued_at = round(now * 1000).to_bytes(_TIME, "big")
    ids = b"".join(sorted(each.bytes for each in sight.teams)) + b"".join(sorted(each.bytes for each in sight.covered))
    fixed = reader.company_id.bytes + sight.user_id.bytes + bytes([boxes]) + issued_at
    return _sealed(_LIVE, fixed + len(sight.teams).to_bytes(_COUNT, "big") + ids)


def read_live_token(token: str, secret_key: str) -> tuple[Reader, float]:
    """Who opens a stream, and when the token was made (seconds since 1970). Needs no application around it.

    Raises:
        NotFound: it was not made here. Whether it is too old is for the caller to say.
    """
    fixed = 2 * _ID + 1 + _TIME + _COUNT
    named = _opened(_LIVE, token, length=fixed, rest=True, secret_key=secret_key)
    boxes = frozenset(box for place, box in enumerate(LeadAccess) if named[2 * _ID] >> place & 1)
    ids = [UUID(bytes=named[at : at + _ID]) for at in range(fixed, len(named), _ID)]
    teams = int.from_bytes(named[fixed - _COUNT : fixed], "big")
    sight = Sight(UUID(bytes=named[_ID : 2 * _ID]), boxes, frozenset(ids[:teams]), frozenset(ids[teams:]))
    return Reader(UUID(bytes=named[:_ID]), sight), int.from_bytes(named[2 * _ID + 1 : fixed - _COUNT], "big") / 1000


def offer_link(company_id: UUID, offer_id: UUID) -> str:
    """The address of the offer page. Built from PUBLIC_URL: a Host header is whatever the sender likes."""
    return f"{_settings().public_url}/o/{offer_token(company_id, offer_id)}"


def set_password_link(account: Account, purpose: AccountPurpose, issued_at: datetime) -> str:
    """The address of the page where this account's password is set, for the first time or again."""
    return f"{_settings().public_url}/set-password/{account_token(account, purpose, issued_at)}"


def _account_named_in(token: str) -> tuple[Account, datetime]:
    """The account that an unproven token claims to name, and the database's time."""
    claimed = UUID(bytes=_decoded(token)[:_ID].ljust(_ID, b"\0"))
    found = db.session.execute(
        select(Account, func.clock_timestamp()).where(Account.id == claimed, Account.active)
    ).one_or_none()
    if found is None:
        raise NotFound
    return found[0], found[1]


def _password_state(account: Account) -> bytes:
    """Changes with the password, and with it every token made before."""
    return sha256(f"{account.fs_uniquifier}\0{account.password or ''}".encode()).digest()


def _key_name(purpose: AccountPurpose) -> bytes:
    return f"account {purpose}".encode()


def _sealed(key_name: bytes, named: bytes, bound_to: bytes = b"") -> str:
    body = named + secrets.token_bytes(_NONCE)
    return urlsafe_b64encode(body + _mac(key_name, body, bound_to)).rstrip(b"=").decode()


def _opened(
    key_name: bytes,
    token: str,
    length: int,
    bound_to: bytes = b"",
    secret_key: str | None = None,
    *,
    rest: bool = False,
) -> bytes:
    """What a token names. With `rest`, more ids may follow after `length` bytes."""
    raw = _decoded(token)
    body, mac = raw[:-_MAC], raw[-_MAC:]
    more = len(body) - _NONCE - length
    if more < 0 or more % _ID or (more and not rest):
        raise NotFound
    if not hmac.compare_digest(mac, _mac(key_name, body, bound_to, secret_key)):
        raise NotFound
    return body[:-_NONCE]


def _decoded(token: str) -> bytes:
    """The bytes of a token, if it is spelled exactly as we spell them.

    The last character of base64 without padding carries bits that decoding drops; encoding again and comparing
    leaves one spelling per token.
    """
    try:
        raw = urlsafe_b64decode(token.encode("ascii") + b"=" * (-len(token) % 4))
    except (UnicodeEncodeError, binascii.Error):
        raise NotFound from None
    if urlsafe_b64encode(raw).rstrip(b"=").decode() != token:
        raise NotFound
    return raw


def _mac(key_name: bytes, body: bytes, bound_to: bytes, secret_key: str | None = None) -> bytes:
    # The length in front keeps what is named and what it is bound to from running into each other.
    message = len(body).to_bytes(2, "big") + body + bound_to
    return hmac.digest(_derived_key(key_name, secret_key or _settings().secret_key), message, "sha256")[:_MAC]


def _derived_key(key_name: bytes, secret_key: str) -> bytes:
    return hmac.digest(secret_key.encode(), b"baton link token: " + key_name, "sha256")


def _settings() -> Settings:
    settings: Settings = current_app.extensions["settings"]
    return settings
