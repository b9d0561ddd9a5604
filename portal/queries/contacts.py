"""The customer, as shown to those who may see them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import ScalarSelect, func, select
from sqlalchemy.dialects.postgresql import aggregate_order_by

from portal.models import ContactKey, KeyKind, Lead


@dataclass(frozen=True, slots=True)
class PhoneView:
    """A number as the sender wrote it (`raw`) and, when it could be read, in E.164 (`value`)."""

    raw: str
    value: str | None
    extension: str | None
    doubtful: bool

    @property
    def shown(self) -> str:
        """The number for people."""
        number = self.value or self.raw
        return f"{number} ext. {self.extension}" if self.extension else number

    @property
    def dialled(self) -> str | None:
        """What a telephone dials: the number, a pause, the extension (RFC 3966 leaves pauses to `p`-style strings,
        which every phone reads as a comma). None when the number could not be read."""
        if self.value is None:
            return None
        return f"{self.value},{self.extension}" if self.extension else self.value


@dataclass(frozen=True, slots=True)
class ContactView:
    """A person who asked: name, numbers and addresses, oldest first."""

    id: UUID
    name: str | None
    phones: tuple[PhoneView, ...]
    emails: tuple[str, ...]

    @property
    def called(self) -> str:
        """What to call them: the name, else a number, else an address."""
        if self.name:
            return self.name
        return next((phone.shown for phone in self.phones), None) or next(iter(self.emails), None) or "No name given"


def keys_of_lead() -> ScalarSelect[Any]:
    """For a statement over leads: the contact's keys in one value that `contact_view` reads."""
    key = func.jsonb_build_array(
        ContactKey.kind, ContactKey.raw, ContactKey.value, ContactKey.extension, ContactKey.doubtful
    )
    return (
        select(func.jsonb_agg(aggregate_order_by(key, ContactKey.id)))
        .where(ContactKey.company_id == Lead.company_id, ContactKey.contact_id == Lead.contact_id)
        .correlate(Lead)
        .scalar_subquery()
    )


def contact_view(contact_id: UUID, name: str | None, keys: Sequence[Sequence[Any]] | None) -> ContactView:
    """A contact from its row and what `keys_of_lead` found."""
    phones = [PhoneView(*key[1:]) for key in keys or () if key[0] == KeyKind.PHONE]
    emails = [key[2] or key[1] for key in keys or () if key[0] == KeyKind.EMAIL]
    return ContactView(contact_id, name, tuple(phones), tuple(emails))
