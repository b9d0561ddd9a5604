"""The one search box over leads: name, phone in any spelling, e-mail, text, tag, number."""

from __future__ import annotations

import re
import unicodedata
from uuid import UUID

from sqlalchemy import and_, false, func, or_, select

from portal.models import Contact, ContactKey, KeyKind, Lead, LeadAlias, User
from portal.permissions import Filter, unmasked_leads

LEAST_DIGITS = 3
_EXTENSION = re.compile(r"(?<=\d)\s*(?:x|ext\.?|extension|#)\s*\d+\s*$", re.IGNORECASE)
_NUMBER_SIGNS = frozenset("+()./-\u2010\u2011\u2012\u2013 \u00a0")


def found_by(words: str, user: User) -> Filter:
    """Leads the words find for this user.

    A lead whose customer is masked for the user is found by its tags alone: anything else would tell, by trying,
    what is not shown.
    """
    about_customer = or_(
        _known_as(words),
        Lead.text.icontains(words, autoescape=True),
        _has_key(words),
        _has_number(words),
    )
    return or_(_has_tag(words), and_(unmasked_leads(user), about_customer))


def phone_digits(words: str) -> str | None:
    """The digits to look for when the words may be a phone number, in any script, grouping and trunk prefix.

    None when they are something else. Leading zeros say "national" or "international" and are in no stored number.
    """
    number = _EXTENSION.sub("", words)
    digits = ""
    for sign in number:
        digit = unicodedata.digit(sign, None)
        if digit is not None:
            digits += str(digit)
        elif sign not in _NUMBER_SIGNS:
            return None
    # "+44 (0)20 …": the zero in brackets is dialled inside the country only.
    digits = digits if "(0)" not in number else re.sub(r"^(00)?(\d{1,3})0", r"\2", digits, count=1)
    digits = digits.lstrip("0")
    return digits if len(digits) >= LEAST_DIGITS else None


def _has_tag(words: str) -> Filter:
    tag = func.unnest(Lead.tags_found).column_valued("tag")
    return select(tag).where(func.lower(tag) == words.lower()).correlate(Lead).exists()


def _known_as(words: str) -> Filter:
    name = select(Contact.id).where(
        Contact.company_id == Lead.company_id,
        Contact.id == Lead.contact_id,
        Contact.name.icontains(words, autoescape=True),
    )
    return name.correlate(Lead).exists()


def _has_key(words: str) -> Filter:
    digits = phone_digits(words)
    written = func.regexp_replace(ContactKey.raw, r"\D", "", "g")
    matching = or_(
        and_(
            ContactKey.kind == KeyKind.EMAIL,
            func.coalesce(ContactKey.value, ContactKey.raw).icontains(words, autoescape=True),
        ),
        and_(ContactKey.kind == KeyKind.PHONE, ContactKey.raw == words),
        and_(ContactKey.kind == KeyKind.PHONE, func.coalesce(ContactKey.value, written).contains(digits))
        if digits
        else false(),
    )
    key = select(ContactKey.id).where(
        ContactKey.company_id == Lead.company_id, ContactKey.contact_id == Lead.contact_id, matching
    )
    return key.correlate(Lead).exists()


def _has_number(words: str) -> Filter:
    alias = select(LeadAlias.id).where(
        LeadAlias.company_id == Lead.company_id, LeadAlias.lead_id == Lead.id, LeadAlias.external_id == words
    )
    by_id = Lead.id == lead_id if (lead_id := _as_id(words)) else false()
    return or_(Lead.external_id == words, alias.correlate(Lead).exists(), by_id)


def _as_id(words: str) -> UUID | None:
    try:
        return UUID(words)
    except ValueError:
        return None
