"""Roles: what the built-in ones let people do, and the company's own."""

from __future__ import annotations

from uuid import UUID

from flask import flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue

from portal.blueprints.forms import PortalForm
from portal.blueprints.people.wording import ROLE_MEANINGS, ROLE_NAMES, grants_in_words
from portal.blueprints.settings.blueprint import blueprint
from portal.blueprints.settings.forms import NewRoleForm, RoleForm
from portal.models import OwnRole
from portal.operations.roles import change_role, delete_role, make_role
from portal.permissions import Right, powers
from portal.queries.roles import held_by, own_role, own_roles
from portal.rights import GRANTS, power_of, powers_of
from portal.sign_in import right_required, signed_in_user

_LACKING = "You do not have this right yourself, so you cannot give it."


@blueprint.get("/roles")
@right_required(Right.PEOPLE, company_wide=True)
def roles() -> ResponseReturnValue:
    """All roles: the built-in ones as they are, the company's own to change."""
    own = [(role, grants_in_words(role.grants), held_by(role)) for role in own_roles()]
    built_in = [(ROLE_NAMES[role], ROLE_MEANINGS[role]) for role in ROLE_NAMES]
    return render_template("settings/roles.html", own=own, built_in=built_in)


@blueprint.get("/roles/new")
@right_required(Right.PEOPLE, company_wide=True)
def new_role() -> ResponseReturnValue:
    """The form of a new role."""
    return _new_page(NewRoleForm(formdata=None))


@blueprint.post("/roles/new")
@right_required(Right.PEOPLE, company_wide=True)
def add_role() -> ResponseReturnValue:
    """Make a role."""
    form, by = NewRoleForm().offer(), signed_in_user()
    if form.made(lambda: make_role(by=by, name=form.name.data, grants=form.grants.data).id, by=by):
        flash(f"The role “{form.name.data}” is there. Give it to people on their pages.", "good")
        return redirect(url_for("settings.roles"), code=303)
    return _new_page(form), form.status


@blueprint.get("/roles/<uuid:role_id>")
@right_required(Right.PEOPLE, company_wide=True)
def role(role_id: UUID) -> ResponseReturnValue:
    """One role, to change or remove."""
    found = own_role(role_id)
    return _page(RoleForm(formdata=None, obj=found), found)


@blueprint.post("/roles/<uuid:role_id>")
@right_required(Right.PEOPLE, company_wide=True)
def save_role(role_id: UUID) -> ResponseReturnValue:
    """Save name and rights; they count for all holders at once."""
    found, by = own_role(role_id), signed_in_user()
    form = RoleForm().offer()
    if form.carried_out(lambda: change_role(role_id, by=by, seen=form.seen.data, **form.wanted())):
        flash("Saved. It counts at once for everybody who has this role.", "good")
        return redirect(url_for("settings.roles"), code=303)
    return _page(form, found), form.status


@blueprint.post("/roles/<uuid:role_id>/remove")
@right_required(Right.PEOPLE, company_wide=True)
def remove_role(role_id: UUID) -> ResponseReturnValue:
    """Remove a role nobody holds."""
    found, by, act = own_role(role_id), signed_in_user(), PortalForm()
    name = found.name
    if act.carried_out(lambda: delete_role(role_id, by=by)):
        flash(f"The role “{name}” is removed.", "good")
        return redirect(url_for("settings.roles"), code=303)
    return _page(RoleForm(formdata=None, obj=found), found, act), act.status


def _new_page(form: NewRoleForm) -> str:
    return render_template("settings/new_role.html", form=form.offer(), grey=_grey())


def _page(form: RoleForm, found: OwnRole, act: PortalForm | None = None) -> str:
    return render_template(
        "settings/role.html",
        form=form.offer().showing(found),
        role=found,
        act=act,
        grey=_grey(),
        holders=held_by(found),
        may_change=powers(signed_in_user()).covers(powers_of((), found.grants)),
    )


def _grey() -> dict[str, str]:
    """The rights the viewer cannot put into a role, and why."""
    held = powers(signed_in_user())
    return {grant: _LACKING for grant in GRANTS if not held.covers(power_of(grant))}
