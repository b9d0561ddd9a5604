"""Sessions are for pages. A call of the API comes with its key: it opens no session, and leaves no cookie."""

from __future__ import annotations

from flask import Flask, Request
from flask.sessions import NullSession, SecureCookieSession, SecureCookieSessionInterface

_API = "/api/"


class PageSessions(SecureCookieSessionInterface):
    """Flask's signed cookie, for everything but the API, where making its signer took as long as routing a lead."""

    def open_session(self, app: Flask, request: Request) -> SecureCookieSession | None:
        """The session of a page; on the API one that is always empty and refuses to be written to."""
        if request.path.startswith(_API):
            return NullSession()
        return super().open_session(app, request)
