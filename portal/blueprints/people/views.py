"""The list of people, adding somebody, changing somebody."""

from __future__ import annotations

from uuid import UUID

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from portal.blueprints.distribution.now import sentence_for_person, sentence_now
from portal.blueprints.distribution.wording import percent
from portal.blueprints.people.blueprint import blueprint
from portal.blueprints.people.forms import NewPersonForm, PersonForm
from portal.blueprints.people.sight import does_in_words, sees_in_words
from portal.blueprints.people.wording import roles_in_words
from portal.errors import Forbidden, NotFound
from portal.extensions import db
from portal.models import Account, LeadAccess, User
from portal.operations import people
from portal.permissions import Right, is_reached, isolation_of, may, outranks, sees_teams
from portal.queries.decisions import last_about
from portal.queries.people import teams_reached, with_those_below
from portal.queries.people_now import PersonNow, people_now, person_now
from portal.queries.pools import memberships
from portal.queries.roles import own_role_names
from portal.sign_in import current_company, right_required, signed_in_user

DECISIONS_SHOWN = 8


@blueprint.get("")
@right_required(Right.PEOPLE)
def listed() -> ResponseReturnValue:
    """Everybody, and whether they can get a lead now."""
    search = request.args.get("q", "").strip().replace("\x00", "")
    viewer, team_id = signed_in_user(), _team_id(request.args.get("team"))
    all_teams = teams_reached(viewer, Right.PEOPLE)
    return render_template(
        "people/list.html",
        people=people_now(search, with_those_below(team_id, all_teams) if team_id else None, reached_by=viewer),
        search=search,
        teams=[("", "All teams"), *((team.id, team.name) for team in all_teams)],
        team_id=team_id,
        now=sentence_now(),
        roles_in_words=roles_in_words,
        own_roles=own_role_names(),
        may_change=lambda user: not outranks(viewer, user),
        may_see_leads=may(viewer, Right.SEE_ALL),
        leads_url=_leads_url,
    )


def _leads_url(user: User) -> str:
    """The list of somebody's open leads, as the viewer sees it."""
    bucket = "mine" if user.id == signed_in_user().id else "assigned"
    return url_for("leads.list_leads", bucket=bucket, owner=user.id)


def _team_id(text: str | None) -> UUID | None:
    try:
        return UUID(text) if text else None
    except ValueError:
        raise NotFound from None


@blueprint.get("/new")
@right_required(Right.PEOPLE)
def new() -> ResponseReturnValue:
    """The empty form."""
    return _new_page(NewPersonForm(formdata=None))


@blueprint.post("/new")
@right_required(Right.PEOPLE)
def add() -> ResponseReturnValue:
    """Add somebody, and write to them."""
    form, viewer = NewPersonForm().offer(signed_in_user()), signed_in_user()
    if form.made(lambda: people.add_user(by=viewer, **form.wanted()).id, by=viewer):
        flash(f"{form.name.data} is added and gets a mail with the way in.", "good")
        return redirect(url_for("people.listed"), code=303)
    return _new_page(form), form.status


def _new_page(form: NewPersonForm) -> str:
    return render_template("people/new.html", form=form.offer(signed_in_user()))


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
    form = PersonForm().offer(viewer, person.user.roles)
    if form.carried_out(lambda: people.change_user(user_id, by=viewer, seen=form.seen.data, **form.wanted())):
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
    if person is None or not is_reached(signed_in_user(), Right.PEOPLE, person.user.team_id):
        raise NotFound
    if outranks(signed_in_user(), person.user):
        raise Forbidden("This person's role stands above yours, so you cannot change them. Ask an owner or admin.")
    return person


def _page(form: PersonForm, person: PersonNow) -> str:
    viewer, user = signed_in_user(), person.user
    return render_template(
        "people/one.html",
        form=form.offer(viewer, user.roles).showing(user),
        person=person,
        user=user,
        now=sentence_for_person(person),
        roles_in_words=roles_in_words,
        own_roles=own_role_names(),
        sees=sees_in_words(user, isolation_of(current_company()), person.team),
        does=does_in_words(user, person.team),
        grey_boxes=_grey_boxes(user),
        pools=memberships(user.id),
        decisions=[(each, each.about(user.id)) for each in last_about(viewer, user.id, DECISIONS_SHOWN)],
        percent=percent,
        may_see_leads=may(viewer, Right.SEE_ALL),
        leads_url=_leads_url,
        may_see_pools=may(viewer, Right.DISTRIBUTION),
        waits_for_password=_waits_for_password(user),
    )


def _grey_boxes(user: User) -> dict[str, str]:
    """The boxes that decide nothing for somebody, and why."""
    if not may(user, Right.SEE_ALL):
        return {}
    why = "A role of theirs shows all leads of their team." if sees_teams(user) else "A role of theirs shows all leads."
    return {box.value: why for box in LeadAccess}


def _waits_for_password(user: User) -> bool:
    return user.active and db.session.get_one(Account, user.account_id).password is None
