"""Lead Allocations: who gets how many of the new leads, saved as soon as a number is typed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from flask import flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue

from portal.blueprints.allocations.blueprint import blueprint
from portal.blueprints.allocations.forms import AllocationsForm, allocations_form
from portal.blueprints.distribution.now import sentence_now, turns_of
from portal.blueprints.distribution.wording import percent
from portal.errors import Conflict, NotFound
from portal.models import Pool, User
from portal.operations.pools import set_weights
from portal.permissions import Right
from portal.queries.people_now import PersonNow, people_now, person_now
from portal.queries.pools import pool_views
from portal.queries.rules import default_rule
from portal.sign_in import right_required, signed_in_user


@dataclass(frozen=True, slots=True)
class Allocated:
    """The default rule's pool, the weights in it, and everybody who has one or may get one."""

    pool: Pool
    weights: dict[UUID, int]
    people: list[PersonNow]

    def share(self, user_id: UUID) -> float:
        """Which part of the leads somebody gets, 0 to 1, when all members can take them."""
        total = sum(self.weights.values())
        return self.weights.get(user_id, 0) / total if total else 0.0


_NOBODY = "There is no such person here."


@blueprint.get("")
@right_required(Right.DISTRIBUTION, company_wide=True)
def page() -> ResponseReturnValue:
    """Everybody with their number, or what is missing when no pool hands out new leads."""
    allocated = _allocated()
    if allocated is None:
        return render_template("allocations/none.html", now=sentence_now())
    return _page(allocated, allocations_form(allocated.people, formdata=None))


@blueprint.post("")
@right_required(Right.DISTRIBUTION, company_wide=True)
def save() -> ResponseReturnValue:
    """Save all numbers that were changed: the way without scripts."""
    allocated = _needed()
    form, by = allocations_form(allocated.people), signed_in_user()
    if form.carried_out(lambda: _save(form, allocated, by)):
        flash("Saved. It counts from the next lead on.", "good")
        return redirect(url_for("allocations.page"), code=303)
    return _page(_needed(), form), form.status


@blueprint.post("/<uuid:user_id>")
@right_required(Right.DISTRIBUTION, company_wide=True)
def save_one(user_id: UUID) -> ResponseReturnValue:
    """Save one number, and answer with what follows from it: everybody's share, and who is next."""
    if person_now(user_id) is None:
        raise NotFound(_NOBODY)
    allocated = _needed()
    person = next((one for one in allocated.people if one.user.id == user_id), None)
    if person is None:
        raise NotFound(_NOBODY)
    form, by = allocations_form(allocated.people, only=user_id), signed_in_user()
    is_saved = form.carried_out(lambda: _save(form, allocated, by))
    answer = render_template("allocations/_saved.html", person=person, is_saved=is_saved, **_shown(_needed(), form))
    return answer, 200 if is_saved else form.status


def _save(form: AllocationsForm, allocated: Allocated, by: User) -> None:
    if form.pool.data != str(allocated.pool.id):
        raise Conflict("Another pool hands out new leads now, so nothing was saved. Open this page again.")
    set_weights(allocated.pool.id, form.changes(), by=by)


def _page(allocated: Allocated, form: AllocationsForm) -> str:
    return render_template("allocations/page.html", **_shown(allocated, form))


def _shown(allocated: Allocated, form: AllocationsForm) -> dict[str, Any]:
    form.showing(allocated.weights)
    form.pool.data = str(allocated.pool.id)
    return {
        "form": form,
        "pool": allocated.pool,
        "people": allocated.people,
        "share": allocated.share,
        "weights": allocated.weights,
        "percent": percent,
        "turns": turns_of(allocated.pool.id),
        "now": sentence_now(),
    }


def _needed() -> Allocated:
    allocated = _allocated()
    if allocated is None:
        raise Conflict("No pool hands out new leads any more. Open this page again.")
    return allocated


def _allocated() -> Allocated | None:
    pool_id = default_rule().pool_id
    if pool_id is None:
        return None
    [view] = pool_views([pool_id])
    weights = dict(view.members)
    people = [one for one in people_now() if one.user.id in weights or (one.user.active and one.receives)]
    return Allocated(view.pool, weights, people)
