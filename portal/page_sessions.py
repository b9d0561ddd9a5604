"""Sessions are for pages. A call of the API comes with its key: it opens no session, and leaves no cookie."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from functools import lru_cache

from flask import Flask, Request
from flask.sessions import NullSession, SecureCookieSession, SecureCookieSessionInterface, SessionMixin
from itsdangerous import BadData, URLSafeTimedSerializer

_API = "/api/"

RENEWED_AFTER = timedelta(days=1)
"""A session in use is signed anew once it is this old, so that it lasts its two weeks from then on."""

_COOKIES_KEPT = 1024


class PageSession(SecureCookieSession):
    """A session that knows when its cookie was signed; None for one that came without."""

    signed_at: datetime | None = None


class PageSessions(SecureCookieSessionInterface):
    """Flask's signed cookie, for everything but the API, where making its signer took as long as routing a lead."""

    session_class = PageSession

    def __init__(self) -> None:
        self._made: tuple[tuple[object, ...], URLSafeTimedSerializer] | None = None

    def get_signing_serializer(self, app: Flask) -> URLSafeTimedSerializer | None:
        """The signer for the keys the application has now, made once."""
        keys = (app.secret_key, *(app.config["SECRET_KEY_FALLBACKS"] or ()))
        if self._made is None or self._made[0] != keys:
            signer = super().get_signing_serializer(app)
            if signer is None:
                return None
            self._made = keys, signer
        return self._made[1]

    def open_session(self, app: Flask, request: Request) -> SecureCookieSession | None:
        """The session of a page; on the API one that is always empty and refuses to be written to."""
        if request.path.startswith(_API):
            return NullSession()
        signer = self.get_signing_serializer(app)
        cookie = request.cookies.get(self.get_cookie_name(app))
        if signer is None or not cookie:
            return PageSession()
        try:
            payload, signed_at = _unsigned(signer, cookie)
            if datetime.now(UTC) - signed_at > app.permanent_session_lifetime:
                return PageSession()
            # Read anew each time: what a session holds is changed in place.
            session = PageSession(signer.load_payload(payload))
        except BadData:
            return PageSession()
        session.signed_at = signed_at
        return session

    def should_set_cookie(self, app: Flask, session: SessionMixin) -> bool:
        """When something in it changed, and once a day."""
        if session.modified:
            return True
        signed_at = getattr(session, "signed_at", None)
        return session.permanent and signed_at is not None and datetime.now(UTC) - signed_at > RENEWED_AFTER


@lru_cache(maxsize=_COOKIES_KEPT)
def _unsigned(signer: URLSafeTimedSerializer, cookie: str) -> tuple[bytes, datetime]:
    """What a cookie says and when it was signed. Whether that is too long ago is another question, asked each time.

    Raises:
        BadSignature: nobody with our key signed it. Not remembered: only what was good once is good again.
    """
    failed: Exception | None = None
    for one in signer.iter_unsigners(signer.salt):
        try:
            return one.unsign(cookie.encode(), return_timestamp=True)
        except BadData as error:
            failed = error
    assert failed is not None
    raise failed
