"""Who is signed in: accounts by Flask-Security on Flask-Login, and the company this session works in.

The session (a signed cookie) holds the account, as Flask-Login writes it, and the chosen company and user. Rights
belong to the user, so every request enters the company and reads the user afresh: a deactivation or a change of
roles counts at once.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from functools import wraps
from typing import ParamSpec
from uuid import UUID

from flask import Flask, g, redirect, request, session, url_for
from flask.typing import ResponseReturnValue
from flask_login import current_user
from flask_login.utils import _user_context_processor
from flask_security import RoleMixin, SQLAlchemyUserDatastore
from flask_security.utils import login_user, logout_user
from sqlalchemy import bindparam, select

from portal.config import Settings
from portal.errors import NotSignedIn
from portal.extensions import csrf, db, security
from portal.models import Account, Company, User
from portal.models.tenancy import enter_company
from portal.permissions import Right, require, require_company_wide
from portal.queries.viewers import Viewer, may_work_here, viewer_of

P = ParamSpec("P")

SESSION_LASTS = timedelta(days=14)


def bind_sign_in(app: Flask, settings: Settings) -> None:
    """Cookies, CSRF protection and Flask-Security, without the latter's own pages."""
    app.config.update(
        # The prefix makes browsers refuse the cookie from any other host or path; it needs https.
        SESSION_COOKIE_NAME="__Host-baton" if settings.is_https else "baton",
        SESSION_COOKIE_SECURE=settings.is_https,
        SESSION_COOKIE_HTTPONLY=True,
        SESSION_COOKIE_SAMESITE="Lax",
        PERMANENT_SESSION_LIFETIME=SESSION_LASTS,
        # A page left open overnight must still be able to send its form: the token lives as long as the session.
        WTF_CSRF_TIME_LIMIT=None,
        # The referrer is hidden by our own Referrer-Policy; the token and SameSite do the work.
        WTF_CSRF_SSL_STRICT=False,
        SECURITY_PASSWORD_HASH="argon2",  # noqa: S106  (the name of an algorithm)
        # No second hash keyed with a secret: a new SECRET_KEY ends sessions, it must not end passwords.
        SECURITY_PASSWORD_SINGLE_HASH={"argon2"},
        SECURITY_RETURN_GENERIC_RESPONSES=True,
        SECURITY_JOIN_USER_ROLES=False,
        SECURITY_CLI_USERS_NAME=None,
        SECURITY_CLI_ROLES_NAME=None,
    )
    csrf.init_app(app)
    # Roles of an account do not exist; the bare mixin stands in for a table nobody asks for.
    security.init_app(app, SQLAlchemyUserDatastore(db, Account, RoleMixin), register_blueprint=False)
    _only_by_session()
    # It would read the account once more for every page, for a name no template of ours uses.
    app.template_context_processors[None].remove(_user_context_processor)


def _only_by_session() -> None:
    """Switch off what Flask-Security does to every request: reading tokens from bodies, and loading the account."""
    security.login_manager.request_loader(None)
    security.principal.identity_loaders.clear()


def begin_session(account: Account) -> None:
    """Sign an account in with a session that shares nothing with the one before."""
    session.clear()
    g.pop("csrf_token", None)
    session.permanent = True
    login_user(account, authn_via=["password"])


def choose_company(company_id: UUID, user_id: UUID) -> None:
    """Work in this company from now on. The caller has checked that the user is the account's own."""
    session["company_id"], session["user_id"] = str(company_id), str(user_id)
    _forget()


def end_session() -> None:
    """Sign out on this device."""
    logout_user()
    session.clear()
    _forget()


def _forget() -> None:
    for known in ("signed_in_user", "signed_in_viewer"):
        g.pop(known, None)


def signed_in_account() -> Account | None:
    """The account of this session, whether or not a company is chosen yet."""
    if not current_user or not current_user.is_authenticated:
        return None
    account: Account = current_user._get_current_object()
    return account


