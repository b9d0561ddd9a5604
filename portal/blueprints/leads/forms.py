"""Forms of the leads area."""

from __future__ import annotations

from flask_wtf import FlaskForm
from wtforms import EmailField, RadioField, SelectField, StringField, TelField, TextAreaField
from wtforms.validators import InputRequired, Length, ValidationError

from portal.blueprints.leads.wording import CLOSE_REASONS
from portal.models import CloseReason

LONGEST_TEXT = 20_000


class NewLead(FlaskForm):  # type: ignore[misc]
    """A lead typed in by hand, and what is to be done with it."""

    name = StringField("Name", [Length(max=200, message="Keep the name under 200 characters.")])
    phone = TelField("Phone", [Length(max=100, message="Keep the number under 100 characters.")])
    email = EmailField("E-mail", [Length(max=320, message="An address has at most 320 characters.")])
    text = TextAreaField(
        "What they want", [Length(max=LONGEST_TEXT, message=f"Keep the text under {LONGEST_TEXT:,} characters.")]
    )
    source = StringField("Source", [Length(max=100, message="Keep the source under 100 characters.")])
    lead_type = StringField("Type", [Length(max=100, message="Keep the type under 100 characters.")])
    hand_out = RadioField(
        "What shall happen with it",
        choices=[
            ("route", "Hand it out by the rules"),
            ("keep", "Keep it in Unassigned for a person to hand out"),
            ("give", "Give it to somebody now"),
        ],
        default="route",
    )
    assignee = SelectField("Who gets it", default="", validate_choice=True)

    def validate_name(self, field: StringField) -> None:
        """There must be something to keep."""
        if not any((each.data or "").strip() for each in (self.name, self.phone, self.email, self.text)):
            raise ValidationError("Give a name, a phone number, an e-mail address or what they want.")

    def validate_assignee(self, field: SelectField) -> None:
        """Giving needs somebody to give to."""
        if self.hand_out.data == "give" and not field.data:
            raise ValidationError("Choose who gets it.")


class Close(FlaskForm):  # type: ignore[misc]
    """The end of one engagement."""

    reason = SelectField(
        "Why does it end?",
        [InputRequired("Choose a reason.")],
        choices=[("", "Choose a reason"), *((reason.value, CLOSE_REASONS[reason]) for reason in CloseReason)],
    )
    note = TextAreaField(
        "Anything still to be said?",
        [Length(max=2000, message="Keep the note under 2,000 characters.")],
        description="A note for whoever opens this lead later. The customer never sees it.",
    )

    def validate_note(self, field: TextAreaField) -> None:
        """Another reason has to be told."""
        if self.reason.data == CloseReason.OTHER and not (field.data or "").strip():
            raise ValidationError("Say in a few words why it is closed.")
