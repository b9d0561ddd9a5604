"""What a message is written from: plain facts, loaded by `queries.message_facts`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo


@dataclass(frozen=True, slots=True)
class AboutLead:
    """What may be said of a lead to anybody who is asked to take it: nothing here names the customer."""

    lead_type: str | None = None
    source: str | None = None
    language: str | None = None
    location: Mapping[str, Any] = field(default_factory=dict)
    """As the lead has it. Only town, region, country and postcode are ever read from it here."""
    price: Mapping[str, Any] = field(default_factory=dict)
    """`min`, `max`, `currency`, each optional."""
    tags: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Customer:
    """Who asked and what they wrote. Loaded only for the lead's owner."""

    name: str | None
    phones: tuple[str, ...]
    emails: tuple[str, ...]
    address: str | None
    text: str | None


@dataclass(frozen=True, slots=True)
class Remark:
    """A comment on a lead: whose, and its words. Loaded only for those who may read it when the message is sent."""

    author: str
    text: str
    customer: str | None
    """The customer's name: whoever reads comments knows it."""


@dataclass(frozen=True, slots=True)
class Window:
    """How long an offer stands or stood."""

    opened_at: datetime
    ends_at: datetime


@dataclass(frozen=True, slots=True)
class Links:
    """Addresses a message may lead to; each is None where it makes no sense."""

    offer: str | None = None
    lead: str | None = None
    account: str | None = None


@dataclass(frozen=True, slots=True)
class Facts:
    """Everything one message may say."""

    cause: str
    recipient: str
    company: str
    zone: ZoneInfo
    """The company's; every time is told in it, and it is named."""
    links: Links
    lead: AboutLead = AboutLead()
    customer: Customer | None = None
    window: Window | None = None
    remark: Remark | None = None
    owns: bool = False
    """Whether the recipient owns the lead."""
    lead_state: str | None = None
    """Where the lead is now."""
    reason: str | None = None
    """One sentence from the operation that caused the message."""
    alarm: str | None = None
    """What kind of alarm: nobody, routing_failed, catch_all, fallback or owner_inactive."""
    may_ask_again: bool = False
    """Of a missed offer: another chance can still be asked for."""
    purpose: str | None = None
    """Of an account link: set_password or reset."""
