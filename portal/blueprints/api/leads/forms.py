"""What is sent about leads. Limits are wide: a lead is refused only when it cannot be understood."""

from __future__ import annotations

from contextlib import suppress
from decimal import Decimal, InvalidOperation
from typing import Any

from marshmallow import ValidationError, fields, validates_schema

from portal.blueprints.api.fields import Choice, Flag, Form, Id, Line, Moment, Part, Several, Text, Whole
from portal.blueprints.api.paging import PageForm
from portal.models import Channel, CloseReason, ContactStatus, LeadState, TimelineKind, Visibility
from portal.operations.amounts import read_amount, read_currency, read_day
from portal.operations.attempts import MOST_REMARK, Way
from portal.operations.conversion import MOST_NOTE
from portal.operations.entries import LONGEST_TEXT
from portal.queries.buckets import Bucket

MOST_FIELDS = 200
MOST_TAGS = 200
LONGEST_FIELD_NAME = 200
LONGEST_VALUE = 10_000


class Number(fields.Field[Any]):
    """A JSON number in a range."""

    def __init__(self, least: float, most: float) -> None:
        self.least, self.most = least, most
        super().__init__(allow_none=True, metadata={"type": "number", "minimum": least, "maximum": most})

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> float:
        if type(value) not in (int, float) or not self.least <= value <= self.most:
            raise ValidationError(f"Expected a number from {self.least:g} to {self.most:g}.")
        return value  # type: ignore[no-any-return]


class Amount(fields.Field[Any]):
    """An amount of money: a JSON number, or better the decimal in a text ("1200.00"). Kept as it was sent."""

    most = Decimal("1e15")

    def __init__(self) -> None:
        super().__init__(allow_none=True, metadata={"type": ["number", "string"], "examples": ["1200.00"]})

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> Any:
        amount = _decimal(value)
        if amount is None or not 0 <= amount <= self.most:
            raise ValidationError('Expected an amount such as "1200.00", from 0 to 1,000,000,000,000,000.')
        return value


def _decimal(value: Any) -> Decimal | None:
    if type(value) not in (int, float, str) or len(str(value)) > 40:
        return None
    with suppress(InvalidOperation):
        amount = Decimal(str(value).strip())
        return amount if amount.is_finite() else None
    return None


class CustomFields(fields.Field[dict[str, Any]]):
    """Fields of the sender's own: a name for each, and a text, number, true, false or null."""

    def __init__(self) -> None:
        values = {"type": ["string", "number", "boolean", "null"], "maxLength": LONGEST_VALUE}
        more = {"type": "object", "maxProperties": MOST_FIELDS, "additionalProperties": values}
        super().__init__(allow_none=True, metadata=more)

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> dict[str, Any]:
        if type(value) is not dict:
            raise ValidationError("Expected an object with a value for each field.")
        if len(value) > MOST_FIELDS:
            raise ValidationError(f"Use at most {MOST_FIELDS} fields.")
        wrong = {name: [told] for name, each in value.items() if (told := _wrong_with(name, each))}
        if wrong:
            raise ValidationError(wrong)
        return value


def _refuse_many(tags: list[str]) -> None:
    if len(tags) > MOST_TAGS:
        raise ValidationError(f"Use at most {MOST_TAGS} tags.")


def _wrong_with(name: str, value: Any) -> str | None:
    if len(name) > LONGEST_FIELD_NAME:
        return f"Use at most {LONGEST_FIELD_NAME} characters for the name of a field."
    if type(value) is str:
        return f"Use at most {LONGEST_VALUE} characters." if len(value) > LONGEST_VALUE else None
    if value is None or type(value) in (int, float, bool):
        return None
    return "Expected a text, a number, true, false or null."


class PlaceForm(Form):
    """Where it is."""

    country = Line(100)
    region = Line(200)
    city = Line(200)
    postcode = Line(40)
    address = Line(1000)
    lat = Number(-90, 90)
    lng = Number(-180, 180)


class PriceForm(Form):
    """A price or a budget."""

    min = Amount()
    max = Amount()
    currency = Line(3)

    @validates_schema
    def _in_order(self, data: dict[str, Any], **kwargs: Any) -> None:
        least, most = _decimal(data.get("min")), _decimal(data.get("max"))
        if least is not None and most is not None and least > most:
            raise ValidationError("The lowest price is above the highest.", "min")
        currency = data.get("currency")
        if currency is not None and not (len(currency) == 3 and currency.isascii() and currency.isalpha()):
            raise ValidationError("Expected three letters such as EUR or USD.", "currency")


MOST_HANDED_OUT = 2_000
"""Leads handed out by one call: so many take a second or two."""


class LeadForm(Form):
    """A lead as its sender gives it. At least one of name, phone, email and text."""

    name = Line(500)
    phone = Line(200)
    email = Line(500)
    text = Line(50_000)
    source = Line(200)
    channel = Choice(Channel, allow_none=True)
    lead_type = Line(200)
    external_id = Line(200)
    tags = Several(Line(200), allow_none=True, validate=_refuse_many, metadata={"maxItems": MOST_TAGS})
    fields = CustomFields()  # type: ignore[assignment]  # a declared field never shadows the attribute
    location = Part(PlaceForm, allow_none=True)
    price = Part(PriceForm, allow_none=True)
    language = Line(35)
    assignee = Line(320)
    received_at = Moment(allow_none=True)
    reassign = Flag(allow_none=True)


