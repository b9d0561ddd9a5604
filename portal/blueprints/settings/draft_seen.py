"""What all forms of the draft share: which draft they were seen in, and what is said when that is no more."""

from __future__ import annotations

from collections.abc import Callable

from flask import flash, redirect, url_for
from flask.typing import ResponseReturnValue
from wtforms import HiddenField

from portal.blueprints.forms import PortalForm

SAVED = "The draft is saved. Nothing has changed for leads yet."


class SeenForm(PortalForm):
    """Which draft was looked at."""

    seen = HiddenField()


def say_it_ended() -> ResponseReturnValue:
    """To where one is begun, for what there is no draft for any more."""
    flash("There is no draft any more. Begin one here.", "warn")
    return back_to_draft()


def pressed(act: Callable[[str], object]) -> bool:
    """Whether the act of a button went through; says what was in its way.

    Args:
        act: is given the mark of the draft the button was seen in.
    """
    form = SeenForm()
    # Without a mark nobody saw anything: the empty one is no draft's.
    if form.carried_out(lambda: act(form.seen.data or "")):
        return True
    for said in form.form_errors:
        flash(said, "warn")
    return False


def back_to_draft(part: str | None = None) -> ResponseReturnValue:
    """To a part of the draft's page."""
    return redirect(url_for("settings.draft", _anchor=part), code=303)
