"""The list of people, adding somebody, changing somebody."""

from __future__ import annotations

from uuid import UUID

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from portal.blueprints.people.blueprint import blueprint
from portal.blueprints.people.forms import PersonForm
from portal.blueprints.people.wording import roles_in_words
from portal.errors import Forbidden, NotFound
from portal.extensions import db
from portal.models import Account, User
from portal.operations import people
from portal.permissions import Right, outranks
from portal.queries.people import teams
from portal.queries.people_now import PersonNow, people_now, person_now
from portal.sign_in import right_required, signed_in_user


@blueprint.get("")
@right_required(Right.PEOPLE)
def listed() -> ResponseReturnValue:
    """Everybody, and whether they can get a lead now."""
    search = request.args.get("q", "").strip().replace("\x00", "")
    viewer = signed_in_user()
    return render_template(
        "people/list.html",
        people=people_now(search),
        search=search,
        roles_in_words=roles_in_words,
        may_change=lambda user: not outranks(viewer, user.roles),
    )


@blueprint.get("/new")
@right_required(Right.PEOPLE)
def new() -> ResponseReturnValue:
    """The empty form."""
    return _new_page(PersonForm(formdata=None))


@blueprint.post("/new")
@right_required(Right.PEOPLE)
def add() -> ResponseReturnValue:
    """Add somebody, and write to them."""
    form, viewer = PersonForm().offer(signed_in_user(), teams()), signed_in_user()
    if form.carried_out(lambda: people.add_user(by=viewer, **form.wanted())):
        flash(f"{form.name.data} is added and gets a mail with the way in.", "good")
        return redirect(url_for("people.listed"), code=303)
    return _new_page(form), form.status


def _new_page(form: PersonForm) -> str:
    return render_template("people/new.html", form=form.offer(signed_in_user(), teams()))


@blueprint.get("/<uuid:user_id>")
@right_required(Right.PEOPLE)
def one(user_id: UUID) -> ResponseReturnValue:
    """One person, to look at and to change."""
    person = changeable(user_id)
    return _page(PersonForm(formdata=None, obj=person.user), person)


@blueprint.post("/<uuid:user_id>")
@right_required(Right.PEOPLE)
def save(user_id: UUID) -> ResponseReturnValue:
    """Save changes."""
    person, viewer = changeable(user_id), signed_in_user()
    form = PersonForm().offer(viewer, teams(), person.user.roles)
    if form.carried_out(lambda: people.change_user(user_id, by=viewer, **form.wanted())):
        flash("Saved.", "good")
        return redirect(url_for("people.one", user_id=user_id), code=303)
    return _page(form, changeable(user_id)), form.status


def changeable(user_id: UUID) -> PersonNow:
    """Somebody the viewer may change.

    Raises:
        NotFound: no such user in this company.
        Forbidden: the person stands above the viewer.
    """
    person = person_now(user_id)
    if person is None:
        raise NotFound
    if outranks(signed_in_user(), person.user.roles):
        raise Forbidden("This person's role stands above yours, so you cannot change them. Ask an owner or admin.")
    return person


def _page(form: PersonForm, person: PersonNow) -> str:
    user = person.user
    return render_template(
        "people/one.html",
        form=form.offer(signed_in_user(), teams(), user.roles),
        person=person,
        user=user,
        waits_for_password=_waits_for_password(user),
    )


def _waits_for_password(user: User) -> bool:
    return user.active and db.session.get_one(Account, user.account_id).password is None
