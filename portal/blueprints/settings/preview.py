"""Preview: a lead is described, and the page says what would happen to it now. Nothing changes."""

from __future__ import annotations

from typing import Any

from flask import render_template
from flask.typing import ResponseReturnValue

from portal.blueprints.distribution.wording import if_a_lead_came
from portal.blueprints.forms import Line, Lines, PortalForm
from portal.blueprints.settings.blueprint import blueprint
from portal.models import Channel
from portal.operations.arrival import Arriving, holder_for
from portal.operations.preview import preview
from portal.permissions import Right
from portal.queries.choices import source_names
from portal.routing.decision import Decision
from portal.routing.explain import sentences
from portal.sign_in import current_company, right_required, signed_in_user

MOST_TEXT = 20_000


class PreviewForm(PortalForm):
    """What rules, tags and gates look at in a lead."""

    source = Line("Source")
    lead_type = Line("Type")
    text = Lines("What they wrote", most=MOST_TEXT, description="Paste a lead here: its tags are found as in earnest.")
    phone = Line("Phone")
    country = Line("Country", description="Two letters, such as US.")
    city = Line("City")
    postcode = Line("Postcode")
    language = Line("Language", description="Such as en or es.")

    def described(self) -> Arriving:
        """The lead that was described, as a message that comes in."""
        place = {name: self[name].data for name in ("country", "city", "postcode") if self[name].data}
        told: dict[str, Any] = {
            name: self[name].data or None for name in ("source", "lead_type", "text", "phone", "language")
        }
        return Arriving(name="Somebody", channel=Channel.MANUAL, location=place or None, **told)


@blueprint.get("/preview")
@right_required(Right.DISTRIBUTION)
def describe() -> ResponseReturnValue:
    """The form."""
    return _page(PreviewForm(formdata=None))


@blueprint.post("/preview")
@right_required(Right.DISTRIBUTION)
def show_preview() -> ResponseReturnValue:
    """What would happen to the lead described, with every reason."""
    form = PreviewForm()
    if not form.validate_on_submit():
        return _page(form), form.status
    return _page(form, preview(form.described(), holder=holder_for(signed_in_user(), current_company())))


def _page(form: PreviewForm, decision: Decision | None = None) -> str:
    said = None if decision is None else (if_a_lead_came(decision), sentences(decision))
    return render_template(
        "settings/preview.html", form=form, said=said, sources=source_names(signed_in_user().company_id)
    )
