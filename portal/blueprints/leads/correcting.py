"""Correcting what is known about a lead: the rules may make something else of it, and its owner reads what is true."""

from __future__ import annotations

from contextlib import suppress
from decimal import Decimal, InvalidOperation
from typing import Any
from uuid import UUID

from flask import render_template
from flask.typing import ResponseReturnValue
from wtforms import Field, HiddenField, ValidationError

from portal.blueprints.forms import Line, Lines, PortalForm, lines_of
from portal.blueprints.leads.acts import back_to_lead
from portal.blueprints.leads.blueprint import blueprint
from portal.errors import Forbidden
from portal.models import LeadState
from portal.operations import lead_changes
from portal.permissions import may_hand_out
from portal.queries.choices import source_names
from portal.queries.lead_views import LeadView
from portal.queries.leads import lead_for
from portal.sign_in import current_company, signed_in, signed_in_user

PLACE = ("country", "region", "city", "postcode", "address")
PLAIN = ("name", "text", "source", "lead_type", "language")
MOST_MONEY = Decimal("1e15")


class Correction(PortalForm):
    """What may be corrected, as it stands."""

    name = Line("Name", most=500)
    text = Lines("What they want", most=50_000)
    source = Line("Source")
    lead_type = Line("Type")
    language = Line("Language", most=35, description="Such as en or es.")
    country = Line("Country", most=100)
    region = Line("Region")
    city = Line("City")
    postcode = Line("Postcode", most=40)
    address = Line("Address", most=1000)
    price_min = Line("Price or budget from", most=40)
    price_max = Line("Up to", most=40)
    currency = Line("Currency", most=3, description="Three letters, such as EUR.")
    custom = Lines("Fields of your own", most=20_000, description="One a line, such as rooms = 3.")
    seen = HiddenField()

    @classmethod
    def showing(cls, lead: LeadView) -> Correction:
        """The form as the lead stands."""
        form = cls(formdata=None, data=_typed(lead) | {"seen": lead_changes.mark_of(lead.id)})
        form.fit(lead)
        return form

    def fit(self, lead: LeadView) -> None:
        """Without the fields that a line each cannot hold: those stay as they are."""
        if not _is_told_by_lines(lead.fields):
            del self.custom

    def validate_price_min(self, field: Field) -> None:
        """An amount, if anything."""
        _amount(field.data)

    def validate_price_max(self, field: Field) -> None:
        """Likewise, and not below the other end."""
        least, most = _amount_or_none(self.price_min.data), _amount(field.data)
        if least is not None and most is not None and most < least:
            raise ValidationError("The highest price is below the lowest.")

    def validate_currency(self, field: Field) -> None:
        """Three letters, if anything."""
        typed = field.data or ""
        if typed and not (len(typed) == 3 and typed.isascii() and typed.isalpha()):
            raise ValidationError("Type three letters, such as EUR.")

    def validate_custom(self, field: Field) -> None:
        """Each line names a field and what it holds."""
        for line in lines_of(field.data):
            if not line.partition("=")[0].strip() or "=" not in line:
                raise ValidationError(f"“{line[:40]}” is no field. Type its name and what it holds, such as rooms = 3.")

    def changes(self, lead: LeadView) -> dict[str, Any]:
        """What was typed that is not so already, as the operation takes it."""
        was = _typed(lead)
        changed = {field.name for field in self if field.name in was and _same(field.data) != _same(was[field.name])}
        changes: dict[str, Any] = {name: self[name].data or None for name in PLAIN if name in changed}
        if "name" in changes:
            changes["name"] = changes["name"] or ""
        if changed.intersection(PLACE):
            # Another place has another spot on the map.
            changes["location"] = {name: self[name].data for name in PLACE if self[name].data} or None
        if not changed.isdisjoint(("price_min", "price_max", "currency")):
            ends = {"min": self.price_min.data, "max": self.price_max.data, "currency": self.currency.data.upper()}
            changes["price"] = {end: typed for end, typed in ends.items() if typed} or None
        if "custom" in changed:
            pairs = (line.partition("=") for line in lines_of(self.custom.data))
            changes["fields"] = {name.strip(): value.strip() for name, _, value in pairs}
        return changes


def may_correct(lead: LeadView) -> bool:
    """Whether the viewer may correct a lead they see: their own, or one they may hand out."""
    user = signed_in_user()
    return not lead.masked and (lead.owner_id == user.id or may_hand_out(user, lead.id))


@blueprint.get("/<uuid:lead_id>/edit")
@signed_in
def ask_to_correct(lead_id: UUID) -> ResponseReturnValue:
    """The form."""
    lead = _correctable(lead_id)
    return _page(lead, Correction.showing(lead))


@blueprint.post("/<uuid:lead_id>/edit")
@signed_in
def correct(lead_id: UUID) -> ResponseReturnValue:
    """What was typed is what is known."""
    lead, by = _correctable(lead_id), signed_in_user()
    form = Correction()
    form.fit(lead)

    def save() -> None:
        lead_changes.change_lead(lead_id, form.changes(lead), by=by, seen=form.seen.data or "")

    if not form.carried_out(save):
        return _page(lead, form), form.status
    waits = lead.state == LeadState.UNASSIGNED and may_hand_out(by, lead_id)
    return back_to_lead(lead_id, "Saved. You can hand it out by the rules again." if waits else "Saved.")


def _correctable(lead_id: UUID) -> LeadView:
    lead = lead_for(signed_in_user(), lead_id)
    if not may_correct(lead):
        raise Forbidden("Only the lead's owner, or somebody who hands out leads, may correct it.")
    return lead


def _page(lead: LeadView, form: Correction) -> str:
    return render_template("leads/edit.html", lead=lead, form=form, sources=source_names(current_company().id))


def _typed(lead: LeadView) -> dict[str, str]:
    """The lead as it stands in the form's fields."""
    place, price = lead.location or {}, lead.price or {}
    values = {
        "name": lead.contact.name if lead.contact else None,
        **{name: getattr(lead, name) for name in PLAIN if name != "name"},
        **{name: place.get(name) for name in PLACE},
        "price_min": price.get("min"),
        "price_max": price.get("max"),
        "currency": price.get("currency"),
        "custom": "\n".join(f"{name} = {value}" for name, value in lead.fields.items()),
    }
    return {name: "" if value is None else str(value) for name, value in values.items()}


def _is_told_by_lines(fields: dict[str, Any]) -> bool:
    return all(
        isinstance(value, str) and value == value.strip() and value.splitlines() in ([], [value]) and "=" not in name
        for name, value in fields.items()
    )


def _same(text: str | None) -> str:
    """A text as it is compared: browsers send another end of line, and fields drop blanks around."""
    return "\n".join(line.rstrip() for line in (text or "").strip().splitlines())


def _amount_or_none(typed: str | None) -> Decimal | None:
    with suppress(ValidationError):
        return _amount(typed)
    return None


def _amount(typed: str | None) -> Decimal | None:
    if not typed:
        return None
    with suppress(InvalidOperation):
        amount = Decimal(typed)
        if amount.is_finite() and 0 <= amount <= MOST_MONEY:
            return amount
    raise ValidationError("Type an amount in figures, such as 1200.50.")
