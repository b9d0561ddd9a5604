"""What all forms share: they refuse fields they do not name, and carry an operation's objections to the right field."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Iterable, Mapping
from types import MappingProxyType
from typing import Any
from uuid import UUID

from flask import request
from flask_wtf import FlaskForm
from wtforms import EmailField, Field, IntegerField, PasswordField, StringField, TextAreaField
from wtforms.fields.choices import SelectChoice
from wtforms.validators import StopValidation, ValidationError

from portal.errors import Conflict, Invalid

MOST_CHARACTERS = 200


def id_or_none(value: Any) -> UUID | None:
    """What a menu of ids has chosen; None for its first line, which names nobody."""
    return UUID(str(value)) if value else None


class PortalForm(FlaskForm):  # type: ignore[misc]
    """A form of ours. The token was checked before the view ran; see `portal.expired_form`."""

    class Meta:
        csrf = False

    # Names under which operations complain → the field it is here.
    aliases: Mapping[str, str] = MappingProxyType({})

    def carried_out(self, act: Callable[[], object]) -> bool:
        """Whether the form was sent, is in order, and `act` went through.

        What an operation objects to (Invalid, Conflict) becomes an error of the field it names, so that the page comes
        back with everything that was typed.
        """
        if not self.validate_on_submit():
            return False
        try:
            act()
        except (Invalid, Conflict) as refusal:
            self._take(refusal)
            return False
        return True

    @property
    def status(self) -> int:
        """Of the page that shows this form: 422 when it came back with errors."""
        return 422 if self.is_submitted() else 200

    def validate(self, extra_validators: Any = None) -> bool:
        """Each field by its own rules; a field the form does not name is an error, never ignored."""
        in_order = bool(super().validate(extra_validators))
        unknown = sorted(set(request.form) - self._known() - {"csrf_token"})
        self.form_errors.extend(f"This form has no field “{name[:50]}”." for name in unknown)
        return in_order and not unknown

    def _known(self) -> set[str]:
        return {field.name for field in self}

    def _take(self, refusal: Invalid | Conflict) -> None:
        placed = False
        for error in refusal.errors:
            field = self._field_for(error.field)
            if field is None:
                self.form_errors.append(error.message)
            else:
                field.errors = [*field.errors, error.message]
            placed = True
        if not placed:
            self.form_errors.append(refusal.detail)

    def _field_for(self, name: str) -> Field | None:
        """The field an operation means: `members.0.weight` is looked for whole, then by its first part."""
        for candidate in (self.aliases.get(name, name), name.partition(".")[0]):
            if candidate in self:
                return self[candidate]
        return None


def lines_of(typed: str | None) -> list[str]:
    """What was typed one a line, without blanks around and without empty lines."""
    return [line.strip() for line in (typed or "").splitlines() if line.strip()]


def trimmed(value: str | None) -> str | None:
    """A filter: without blanks around."""
    return value.strip() if isinstance(value, str) else value


def _readable(_form: FlaskForm, field: Field) -> None:
    """No control characters (the database refuses NUL, lines and tabs apart) and no more than the field takes."""
    typed = field.data or ""
    field.data = "".join(character for character in typed if character in "\r\n\t" or not _is_control(character))
    if field.data != typed:
        raise ValidationError("This held characters that cannot be shown; they are taken out now. Is it still right?")
    most = getattr(field, "most", MOST_CHARACTERS)
    if len(typed) > most:
        raise ValidationError(f"Please use at most {most} characters.")


def _is_control(character: str) -> bool:
    return unicodedata.category(character) in ("Cc", "Cs")


def one_line(form: FlaskForm, field: Field) -> None:
    """A validator: readable, and on one line."""
    _readable(form, field)
    if any(character in "\r\n\t" for character in field.data or ""):
        raise ValidationError("Please write this on one line.")


class Line(StringField):  # type: ignore[misc]
    """A line of text without blanks around it."""

    def __init__(self, label: str, validators: Any = (), *, most: int = MOST_CHARACTERS, **options: Any) -> None:
        self.most = most
        super().__init__(label, [*validators, one_line], filters=[trimmed], **options)


class Email(EmailField):  # type: ignore[misc]
    """An e-mail address as typed; whether it is one is for the operation to say."""

    def __init__(self, label: str, validators: Any = (), *, most: int = MOST_CHARACTERS, **options: Any) -> None:
        self.most = most
        super().__init__(label, [*validators, one_line], filters=[trimmed], **options)


class Password(PasswordField):  # type: ignore[misc]
    """A password, exactly as typed, and never sent back."""

    def __init__(self, label: str, validators: Any = (), **options: Any) -> None:
        super().__init__(label, [*validators, one_line], **options)


class Lines(TextAreaField):  # type: ignore[misc]
    """Several lines of text."""

    def __init__(self, label: str, validators: Any = (), *, most: int = 5000, **options: Any) -> None:
        self.most = most
        super().__init__(label, [*validators, _readable], filters=[trimmed], **options)


class Whole(IntegerField):  # type: ignore[misc]
    """A whole number from 0 up, in plain digits; None when left empty."""

    def process_formdata(self, valuelist: list[str]) -> None:
        """Read what was typed. Raises ValueError with what to do."""
        typed = valuelist[0].strip() if valuelist else ""
        self.data = None
        if typed and not (typed.isascii() and typed.isdigit() and len(typed) <= 9):
            raise ValueError("Please type a whole number in digits, such as 5.")
        if typed:
            self.data = int(typed)


def menu(pairs: Iterable[tuple[str, str]]) -> list[SelectChoice]:
    """Choices of a menu or of boxes, from what is sent and what is shown."""
    return [SelectChoice(value, label) for value, label in pairs]


def needed(what: str) -> Callable[[FlaskForm, Field], None]:
    """A validator: the field may not stay empty. `what` is the whole sentence to show."""

    def check(_form: FlaskForm, field: Field) -> None:
        # What was typed and could not be read has its own error already.
        is_empty = field.data is None or field.data == [] or (isinstance(field.data, str) and not field.data.strip())
        if is_empty and not field.process_errors:
            field.errors = []
            raise StopValidation(what)

    # WTForms reads this to mark the control as required.
    check.field_flags = {"required": True}  # type: ignore[attr-defined]
    return check
