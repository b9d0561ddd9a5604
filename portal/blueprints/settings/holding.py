"""When new leads are held: for managers to see each first, and outside the company's opening hours."""

from __future__ import annotations

from flask import flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from wtforms import BooleanField, HiddenField

from portal.blueprints.distribution.now import sentence_now
from portal.blueprints.forms import Whole, needed
from portal.blueprints.hours_form import HoursForm, typed_hours
from portal.blueprints.settings.blueprint import blueprint
from portal.models import Company
from portal.operations.company import CompanyChanges, change_company
from portal.operations.seen import mark
from portal.permissions import Right
from portal.sign_in import current_company, right_required, signed_in_user

_FIELDS = ("manual_intercept", "opening_hours", "hold_spacing_seconds")


class HoldingForm(HoursForm):
    """The settings of holding."""

    seen = HiddenField()
    manual_intercept = BooleanField(
        "Managers see every new lead first",
        description="On: each is held until somebody who hands out leads lets it go; its page says who would get it.",
    )
    hold_spacing_seconds = Whole(
        "Seconds between two held leads",
        [needed("Please type a number.")],
        description="From 5 to 60. When you open, held leads go out one after the other, the oldest first.",
    )

    def wanted(self) -> CompanyChanges:
        """What was typed, as the operations take it."""
        self.aliases = self.aliases_of_hours("opening_hours")
        return {
            "manual_intercept": self.manual_intercept.data,
            "opening_hours": self.hours(),
            "hold_spacing_seconds": self.hold_spacing_seconds.data or 0,
        }


def _seen(company: Company) -> str:
    return mark({name: getattr(company, name) for name in _FIELDS})


def _typed(company: Company) -> dict[str, object]:
    return typed_hours(company.opening_hours) | {
        "manual_intercept": company.manual_intercept,
        "hold_spacing_seconds": company.hold_spacing_seconds,
        "seen": _seen(company),
    }


@blueprint.get("/holding")
@right_required(Right.COMPANY)
def holding() -> ResponseReturnValue:
    """The form."""
    return _page(HoldingForm(formdata=None, data=_typed(current_company())))


@blueprint.post("/holding")
@right_required(Right.COMPANY)
def save_holding() -> ResponseReturnValue:
    """Save; leads that are held are planned anew."""
    form, by = HoldingForm(), signed_in_user()
    if form.carried_out(lambda: change_company(by=by, seen=form.seen.data or "", **form.wanted())):
        flash("Saved. It counts from the next lead on, and leads that are held are planned anew.", "good")
        return redirect(url_for("settings.holding"), code=303)
    return _page(form), form.status


def _page(form: HoldingForm) -> str:
    zone = current_company().time_zone
    if form.form_errors:
        # Somebody else changed them meanwhile, and the page says so: saved again, it is on purpose.
        form.seen.data = _seen(current_company())
    return render_template("settings/holding.html", form=form, zone=zone, now=sentence_now())
