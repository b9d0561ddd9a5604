"""Checks of what people and programs send: every field at once, each complaint by the field's name."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable, Mapping
from datetime import date
from decimal import Decimal
from typing import TypeVar
from zoneinfo import available_timezones

import email_validator
import phonenumbers

from portal.errors import FieldError, Invalid
from portal.operations.amounts import read_amount, read_currency, read_day

Value = TypeVar("Value")

# Whether an address looks like one is asked, not whether the public internet knows its domain.
email_validator.SPECIAL_USE_DOMAIN_NAMES.clear()

LONGEST_NAME = 200
LONGEST_PHONE = 100

_UNSAFE = re.compile("[\x00\ud800-\udfff]")
_INVISIBLE_ONLY = re.compile(r"[\s\u200b-\u200f\u2028-\u202f\u2060-\u206f\ufeff\u00ad]*")


class Complaints:
    """Collects what is wrong; `raise_if_any` says all of it at once.

    The checks give the value as it is stored, or None after a complaint.
    """

    def __init__(self) -> None:
        self._errors: list[FieldError] = []

    def add(self, field: str, message: str) -> None:
        """A complaint: the field, and what is wrong with what to do."""
        self._errors.append(FieldError(field, message))

    def raise_if_any(self) -> None:
        """Raise Invalid if there was a complaint."""
        if self._errors:
            first = self._errors[0]
            raise Invalid(f"{first.field}: {first.message}", self._errors)

    def name(self, field: str, value: str | None, *, most: int = LONGEST_NAME) -> str | None:
        """A name people will see: one line of `most` characters at most, with something visible in it."""
        text = self.text(field, value, most=most)
        if text is None:
            if value is None:
                self.add(field, "Give it a name.")
            return None
        if any(character < " " or character == "\x7f" for character in text):
            self.add(field, "Use one line, without control characters.")
        elif _INVISIBLE_ONLY.fullmatch(text):
            self.add(field, "This is empty. Type something people can see.")
        else:
            return text
        return None

    def text(self, field: str, value: str | None, *, most: int) -> str | None:
        """A text without spaces around it; None when there is none."""
        if value is None:
            return None
        if _UNSAFE.search(value):
            self.add(field, "Holds a NUL or half a surrogate pair, which is no text. Remove it and send again.")
        elif len(value) > most:
            self.add(field, f"Use at most {most} characters; these are {len(value)}.")
        else:
            return value.strip()
        return None

    def email(self, field: str, value: str | None) -> str | None:
        """An e-mail address in lower case, checked for its form only: no name server is asked."""
        text = self.text(field, value, most=320)
        if text is None:
            if value is None:
                self.add(field, "An e-mail address is needed.")
            return None
        try:
            found = email_validator.validate_email(text, check_deliverability=False, globally_deliverable=False)
        except email_validator.EmailNotValidError as error:
            self.add(field, f"This is not an e-mail address: {str(error).rstrip('.')}.")
            return None
        return found.normalized.lower()

    def phone(self, field: str, value: str | None) -> str | None:
        """A colleague's phone number, kept as typed; None when empty."""
        text = self.text(field, value, most=LONGEST_PHONE)
        if text and not any(character.isdigit() for character in text):
            self.add(field, "There are no digits in this phone number.")
            return None
        return text or None

    def whole(self, field: str, value: int | None, least: int, most: int) -> int | None:
        """A whole number in a range, both ends included."""
        if type(value) is not int or not least <= value <= most:
            self.add(field, f"Use a whole number from {least} to {most}.")
            return None
        return value

    def one_of(self, field: str, value: str | None, choices: Iterable[str]) -> str | None:
        """One of a few texts."""
        known = [str(choice) for choice in choices]
        if value not in known:
            self.add(field, f"Use one of: {', '.join(known)}.")
            return None
        return value

    def some_of(
        self, field: str, values: Collection[str], choices: Iterable[str], *, at_least_one: bool = False
    ) -> list[str]:
        """Several of a few texts, each once, in the order of the choices."""
        known = [str(choice) for choice in choices]
        unknown = [value for value in values if value not in known]
        if unknown:
            self.add(field, f"There is no “{_short(unknown[0])}” here. Use: {', '.join(known)}.")
        elif at_least_one and not values:
            self.add(field, f"Choose at least one of: {', '.join(known)}.")
        return [choice for choice in known if choice in values]

    def time_zone(self, field: str, value: str | None) -> str | None:
        """The name of a zone in the IANA database."""
        if value not in available_timezones():
            self.add(field, "There is no such time zone. Use a name such as Europe/Berlin or America/New_York.")
            return None
        return value

    def country(self, field: str, value: str | None) -> str | None:
        """An ISO 3166 alpha-2 code that phone numbers can be read for."""
        code = (value or "").strip().upper()
        if code not in phonenumbers.SUPPORTED_REGIONS:
            self.add(field, "There is no such country. Use two letters such as US, DE or ES.")
            return None
        return code

    def currency(self, field: str, value: str | None) -> str | None:
        """A currency by its ISO 4217 letters."""
        return self._read(field, value or "", read_currency)

    def amount(self, field: str, value: str | Decimal | None) -> Decimal | None:
        """An amount of money; None when there is none."""
        return None if value is None or value == "" else self._read(field, str(value), read_amount)

    def day(self, field: str, value: str | date | None) -> date | None:
        """A day; None when there is none."""
        return None if value is None or value == "" else self._read(field, str(value), read_day)

    def _read(self, field: str, written: str, read: Callable[[str], Value]) -> Value | None:
        try:
            return read(written)
        except ValueError as error:
            self.add(field, str(error))
            return None


def refuse_unknown(changes: Mapping[str, object], known: Collection[str]) -> None:
    """Raise Invalid for changes nobody asked for by a name that exists."""
    unknown = [FieldError(name, "There is no such field here.") for name in changes if name not in known]
    if unknown:
        raise Invalid(f"{unknown[0].field}: {unknown[0].message}", unknown)


def _short(text: str) -> str:
    shown = _UNSAFE.sub("�", text)
    return shown if len(shown) <= 40 else f"{shown[:40]}…"