def signed_in_user() -> User:
    """The user of this session, in their company; the database then shows that company and nothing else.

    Raises:
        NotSignedIn: no session, no company chosen, or the user was deactivated (which ends the session).
    """
    if "signed_in_user" not in g:
        g.signed_in_user = _load_user()
    user: User = g.signed_in_user
    return user


def maybe_signed_in_user() -> User | None:
    """The same for pages that are open to all; None when nobody is signed in."""
    try:
        return signed_in_user()
    except NotSignedIn:
        return None


# User and company, while the account may sign in, in one statement: every page of a signed-in person starts with it.
_SIGNED_IN = select(User, Company).where(
    *may_work_here(bindparam("uniquifier"), bindparam("company_id"), bindparam("user_id"))
)


def _load_user() -> User:
    uniquifier, company_id, user_id = _session_says()
    named = {"uniquifier": uniquifier, "company_id": company_id, "user_id": user_id}
    row = db.session.execute(_SIGNED_IN, named).one_or_none()
    if row is None:
        end_session()
        raise NotSignedIn
    user, company = row
    g.signed_in_company = company
    return user


def signed_in_viewer() -> Viewer:
    """The same as plain facts, for pages that only read.

    Raises:
        NotSignedIn: as `signed_in_user`.
    """
    if "signed_in_viewer" not in g:
        found = viewer_of(*_session_says())
        if found is None:
            end_session()
            raise NotSignedIn
        g.signed_in_viewer = found
    viewer: Viewer = g.signed_in_viewer
    return viewer


def whoever_looks() -> User | None:
    """The one this page is made for, as far as the rules of access go; None for somebody who is signed out.

    For what stands around every page, which must not read again what the page has read already.
    """
    user: User | None = g.get("signed_in_user")
    if user is None and "signed_in_viewer" in g:
        user = signed_in_viewer().as_user
    return user


def _session_says() -> tuple[str, UUID, UUID]:
    """The account, company and user the session names; the company is entered."""
    if "_user_id" not in session or "company_id" not in session:
        raise NotSignedIn
    company_id = UUID(session["company_id"])
    enter_company(company_id)
    return session["_user_id"], company_id, UUID(session["user_id"])


def current_company() -> Company:
    """The company of the signed-in user."""
    signed_in_user()
    company: Company = g.signed_in_company
    return company


def signed_in(view: Callable[P, ResponseReturnValue]) -> Callable[P, ResponseReturnValue]:
    """Only for signed-in users; others are shown the way to /login and back."""
    return _only_after(signed_in_user, view)


def signed_in_to_read(view: Callable[P, ResponseReturnValue]) -> Callable[P, ResponseReturnValue]:
    """The same for a view that asks for the `signed_in_viewer` and never for the user."""
    return _only_after(signed_in_viewer, view)


def _only_after(
    asked: Callable[[], object], view: Callable[P, ResponseReturnValue]
) -> Callable[P, ResponseReturnValue]:
    @wraps(view)
    def run(*args: P.args, **kwargs: P.kwargs) -> ResponseReturnValue:
        try:
            asked()
        except NotSignedIn:
            if request.method in ("GET", "HEAD"):
                return redirect(_sign_in_page(), code=303)
            raise
        return view(*args, **kwargs)

    return run


def _sign_in_page() -> str:
    if signed_in_account() is not None:
        return url_for("auth.which_company", next=request.full_path.rstrip("?"))
    return url_for("auth.login", next=request.full_path.rstrip("?"))


def right_required(
    right: Right, *, company_wide: bool = False
) -> Callable[[Callable[P, ResponseReturnValue]], Callable[P, ResponseReturnValue]]:
    """Only for signed-in users who hold `right`; others get 403 before anything is read for them.

    Args:
        company_wide: only where the right reaches the whole company.
    """
    needed = require_company_wide if company_wide else require

    def wrap(view: Callable[P, ResponseReturnValue]) -> Callable[P, ResponseReturnValue]:
        @wraps(view)
        def run(*args: P.args, **kwargs: P.kwargs) -> ResponseReturnValue:
            needed(signed_in_user(), right)
            return view(*args, **kwargs)

        return signed_in(run)

    return wrap
