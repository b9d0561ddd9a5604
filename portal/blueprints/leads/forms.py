"""Forms of the leads area."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from types import MappingProxyType
from typing import Any

from wtforms import RadioField, SelectField, TelField
from wtforms.fields.choices import SelectChoice
from wtforms.validators import ValidationError
from wtforms.widgets import HiddenInput

from portal.blueprints.forms import Email, Line, Lines, PortalForm, Whole, menu, needed, one_line, trimmed
from portal.blueprints.leads.wording import CLOSE_REASONS, CONTACT_STATUSES, WAYS, amount
from portal.blueprints.once import FormKey, OnceForm
from portal.errors import Conflict, Invalid
from portal.models import CloseReason, ConversionStatus, LostReason, TimelineKind
from portal.operations.attempts import Way
from portal.operations.conversion import ChangedMeanwhile, ConversionChanges
from portal.operations.conversion_words import FIELD_OF, LABELS
from portal.queries.conversion import ConversionView

LONGEST_TEXT = 20_000


class NewLead(OnceForm):
    """A lead typed in by hand, and what is to be done with it."""

    name = Line("Name")
    phone = TelField("Phone", [one_line], filters=[trimmed])
    email = Email("E-mail", most=320)
    text = Lines("What they want", most=LONGEST_TEXT)
    source = Line("Source", most=100)
    lead_type = Line("Type", most=100)
    hand_out = RadioField(
        "What shall happen with it",
        choices=menu(
            [
                ("route", "Hand it out by the rules"),
                ("keep", "Keep it in Unassigned for a person to hand out"),
                ("give", "Give it to somebody now"),
            ]
        ),
        default="route",
    )
    assignee = SelectField("Who gets it", default="")

    def offer(self, people: Iterable[tuple[str, str]] | None) -> NewLead:
        """Fill the menu of those it may be given to; None = the rules hand out, and there is no question."""
        if people is None:
            del self.hand_out, self.assignee
        else:
            self.assignee.choices = menu([("", "Choose somebody"), *people])
        return self

    def validate_name(self, field: Line) -> None:
        """There must be something to keep."""
        if not any(each.data for each in (field, self.phone, self.email, self.text)):
            raise ValidationError("Give a name, a phone number, an e-mail address or what they want.")

    def validate_assignee(self, field: SelectField) -> None:
        """Giving needs somebody to give to."""
        if self.hand_out.data == "give" and not field.data:
            raise ValidationError("Choose who gets it.")


class Close(PortalForm):
    """The end of one engagement."""

    reason = SelectField(
        "Why does it end?",
        [needed("Choose a reason.")],
        choices=menu([("", "Choose a reason"), *((reason.value, CLOSE_REASONS[reason]) for reason in CloseReason)]),
    )
    note = Lines(
        "Anything still to be said?",
        most=2000,
        id="close-note",
        description="A note for whoever opens this lead later. The customer never sees it.",
    )

    def validate_note(self, field: Lines) -> None:
        """Another reason has to be told."""
        if self.reason.data == CloseReason.OTHER and not field.data:
            raise ValidationError("Say in a few words why it is closed.")


MANAGERS_ONLY = "managers"


class Entry(PortalForm):
    """A comment or a memo. What it is and who reads it is one question."""

    kind = RadioField("Who is it for?", default=TimelineKind.COMMENT.value)
    # Counted by the operation, which knows how lines end.
    text = Lines("What do you want to say?", [needed("Write something first.")], most=20_000, id="write")
    form_key = FormKey()

    def offer(self, kinds: Sequence[tuple[str, str]]) -> Entry:
        """Fill the choices; the first is the usual one."""
        self.kind.choices = menu(kinds)
        self.kind.data = self.kind.data if self.is_submitted() and self.kind.data else kinds[0][0]
        return self


class Edit(PortalForm):
    """One's own comment or memo, written anew."""

    text = Lines("Write it anew", [needed("Write something first.")], most=20_000)


class Attempt(PortalForm):
    """An attempt to reach the customer; which button was pressed says whether it worked."""

    aliases = MappingProxyType({"note": "remark"})

    way = RadioField(
        "How did you try?", choices=menu([(way.value, name) for way, name in WAYS.items()]), default=Way.CALL
    )
    reached = RadioField("Did you reach them?", choices=menu([("yes", "Reached them"), ("no", "No answer")]))
    remark = Lines("Anything to remember?", most=4_000, id="attempt-remark")
    form_key = FormKey()


class Feedback(PortalForm):
    """What became of the lead. It knows which version it was opened with."""

    contact_status = RadioField(
        "Contact", choices=menu([(status.value, name) for status, name in CONTACT_STATUSES.items()])
    )
    status = SelectField("Status", id="feedback-status")
    expected_value = Line("Expected value", id="expected-value")
    currency = Line("Currency", id="currency")
    expected_close_on = Line("Expected close", id="expected-close-on")
    actual_value = Line("Value", id="actual-value")
    won_on = Line("Won on", id="won-on")
    lost_reason = SelectField("Reason", id="lost-reason")
    note = Lines("Note", most=20_000, id="feedback-note")
    version = Whole(widget=HiddenInput(), default=0)

    is_behind = False

    def validate(self, extra_validators: Any = None) -> bool:
        """Without the version it was opened with, nobody could tell what it would overwrite."""
        in_order = super().validate(extra_validators)
        if self.version.data is not None and self.version.raw_data:
            return in_order
        # Nobody typed it, so there is no field to lead them to.
        self.version.errors = ()
        self.form_errors.append("This form does not say which version of the feedback it shows. Open the lead again.")
        return False

    @classmethod
    def showing(cls, view: ConversionView, currency: str) -> Feedback:
        """The form as the lead stands. `currency` is the company's, for values to come."""
        columns = {column: getattr(view, column) for column in LABELS}
        form = cls(formdata=None, data={"version": view.version})
        form._show(columns | {"currency": view.currency or currency})
        return form

    def _show(self, columns: Mapping[str, Any]) -> None:
        """Fill in values as they are stored."""
        for column, value in columns.items():
            field = self[FIELD_OF[column]]
            field.data = amount(value) if isinstance(value, Decimal) else "" if value is None else str(value)
            field.raw_data = None

    def offer(self, statuses: Iterable[ConversionStatus], reasons: Iterable[LostReason]) -> Feedback:
        """Fill the menus: what is in use, and what the lead has already."""
        # What a status counts as says which fields go with it; the page shows only those.
        self.status.choices = [
            SelectChoice(str(each.id), each.name, {"data-group": each.status_group})
            for each in statuses
            if each.active or str(each.id) == self.status.data
        ]
        named = [(str(each.id), each.name) for each in reasons if each.active or str(each.id) == self.lost_reason.data]
        self.lost_reason.choices = menu([("", "Choose a reason"), *named])
        return self

    def wanted(self) -> ConversionChanges:
        """What was typed, as the operation takes it."""
        typed: Any = {field.name: field.data for field in self if field.name != "version"}
        return typed  # type: ignore[no-any-return]

    @property
    def status_code(self) -> int:
        """Of the page that shows this form after a try: 409 when somebody else was quicker."""
        return 409 if self.is_behind else 422

    def _take(self, refusal: Invalid | Conflict) -> None:
        super()._take(refusal)
        if isinstance(refusal, ChangedMeanwhile):
            # Saving once more, with the other's value in sight, is a decision.
            self.is_behind, self.version.data, self.version.raw_data = True, refusal.version, None
            typed_currency = self.currency.data
            self._show(refusal.together)
            self.currency.data = self.currency.data or typed_currency
