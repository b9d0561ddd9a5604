"""Kinds of fields: each takes exactly its own JSON type and says plainly what it expected."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import UTC, date, datetime
from typing import Any, ClassVar
from uuid import UUID

from marshmallow import RAISE, Schema, ValidationError, fields

NOT_YET = "This setting is not available yet."
UNKNOWN = "There is no such field here."
REQUIRED = "This field is needed."
NO_NULL = "This field cannot be null."


class Form(Schema):
    """A body or a query: every field it does not name is refused by its name."""

    # Fields of the documented surface that do nothing yet: refused rather than silently ignored.
    later: ClassVar[frozenset[str]] = frozenset()

    class Meta:
        unknown = RAISE

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self.error_messages |= {"unknown": UNKNOWN, "type": "Expected an object with named fields."}

    def handle_error(self, error: ValidationError, data: Any, *, many: bool, **kwargs: Any) -> None:
        for name in self.later & set(error.messages_dict):
            error.messages_dict[name] = [NOT_YET]


class NothingForm(Form):
    """No fields: what to do is in the address."""


class _Strict:
    """Says in our own words what is wrong; `expected` is what a value of another type is told."""

    expected: ClassVar[str] = ""

    def __init__(self, *arguments: Any, **options: Any) -> None:
        told = {"required": REQUIRED, "null": NO_NULL}
        if self.expected:
            told |= dict.fromkeys(("invalid", "invalid_utf8", "invalid_uuid", "type"), self.expected)
        super().__init__(*arguments, error_messages=told, **options)  # type: ignore[call-arg]  # a mixin of fields


class Text(_Strict, fields.String):
    """A JSON string."""

    expected = "Expected a text."


class Line(Text):
    """A text of limited length; null is the same as leaving it out."""

    def __init__(self, longest: int, **options: Any) -> None:
        self.longest = longest
        super().__init__(allow_none=True, metadata={"maxLength": longest}, **options)

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> str:
        text: str = super()._deserialize(value, attr, data, **kwargs)
        if len(text) > self.longest:
            raise ValidationError(f"Use at most {self.longest} characters; these are {len(text)}.")
        return text


class Whole(_Strict, fields.Integer):
    """A whole JSON number; in a query, its digits."""

    expected = "Expected a whole number."

    def __init__(self, *, least: int | None = None, most: int | None = None, **options: Any) -> None:
        self.least, self.most = least, most
        bounds = {"minimum": least, "maximum": most}
        metadata = {name: bound for name, bound in bounds.items() if bound is not None} | options.pop("metadata", {})
        super().__init__(metadata=metadata, **options)

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> int:
        if type(value) is not int:
            raise self.make_error("invalid")
        return self._within_bounds(value)

    def _within_bounds(self, value: int) -> int:
        if self.least is not None and value < self.least:
            raise ValidationError(f"Use at least {self.least:,}.")
        if self.most is not None and value > self.most:
            raise ValidationError(f"Use at most {self.most:,}.")
        return value


class WholeText(Whole):
    """A whole number in the address of a page of results."""

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> int:
        if not (isinstance(value, str) and value.isascii() and value.isdigit() and len(value) < 10):
            raise self.make_error("invalid")
        return self._within_bounds(int(value))


class Flag(_Strict, fields.Boolean):
    """true or false."""

    expected = "Expected true or false."

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> bool:
        if not isinstance(value, bool):
            raise self.make_error("invalid")
        return value


class Id(_Strict, fields.UUID):
    """An id, as one of our answers gave it."""

    expected = "Expected an id from one of our answers."

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> UUID:
        if not isinstance(value, str):
            raise self.make_error("invalid_uuid")
        try:
            return UUID(value)
        except ValueError:
            raise self.make_error("invalid_uuid") from None


class Moment(_Strict, fields.AwareDateTime):
    """A moment in RFC 3339, with its offset from UTC."""

    expected = "Expected a moment such as 2026-05-03T10:00:00Z."

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> datetime:
        moment = moment_from(value)
        if moment is None:
            raise self.make_error("invalid")
        return moment


class Day(_Strict, fields.Date):
    """A day such as 2026-05-03."""

    expected = "Expected a day such as 2026-05-03."

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> date:
        if not isinstance(value, str) or not value.isascii() or len(value) != 10:
            raise self.make_error("invalid")
        try:
            return date.fromisoformat(value)
        except ValueError:
            raise self.make_error("invalid") from None


def moment_from(value: Any) -> datetime | None:
    """A moment from its text, in UTC; None when it is none, or has no offset, so that nobody knows when it was."""
    if not isinstance(value, str) or not value.isascii() or len(value) > 40 or "T" not in value.upper():
        return None
    try:
        moment = datetime.fromisoformat(value)
        return moment.astimezone(UTC) if moment.tzinfo is not None else None
    except (ValueError, OverflowError):
        return None


class Choice(_Strict, fields.String):
    """One of a few texts.

    Args:
        choices: those that work.
        later: those that are documented but do nothing yet.
    """

    def __init__(self, choices: Iterable[str], *, later: Collection[str] = (), **options: Any) -> None:
        self.choices = [str(choice) for choice in choices]
        self.later = later
        enum = [*self.choices, *([None] if options.get("allow_none") else [])]
        super().__init__(metadata={"enum": enum} | options.pop("metadata", {}), **options)

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> str:
        expected = f"Expected {' or '.join(self.choices)}."
        if isinstance(value, str) and value in self.later:
            raise ValidationError(f"“{value}” is not available yet. {expected}")
        if not isinstance(value, str) or value not in self.choices:
            raise ValidationError(expected)
        return value


class Part(_Strict, fields.Nested):
    """An object within the object."""


class Several(_Strict, fields.List[Any]):
    """A JSON array."""

    expected = "Expected a list."


class Figure(_Strict, fields.Float):
    """A JSON number with decimals."""

    expected = "Expected a number."


class Free(_Strict, fields.Dict):
    """An object whose names are not fixed."""

    expected = "Expected an object."
