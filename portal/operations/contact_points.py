"""Reads phone numbers and e-mail addresses as people write them. Nothing is ever refused: what cannot be read is kept
as it came, marked doubtful, and matches nobody."""

from __future__ import annotations

import re
from dataclasses import dataclass

import phonenumbers
from phonenumbers import PhoneNumberFormat

from portal.routing.recognise import ContactKey, KeyKind, normal_email

# What providers send instead of a number nobody wanted to show.
_WITHHELD = frozenset({"anonymous", "withheld", "private", "unknown", "restricted", "unavailable", "no caller id"})
_WITHHELD_NUMBERS = frozenset({"+266696687", "266696687", "+86282452253", "86282452253", "+7378742833", "+2562533"})
# One @ with something on both sides and no spaces. Delivery is the judge of the rest; DNS is never asked.
_ADDRESS = re.compile(r"[^\s@]{1,64}@[^\s@]{1,253}")


@dataclass(frozen=True, slots=True)
class ContactPoint:
    """One number or address: as it came, and as it is compared (None = unreadable)."""

    kind: KeyKind
    raw: str
    value: str | None
    extension: str | None = None
    doubtful: bool = False

    @property
    def key(self) -> ContactKey | None:
        """What a contact is found by, if this can be compared at all."""
        return ContactKey(self.kind, self.value) if self.value else None


def read_phone(raw: str, country: str) -> ContactPoint | None:
    """A phone number in any spelling; None for a withheld number, which is nobody's.

    Args:
        raw: as it was sent.
        country: ISO 3166 alpha-2, for numbers without a country code.
    """
    told = raw.strip()
    if not told or told.casefold() in _WITHHELD or told in _WITHHELD_NUMBERS:
        return None
    try:
        number = phonenumbers.parse(told, country)
    except phonenumbers.NumberParseException:
        return ContactPoint(KeyKind.PHONE, raw, None, doubtful=True)
    if not phonenumbers.is_possible_number(number):
        return ContactPoint(KeyKind.PHONE, raw, None, number.extension, doubtful=True)
    value = phonenumbers.format_number(number, PhoneNumberFormat.E164)
    doubtful = not phonenumbers.is_valid_number(number)
    return ContactPoint(KeyKind.PHONE, raw, value, number.extension, doubtful)


def read_email(raw: str) -> ContactPoint | None:
    """An e-mail address by its form alone; None for an empty one."""
    told = raw.strip()
    if not told:
        return None
    value = normal_email(told)
    if not _ADDRESS.fullmatch(value):
        return ContactPoint(KeyKind.EMAIL, raw, None, doubtful=True)
    return ContactPoint(KeyKind.EMAIL, raw, value)
