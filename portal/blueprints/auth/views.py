"""Signing in, choosing a company, signing out."""

from __future__ import annotations

from flask import flash, redirect, render_template, request, session, url_for
from flask.typing import ResponseReturnValue

from portal.blueprints.auth.blueprint import blueprint
from portal.blueprints.auth.forms import SignInForm
from portal.errors import NotFound
from portal.operations.passwords import matching_account
from portal.own_path import own_path
from portal.queries.across import Membership, memberships_of
from portal.rate_limits import sign_in_per_account, sign_in_per_address
from portal.sign_in import begin_session, choose_company, end_session, maybe_signed_in_user, signed_in_account

NO_MATCH = "The address and the password do not go together. Please check both."
NO_COMPANY = "You belong to no company at the moment. An admin of your company can add you again."


@blueprint.get("/login")
def login() -> ResponseReturnValue:
    """The sign-in page."""
    if maybe_signed_in_user() is not None:
        return redirect(own_path(request.args.get("next")), code=303)
    return _login_page(SignInForm(formdata=None, data={"next": request.args.get("next")}))


@blueprint.post("/login")
@sign_in_per_account
@sign_in_per_address
def sign_in() -> ResponseReturnValue:
    """Sign in with address and password."""
    form = SignInForm()
    if not form.validate():
        return _login_page(form), 422
    account = matching_account(form.email.data, form.password.data)
    if account is None:
        form.form_errors.append(NO_MATCH)
        return _login_page(form), 422
    begin_session(account)
    return _enter(memberships_of(account.id), form.next.data)


def _login_page(form: SignInForm) -> str:
    return render_template("auth/login.html", form=form)


def _enter(memberships: list[Membership], wanted: str | None) -> ResponseReturnValue:
    """Into the one company, or to the question which."""
    if not memberships:
        end_session()
        flash(NO_COMPANY, "warn")
        return redirect(url_for("auth.login"), code=303)
    if len(memberships) > 1:
        session["several_companies"] = True
        return redirect(url_for("auth.which_company", next=own_path(wanted)), code=303)
    choose_company(memberships[0].company_id, memberships[0].user_id)
    return redirect(own_path(wanted), code=303)


@blueprint.get("/which-company")
def which_company() -> ResponseReturnValue:
    """Ask which company to work in."""
    account = signed_in_account()
    if account is None:
        return redirect(url_for("auth.login", next=request.full_path.rstrip("?")), code=303)
    memberships = memberships_of(account.id)
    if len(memberships) < 2:
        return _enter(memberships, request.args.get("next"))
    wanted = own_path(request.args.get("next"))
    return render_template("auth/which_company.html", memberships=memberships, next=wanted)


@blueprint.post("/which-company")
def choose() -> ResponseReturnValue:
    """Work in the company of one of the account's memberships."""
    account = signed_in_account()
    if account is None:
        return redirect(url_for("auth.login"), code=303)
    chosen = _membership(memberships_of(account.id), request.form.get("user", ""))
    choose_company(chosen.company_id, chosen.user_id)
    return redirect(own_path(request.form.get("next")), code=303)


def _membership(memberships: list[Membership], user_id: str) -> Membership:
    for membership in memberships:
        if user_id == str(membership.user_id):
            return membership
    raise NotFound


@blueprint.get("/logout")
def logout() -> ResponseReturnValue:
    """A button: following a link changes nothing."""
    if signed_in_account() is None:
        return redirect(url_for("auth.login"), code=303)
    return render_template("auth/logout.html")


@blueprint.post("/logout")
def sign_out() -> ResponseReturnValue:
    """End this session."""
    end_session()
    flash("You are signed out.", "good")
    return redirect(url_for("auth.login"), code=303)
