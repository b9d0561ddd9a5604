"""A message on its way in: as it was sent, what is known about it, and what became of it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from portal.models import Channel, Company, User
from portal.operations.actors import Actor
from portal.operations.contact_points import ContactPoint, read_email, read_phone
from portal.operations.writes import Writes
from portal.queries.across import KeyHolder
from portal.queries.intake_facts import Known
from portal.queries.routing_facts import price_range
from portal.routing.facts import LeadFacts
from portal.routing.lead_tags import tagged
from portal.routing.recognise import POSSIBLE_DUPLICATE, KeyKind, Recognition
from portal.routing.tags import Tagger

Warned = tuple[str, str]
"""A code and a sentence: something the sender should know although the lead was taken."""


@dataclass(frozen=True, slots=True)
class Arriving:
    """A message as a sender gave it, its types already checked. `payload` is all of it, as sent."""

    name: str | None = None
    phone: str | None = None
    email: str | None = None
    text: str | None = None
    source: str | None = None
    channel: str = Channel.API
    lead_type: str | None = None
    external_id: str | None = None
    tags: tuple[str, ...] = ()
    fields: dict[str, Any] = field(default_factory=dict)
    location: dict[str, Any] | None = None
    price: dict[str, Any] | None = None
    language: str | None = None
    # A user's id or e-mail address.
    assignee: str | None = None
    received_at: datetime | None = None
    # An update by external id may move the lead to another owner.
    reassign: bool = False
    payload: dict[str, Any] = field(default_factory=dict)
    # Entered by hand: store it and leave it to people.
    keep: bool = False

    def points(self, country: str) -> tuple[ContactPoint, ...]:
        """Its phone number and address, read. A withheld number is nobody's and is left out."""
        read = (
            read_phone(self.phone, country) if self.phone else None,
            read_email(self.email) if self.email else None,
        )
        return tuple(point for point in read if point is not None)

    @property
    def distinct_tags(self) -> tuple[str, ...]:
        """The tags sent along, each once whatever its case, in their order."""
        return tuple({tag.strip().casefold(): tag.strip() for tag in self.tags if tag.strip()}.values())

    def facts(self, points: tuple[ContactPoint, ...], lead_id: UUID | None, tagger: Tagger) -> LeadFacts:
        """The message as routing sees it, with the company's tags it holds."""
        least, most = price_range(self.price)
        lead = LeadFacts(
            id=lead_id,
            source=self.source,
            channel=self.channel,
            lead_type=self.lead_type,
            tags=self.distinct_tags,
            language=self.language,
            has_phone=any(point.kind is KeyKind.PHONE and point.value for point in points),
            location=self.location or {},
            fields=self.fields,
            price_min=least,
            price_max=most,
            text=self.text or "",
        )
        return tagged(lead, tagger)


@dataclass(frozen=True, slots=True)
class Taken:
    """What became of a message."""

    lead_id: UUID
    contact_id: UUID
    state: str
    waiting_for: str | None
    owner_id: UUID | None
    # assigned, offered, attached, updated, held, quarantined or unassigned.
    outcome: str
    reason: str
    created: bool
    # The reason as it may be told to those who read no names of others; None = it is for everybody.
    masked_reason: str | None = field(default=None, kw_only=True)
    tags_found: tuple[str, ...] = ()
    offers: tuple[UUID, ...] = ()
    decision_id: UUID | None = None
    pool_id: UUID | None = None
    rule_id: UUID | None = None
    warnings: tuple[Warned, ...] = ()

    def reason_told(self, *, names: bool) -> str:
        """The reason for somebody who may read the names of others, or who may not."""
        return self.reason if names or self.masked_reason is None else self.masked_reason


@dataclass(frozen=True, slots=True)
class Keep:
    """A sender's idempotency key, and how the answer to it is made from what was taken."""

    key_id: UUID
    name: str
    # SHA-256 over what was asked: the same key for something else is refused.
    fingerprint: bytes
    answer_of: Callable[[Taken], tuple[int, dict[str, Any]]]


@dataclass(frozen=True, slots=True)
class KeptTaken:
    """The answer a request with this idempotency key got the first time."""

    status: int
    answer: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Arrival:
    """A message with everything known about it. `finish` writes what was collected, and the answer with it."""

    message: Arriving
    holder: KeyHolder
    points: tuple[ContactPoint, ...]
    facts: Known
    recognition: Recognition
    by: Actor
    finish: Callable[[Taken, Writes], Taken]

    @property
    def flags(self) -> list[str]:
        """Notes people see on the lead."""
        return [code for code, _ in self.warnings]

    @property
    def warnings(self) -> tuple[Warned, ...]:
        """What the sender should know."""
        told = [
            (f"doubtful_{point.kind}", f"The {point.kind} could not be read with certainty; it is kept as sent.")
            for point in self.points
            if point.doubtful
        ]
        if POSSIBLE_DUPLICATE in self.recognition.warnings:
            told.append((POSSIBLE_DUPLICATE, "Phone and e-mail belong to two different contacts; the phone decided."))
        return tuple(told)


def holder_for(user: User, company: Company) -> KeyHolder:
    """The company's settings that intake goes by; no key came with a form, so the user's id stands in its place."""
    return KeyHolder(
        company_id=company.id,
        key_id=user.id,
        user_id=user.id,
        scope="full",
        country=company.country,
        time_zone=company.time_zone,
        fallback_any_active=company.fallback_any_active,
        returning_contacts=company.returning_contacts,
        named_counts_as_turn=company.named_counts_as_turn,
        rate_limit=company.rate_limit,
    )
