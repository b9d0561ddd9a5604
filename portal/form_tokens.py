"""The token every form of ours carries against requests forged elsewhere: Flask-WTF's, signed once per session."""

from __future__ import annotations

from functools import lru_cache

from flask import Flask, current_app, session
from flask_wtf.csrf import generate_csrf
from itsdangerous import URLSafeTimedSerializer

# As Flask-WTF signs and checks it; see flask_wtf.csrf.generate_csrf and validate_csrf.
_FIELD, _SALT = "csrf_token", "wtf-csrf-token"


def bind_form_tokens(app: Flask) -> None:
    """Give templates `csrf_token()`."""
    app.jinja_env.globals["csrf_token"] = form_token


def form_token() -> str:
    """The token of this session; the first one of a session is made by Flask-WTF."""
    secret, raw = current_app.secret_key, session.get(_FIELD)
    if not isinstance(secret, str) or not isinstance(raw, str):
        return str(generate_csrf())
    return _signed(secret, raw)


@lru_cache(maxsize=1024)
def _signed(secret: str, raw: str) -> str:
    # It holds the moment of signing, which nobody looks at: these tokens live as long as their session.
    token = URLSafeTimedSerializer(secret, salt=_SALT).dumps(raw)
    return token if isinstance(token, str) else token.decode()
