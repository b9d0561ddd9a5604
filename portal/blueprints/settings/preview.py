"""Preview: a lead is described, and the page says what would happen to it now. Nothing changes."""

from __future__ import annotations

from typing import Any

from flask import render_template
from flask.typing import ResponseReturnValue
from wtforms import Field, SelectField, ValidationError

from portal.blueprints.distribution.wording import if_a_lead_came
from portal.blueprints.forms import Line, Lines, PortalForm, Whole, lines_of, menu
from portal.blueprints.settings.blueprint import blueprint
from portal.blueprints.settings.rule_forms import CHANNEL_NAMES
from portal.models import Channel
from portal.operations.arrival import Arriving, holder_for
from portal.operations.preview import kept_back, preview
from portal.permissions import Right
from portal.queries.choices import source_names
from portal.routing.decision import Decision
from portal.routing.explain import sentences
from portal.sign_in import current_company, right_required, signed_in_user

MOST_TEXT = 20_000


class PreviewForm(PortalForm):
    """What rules, tags and gates look at in a lead."""

    source = Line("Source")
    channel = SelectField(
        "Channel", choices=menu((channel.value, name) for channel, name in CHANNEL_NAMES.items()), default=Channel.WEB
    )
    lead_type = Line("Type")
    text = Lines("What they wrote", most=MOST_TEXT, description="Paste a lead here: its tags are found as in earnest.")
    tags = Lines("Tags sent along", description="One a line.")
    phone = Line("Phone")
    email = Line("E-mail")
    country = Line("Country", description="Two letters, such as US.")
    region = Line("Region")
    city = Line("City")
    postcode = Line("Postcode")
    language = Line("Language", description="Such as en or es.")
    price_min = Whole("Price or budget from")
    price_max = Whole("Up to")
    custom = Lines("Fields of your own", description="One a line, such as rooms = 3.")

    def validate_price_max(self, field: Field) -> None:
        """The two ends of a range must not be the wrong way round."""
        if None not in (self.price_min.data, field.data) and field.data < self.price_min.data:
            raise ValidationError("The highest price is below the lowest.")

    def validate_custom(self, field: Field) -> None:
        """Each line names a field and what it holds."""
        for line in lines_of(field.data):
            if not all(map(str.strip, line.partition("="))):
                raise ValidationError(f"“{line[:40]}” is no field. Type its name and what it holds, such as rooms = 3.")

    def described(self) -> Arriving:
        """The lead that was described, as a message that comes in."""
        place = {name: self[name].data for name in ("country", "region", "city", "postcode") if self[name].data}
        prices = {"min": self.price_min.data, "max": self.price_max.data}
        fields = (line.partition("=") for line in lines_of(self.custom.data))
        told: dict[str, Any] = {
            name: self[name].data or None for name in ("source", "lead_type", "text", "phone", "email", "language")
        }
        return Arriving(
            name="Somebody",
            channel=self.channel.data,
            tags=tuple(lines_of(self.tags.data)),
            location=place or None,
            price={end: str(typed) for end, typed in prices.items() if typed is not None} or None,
            fields={name.strip(): value.strip() for name, _, value in fields},
            **told,
        )


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
    lead, holder = form.described(), holder_for(signed_in_user(), current_company())
    return _page(form, preview(lead, holder=holder), kept_back(lead, holder=holder))


def _page(form: PreviewForm, decision: Decision | None = None, kept: str | None = None) -> str:
    said = None if decision is None else (_what_would_happen(decision, kept), sentences(decision))
    return render_template(
        "settings/preview.html", form=form, said=said, sources=source_names(signed_in_user().company_id)
    )


def _what_would_happen(decision: Decision, kept: str | None) -> str:
    said = if_a_lead_came(decision)
    return said if kept is None else f"{kept} If it were let go now: {said}"
