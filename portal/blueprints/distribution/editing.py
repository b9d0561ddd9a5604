"""Making, changing and deleting pools."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from flask import flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue

from portal.blueprints.distribution.blueprint import blueprint
from portal.blueprints.distribution.forms import Choosable, Kind, NewPoolForm, PoolForm, as_typed, pool_form
from portal.blueprints.distribution.limits import limited_in
from portal.blueprints.forms import PortalForm
from portal.models import User
from portal.operations import pools, rules
from portal.operations.transaction import operation
from portal.permissions import Right, reaches_company
from portal.queries.people import teams_reached
from portal.queries.people_now import PersonNow, people_now
from portal.queries.pool_ties import why_kept
from portal.queries.pools import PoolView, pool_names, pool_views, reached_pool
from portal.queries.rules import default_rule
from portal.sign_in import current_company, right_required, signed_in_user


@blueprint.get("/new")
@right_required(Right.DISTRIBUTION)
def new() -> ResponseReturnValue:
    """The form of a new pool. Nobody is a member yet: who takes part is for people to say."""
    default = default_rule()
    start = {"for_new_leads": _may_point_rules() and default.pool_id is None and default.to_team_id is None}
    return _new_page(_form(NewPoolForm, formdata=None, data=start))


@blueprint.post("/new")
@right_required(Right.DISTRIBUTION)
def add() -> ResponseReturnValue:
    """Make a pool."""
    form, by = _form(NewPoolForm), signed_in_user()
    if form.made(lambda: _make(form, by), by=by):
        flash(f"The pool “{form.name.data}” is ready.", "good")
        return redirect(url_for("distribution.listed"), code=303)
    return _new_page(form), form.status


@operation
def _make(form: NewPoolForm, by: User) -> UUID:
    pool = pools.make_pool(by=by, **form.wanted())
    if form.for_new_leads.data:
        rules.point_rule(default_rule().id, pool.id, by=by)
    return pool.id


def _new_page(form: NewPoolForm) -> str:
    return render_template(
        "distribution/new.html", form=form, zone=current_company().time_zone, may_point_rules=_may_point_rules()
    )


def _may_point_rules() -> bool:
    return reaches_company(signed_in_user(), Right.DISTRIBUTION)


def _form(kind: type[Kind], view: PoolView | None = None, **options: Any) -> Kind:
    form = pool_form(kind, *_choosable(view), limited_in(view) if view else (), **options)
    teams = teams_reached(signed_in_user(), Right.DISTRIBUTION)
    further = pool_names(for_new_leads=True)
    others = {each: name for each, name in further.items() if view is None or each != view.pool.id}
    return form.offer(teams, others, company_wide=_may_point_rules())


@blueprint.get("/<uuid:pool_id>/edit")
@right_required(Right.DISTRIBUTION)
def edit(pool_id: UUID) -> ResponseReturnValue:
    """The form of one pool."""
    view = _view(pool_id)
    start = as_typed(view)
    return _edit_page(_form(PoolForm, view, formdata=None, data=start), view)


@blueprint.post("/<uuid:pool_id>/edit")
@right_required(Right.DISTRIBUTION)
def save(pool_id: UUID) -> ResponseReturnValue:
    """Save changes; nobody's place in line is reset by them."""
    view, by = _view(pool_id), signed_in_user()
    form = _form(PoolForm, view)
    if form.carried_out(lambda: pools.change_pool(pool_id, by=by, seen=form.seen.data, **form.wanted())):
        flash("Saved. It counts from the next lead on.", "good")
        return redirect(url_for("distribution.one", pool_id=pool_id), code=303)
    return _edit_page(form, view), form.status


def _edit_page(form: PoolForm, view: PoolView) -> str:
    return render_template("distribution/edit.html", form=form, pool=view.pool, zone=current_company().time_zone)


def _view(pool_id: UUID) -> PoolView:
    reached_pool(signed_in_user(), pool_id)
    [view] = pool_views([pool_id])
    return view


def _choosable(view: PoolView | None = None) -> tuple[Sequence[Choosable], Sequence[Choosable]]:
    """Who may be a member and who a default assignee; whoever is one already stays choosable."""
    members = {user_id for user_id, _ in view.members} if view else set()
    assignees = {*view.default_assignee_ids, view.pool.single_user_id} if view else set()
    everybody = people_now()
    return (
        [_choice(one, view) for one in everybody if one.user.id in members or (one.user.active and one.receives)],
        [_choice(one) for one in everybody if one.user.id in assignees or one.user.active],
    )


def _choice(person: PersonNow, view: PoolView | None = None) -> Choosable:
    tag = view.by_tag.get(person.user.id) if view else None
    notes = [person.refused, None if tag is None else f"in by the tag {tag}"]
    return Choosable(person.user.id, person.user.name, "; ".join(filter(None, notes)) or None)


@blueprint.get("/<uuid:pool_id>/delete")
@right_required(Right.DISTRIBUTION)
def ask_to_delete(pool_id: UUID) -> ResponseReturnValue:
    """Say what will happen, and ask once."""
    return _delete_page(pool_id, PortalForm(formdata=None))


@blueprint.post("/<uuid:pool_id>/delete")
@right_required(Right.DISTRIBUTION)
def delete(pool_id: UUID) -> ResponseReturnValue:
    """Take the pool out of use."""
    form, by = PortalForm(), signed_in_user()
    name = reached_pool(by, pool_id).name
    if form.carried_out(lambda: pools.delete_pool(pool_id, by=by)):
        flash(f"The pool “{name}” is deleted.", "good")
        return redirect(url_for("distribution.listed"), code=303)
    return _delete_page(pool_id, form), form.status


def _delete_page(pool_id: UUID, form: PortalForm) -> str:
    return render_template(
        "distribution/delete.html",
        pool=reached_pool(signed_in_user(), pool_id),
        kept=why_kept(pool_id),
        form=form,
    )
