"""The versions of how leads are handed out: what each changed, two of them side by side, and the way back."""

from __future__ import annotations

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from portal.blueprints.forms import PortalForm
from portal.blueprints.settings.blueprint import blueprint
from portal.errors import Conflict, Forbidden, Invalid, NotFound
from portal.operations.setup_apply import plan_setup
from portal.operations.setup_difference import differences
from portal.operations.versions import roll_back
from portal.permissions import Right
from portal.queries.versions import newest_number, version, versions_before
from portal.sign_in import right_required, signed_in_user

MOST_SHOWN = 20
GREATEST = 2**31 - 1


@blueprint.get("/versions")
@right_required(Right.DISTRIBUTION, company_wide=True)
def versions() -> ResponseReturnValue:
    """Versions with what each changed, the newest first."""
    before = min(request.args.get("before", GREATEST, type=int), GREATEST)
    found = versions_before(before, MOST_SHOWN + 1)
    # The one more is what the last one shown is held against.
    shown = found[:MOST_SHOWN]
    pairs = [(each, differences(found[place + 1].data, each.data) if place + 1 < len(found) else None)
             for place, each in enumerate(shown)]  # fmt: skip
    older = url_for("settings.versions", before=shown[-1].number) if len(found) > MOST_SHOWN else None
    return render_template("settings/versions.html", versions=pairs, newest=newest_number(), older=older)


@blueprint.get("/versions/<int:number>")
@right_required(Right.DISTRIBUTION, company_wide=True)
def one_version(number: int) -> ResponseReturnValue:
    """What differs between a version and another: by itself, the one in use."""
    chosen, newest = version(number), newest_number()
    other = _other(newest or number)
    return render_template(
        "settings/version.html",
        version=chosen,
        other=other,
        newest=newest,
        found=differences(chosen.data, version(other).data),
    )


def _other(newest: int) -> int:
    asked = request.args.get("with", "")
    if not asked:
        return newest
    if not asked.isdecimal() or not asked.isascii() or len(asked) > 9:
        raise NotFound
    return int(asked)


@blueprint.get("/versions/<int:number>/roll-back")
@right_required(Right.DISTRIBUTION, company_wide=True)
def ask_to_roll_back(number: int) -> ResponseReturnValue:
    """Say what will change, and ask once."""
    return _ask_page(number, PortalForm(formdata=None))


@blueprint.post("/versions/<int:number>/roll-back")
@right_required(Right.DISTRIBUTION, company_wide=True)
def roll_back_to(number: int) -> ResponseReturnValue:
    """Go back to a version."""
    form, by = PortalForm(), signed_in_user()
    version(number)
    if form.carried_out(lambda: roll_back(number, by=by)):
        flash(f"Leads are handed out as in version {number} from the next one on.", "good")
        return redirect(url_for("settings.versions"), code=303)
    return _ask_page(number, form), form.status


def _ask_page(number: int, form: PortalForm) -> str:
    chosen = version(number)
    found, refused = [], None
    try:
        found = plan_setup(chosen.data, by=signed_in_user())
    except (Invalid, Conflict, Forbidden) as error:
        refused = error.detail
    return render_template("settings/version_roll_back.html", version=chosen, form=form, found=found, refused=refused)
