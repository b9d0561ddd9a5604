"""Asking for a link, and setting a password with it."""

from __future__ import annotations

import time

from flask import flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue

from portal.blueprints.auth.blueprint import blueprint
from portal.blueprints.auth.forms import ForgotForm, NewPasswordForm
from portal.errors import NotFound
from portal.models import Account
from portal.operations.account_links import ask_for_reset
from portal.operations.passwords import set_password
from portal.rate_limits import links_per_address, mails_per_account, mails_per_address
from portal.sign_in import end_session
from portal.tokens import AccountPurpose, read_account_token

# Seconds every request for a link takes, so that a known address cannot be told by its longer work.
_SAME_TIME = 0.25


@blueprint.get("/forgot")
def forgot() -> ResponseReturnValue:
    """The page that asks for the address."""
    return render_template("auth/forgot.html", form=ForgotForm(formdata=None))


@blueprint.post("/forgot")
@mails_per_account
@mails_per_address
def send_link() -> ResponseReturnValue:
    """Send a link if there is such an account; say the same in any case."""
    form = ForgotForm()
    answer_at = time.monotonic() + _SAME_TIME
    if not form.carried_out(lambda: ask_for_reset(form.email.data)):
        return render_template("auth/forgot.html", form=form), form.status
    time.sleep(max(0.0, answer_at - time.monotonic()))
    return render_template("auth/link_sent.html", email=form.email.data)


@blueprint.get("/set-password/<token>")
@links_per_address
def new_password(token: str) -> ResponseReturnValue:
    """The page behind the link. Opening it uses nothing up."""
    try:
        account = _account_of(token)
    except NotFound:
        return _link_is_over()
    return _password_page(NewPasswordForm(formdata=None), token, account)


@blueprint.post("/set-password/<token>")
@links_per_address
def set_new_password(token: str) -> ResponseReturnValue:
    """Set the password; the link and all sessions of the account are over with this."""
    form = NewPasswordForm()
    try:
        account = _account_of(token)
        if not form.carried_out(lambda: set_password(account, form.password.data)):
            return _password_page(form, token, account), form.status
    except NotFound:
        return _link_is_over()
    end_session()
    flash("Your password is set. Please sign in with it.", "good")
    return redirect(url_for("auth.login"), code=303)


def _account_of(token: str) -> Account:
    return read_account_token(token, AccountPurpose.SET_PASSWORD, AccountPurpose.RESET)


def _password_page(form: NewPasswordForm, token: str, account: Account) -> str:
    return render_template("auth/set_password.html", form=form, token=token, account=account)


def _link_is_over() -> ResponseReturnValue:
    return render_template("auth/link_over.html"), 404
