"""API keys: the list, a new one (shown once), revoking."""

from __future__ import annotations

from uuid import UUID

from flask import flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue

from portal.blueprints.settings.blueprint import blueprint
from portal.blueprints.settings.forms import KeyForm
from portal.models import User
from portal.operations.keys import make_key, revoke_key
from portal.permissions import Right, may, outranks
from portal.queries.keys import key_for, keys_for
from portal.queries.people_now import people_now
from portal.sign_in import signed_in, signed_in_user


@blueprint.get("/keys")
@signed_in
def keys() -> ResponseReturnValue:
    """One's own keys; all of the company's for those who look after it."""
    return _page(KeyForm(formdata=None))


@blueprint.post("/keys")
@signed_in
def add_key() -> ResponseReturnValue:
    """Make a key and show it, this once."""
    by = signed_in_user()
    form, secrets = KeyForm().offer(_people(by)), list[str]()

    def make() -> UUID:
        # Everybody may make keys for themselves; their own name is no question then.
        key, secret = make_key(by=by, scope=form.scope.data, as_email=form.as_email.data)
        secrets.append(secret)
        return key.id

    made = form.made(make, by=by)
    if made is None:
        return _page(form), form.status
    view = key_for(by, made.id)
    if not made.is_new:
        return render_template("settings/key_was_made.html", view=view), 409
    return render_template("settings/new_key.html", key=view.key, secret=secrets[-1], acts_as=form.as_email.data)


def _page(form: KeyForm) -> str:
    viewer = signed_in_user()
    return render_template(
        "settings/keys.html",
        form=form.offer(_people(viewer)),
        keys=keys_for(viewer),
        may_revoke=lambda user: user.id == viewer.id or not outranks(viewer, user),
    )


def _people(by: User) -> list[tuple[str, str]]:
    """Whom a key may act as: oneself, and whoever has no more rights for those who look after the company."""
    myself = (by.email, f"{by.name} (you)")
    if not may(by, Right.COMPANY):
        return [myself]
    others = [one.user for one in people_now() if one.user.active and one.user.id != by.id]
    return [myself, *((user.email, user.name) for user in others if not outranks(by, user))]


@blueprint.get("/keys/<uuid:key_id>/revoke")
@signed_in
def ask_to_revoke(key_id: UUID) -> ResponseReturnValue:
    """Ask once: it cannot be undone."""
    return render_template("settings/revoke_key.html", view=key_for(signed_in_user(), key_id))


@blueprint.post("/keys/<uuid:key_id>/revoke")
@signed_in
def revoke(key_id: UUID) -> ResponseReturnValue:
    """End a key for good."""
    revoke_key(key_id, by=signed_in_user())
    flash("The key is revoked. Programs that use it are refused from now on.", "good")
    return redirect(url_for("settings.keys"), code=303)