class LeadChangesForm(Form):
    """What may be corrected on a lead."""

    later = frozenset({"tags", "phone", "email", "team_id", "match_score", "conversion", "roles"})
    name = Line(500)
    text = Line(50_000)
    source = Line(200)
    lead_type = Line(200)
    fields = CustomFields()  # type: ignore[assignment]  # a declared field never shadows the attribute
    location = Part(PlaceForm, allow_none=True)
    price = Part(PriceForm, allow_none=True)
    language = Line(35)


class LeadsForm(PageForm):
    """Which leads; all that is given must hold."""

    bucket = Choice(Bucket, load_default=None)
    owner = Id(load_default=None)
    pool = Id(load_default=None)
    source = Text(load_default=None)
    tag = Text(load_default=None)
    status = Choice(LeadState, load_default=None)
    q = Line(200, load_default=None)
    since = Moment(load_default=None)


class HandOutForm(Form):
    """Which unassigned leads are handed out, the oldest first; all that is given must hold.

    `pool_id` names the pool whose turns are played for all of them; null = the one the rules name for each. `after`
    goes on behind the last lead of an answer.
    """

    pool_id = Id(load_default=None, allow_none=True)
    pool = Id(load_default=None, allow_none=True)
    source = Line(200, load_default=None)
    tag = Line(200, load_default=None)
    q = Line(200, load_default=None)
    since = Moment(load_default=None, allow_none=True)
    most = Whole(least=1, most=MOST_HANDED_OUT, load_default=MOST_HANDED_OUT)
    after = Id(load_default=None, allow_none=True)


class TimelineForm(PageForm):
    """Which entries of a timeline."""

    kind = Choice(TimelineKind, load_default=None)


class AssignForm(Form):
    """Who gets the lead; null = nobody, it waits for a person."""

    user_id = Id(required=True, allow_none=True)


class ReassignForm(Form):
    """To whom an owned lead is handed."""

    pool_id = Id(required=True)


class CloseForm(Form):
    """Why the engagement ended."""

    reason = Choice(CloseReason, required=True)
    note = Text(allow_none=True, load_default=None)


class EntryForm(Form):
    """What somebody writes on a lead. A comment tells the other side, a memo tells nobody."""

    kind = Choice((TimelineKind.COMMENT, TimelineKind.MEMO), required=True)
    text = Line(LONGEST_TEXT, required=True)
    visibility = Choice(Visibility, load_default=Visibility.EVERYONE)


class EditForm(Form):
    """One's own comment or memo, written anew within 15 minutes."""

    text = Line(LONGEST_TEXT, required=True)


class AttemptForm(Form):
    """An attempt to reach the customer."""

    way = Choice(Way, required=True)
    reached = Flag(required=True)
    note = Line(MOST_REMARK, load_default=None)


class _Written(Text):
    """A text that has to read as something; what the reader objects to is told."""

    def read(self, text: str) -> Any:
        """What it says. Raises ValueError with what to do."""
        raise NotImplementedError

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> Any:
        text: str = super()._deserialize(value, attr, data, **kwargs)
        try:
            return self.read(text)
        except ValueError as error:
            raise ValidationError(str(error)) from None


class MoneyAmount(_Written):
    """An amount of money as the decimal in a text ("1200.00")."""

    def read(self, text: str) -> Any:
        """As `read_amount`."""
        return read_amount(text)

    def __init__(self) -> None:
        super().__init__(required=True, metadata={"pattern": r"^[0-9]+(\.[0-9]{1,2})?$", "examples": ["1200.00"]})


class Currency(_Written):
    """A currency by its three letters (ISO 4217)."""

    def read(self, text: str) -> Any:
        """As `read_currency`."""
        return read_currency(text)


class Day(_Written):
    """A day such as 2026-05-31; null for none."""

    def read(self, text: str) -> Any:
        """As `read_day`."""
        return read_day(text)

    def __init__(self) -> None:
        super().__init__(allow_none=True, metadata={"format": "date"})


class MoneyForm(Form):
    """Money; the company's own currency where none is named."""

    amount = MoneyAmount()
    currency = Currency(load_default=None)


class ConversionForm(Form):
    """What became of a lead. What is left out stays; null empties. `status` and `lost_reason` by name or id.

    With `version`, as you last read it, a field somebody else has changed since is a conflict.
    """

    contact_status = Choice(ContactStatus)
    status = Text()
    expected_value = Part(MoneyForm, allow_none=True)
    expected_close_on = Day()
    actual_value = Part(MoneyForm, allow_none=True)
    won_on = Day()
    lost_reason = Text(allow_none=True)
    note = Line(MOST_NOTE)
    version = Whole(least=0)

    @validates_schema
    def _one_currency(self, data: dict[str, Any], **kwargs: Any) -> None:
        named = {value["currency"] for name in ("expected_value", "actual_value") if (value := data.get(name))}
        if len(named - {None}) > 1:
            raise ValidationError({"actual_value": {"currency": ["Both values of a lead are in one currency."]}})
