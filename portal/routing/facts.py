"""What routing knows: plain frozen records, no behaviour beyond reading them. What it answers is in `decision`.

Loaders build the facts from the database; preview, replay and tests build them by hand. Nothing here reads a clock.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from typing import NamedTuple
from uuid import UUID

from portal.routing.conditions import Conditions
from portal.routing.hours import WeeklyHours
from portal.routing.tags import Tag

NANO = 1_000_000_000
"""Credit is kept in whole nano-leads: one lead is this many. Coarser units drift with uneven weights."""


class Picker(StrEnum):
    """How the next person is chosen among the eligible."""

    ROTATION = "rotation"


class Delivery(StrEnum):
    """How the lead reaches the chosen person."""

    ASSIGN = "assign"
    OFFER = "offer"


class WhenNobody(StrEnum):
    """What happens to a lead when a pool has members, but all are away, off hours or capped."""

    FALLBACK = "fallback"
    WAIT = "wait"


class Presence(StrEnum):
    """What somebody says of themselves; never guessed from an open browser tab."""

    AVAILABLE = "available"
    AWAY = "away"
    OFFLINE = "offline"


class PresenceMode(StrEnum):
    """How presence counts: not at all, offline people are passed by, or only available ones are asked."""

    IGNORE = "ignore"
    SKIP_OFFLINE = "skip_offline"
    ONLY_AVAILABLE = "only_available"


class PerformanceInRouting(StrEnum):
    """What the performance score does in best match."""

    OFF = "off"
    TIE_BREAK = "tie_break"
    MULTIPLY = "multiply"


class DefaultMode(StrEnum):
    """What default assignees get when the line is used up: the lead itself, or word that it waits."""

    OWN = "own"
    TELL = "tell"


class Stage(StrEnum):
    """Which step of the ladder a decision stands on."""

    LINE = "line"
    SECOND_CHANCE = "second_chance"
    LAST_CALL = "last_call"
    DEFAULT = "default"
    NEXT_POOL = "next_pool"
    TEAM = "team"
    ANY_ACTIVE = "any_active"
    WAITING = "waiting"


class Outcome(StrEnum):
    """What the caller has to do with the chosen."""

    ASSIGN = "assign"
    OFFER = "offer"
    TELL = "tell"
    WAIT = "wait"


class Credit(StrEnum):
    """Which of a member's two credits a step is played on."""

    TURN = "turn"
    SECOND = "second"


class Asked(StrEnum):
    """How an earlier offer of this lead to this agent ended. Withdrawn and waiting offers do not count as asked."""

    DECLINED = "declined"
    MISSED = "missed"


class WaitingFor(StrEnum):
    """What an unassigned lead waits for. Only PERSON is calm; the others raise an alarm."""

    ROUTING = "routing"
    CATCH_ALL = "catch_all"
    PERSON = "person"


@dataclass(frozen=True, slots=True)
class LeadFacts:
    """A lead as rules and gates see it.

    `location` has the keys country, region, city, postcode, lat and lng, as far as they are known. `tags` were sent
    along, `found` are the company's tags among those and in `text`, which is all its content. A price that is one
    figure and no range is both `price_min` and `price_max`. `taken_from` is the owner it is being reassigned from.
    """

    id: UUID | None = None
    source: str | None = None
    channel: str | None = None
    lead_type: str | None = None
    tags: tuple[str, ...] = ()
    language: str | None = None
    has_phone: bool = False
    location: Mapping[str, str] = field(default_factory=dict)
    fields: Mapping[str, str] = field(default_factory=dict)
    taken_from: UUID | None = None
    price_min: Decimal | None = None
    price_max: Decimal | None = None
    text: str = ""
    name: str | None = None
    found: tuple[Tag, ...] = ()


@dataclass(frozen=True, slots=True)
class Candidate:
    """One agent as gates, pickers and the ledger see them, for one lead and one pool.

    `weight` is None for somebody who is not a member of the pool. `tie_order` is the random order fixed per pool at
    creation. Credits are in nano-leads. `open_leads` needs to be exact only up to `open_cap`.
    """

    user_id: UUID
    name: str
    active: bool = True
    receives: bool = True
    available: bool = True
    open_leads: int = 0
    open_cap: int | None = None
    last_lead_at: datetime | None = None
    asked: Asked | None = None
    weight: int | None = None
    credit: int = 0
    second_credit: int = 0
    tie_order: int = 0


@dataclass(frozen=True, slots=True)
class PoolFacts:
    """A pool with its members (in any order) and its default assignees (in their order)."""

    id: UUID
    name: str
    picker: Picker = Picker.ROTATION
    delivery: Delivery = Delivery.OFFER
    window_seconds: int = 300
    max_offers: int = 8
    members: Sequence[Candidate] = ()
    default_assignees: Sequence[Candidate] = ()
    default_mode: DefaultMode | None = None


@dataclass(frozen=True, slots=True)
class Rule:
    """An ordered condition that names a pool or a team. The company's default rule is last and restricts nothing.

    `conditions` and `strictness` are as `routing.conditions` reads them. Outside `hours` the rule is not met.
    """

    id: UUID
    name: str
    pool_id: UUID | None
    is_default: bool = False
    paused: bool = False
    conditions: Mapping[str, object] = field(default_factory=dict)
    strictness: Mapping[str, str] = field(default_factory=dict)
    hours: WeeklyHours | None = None
    team_id: UUID | None = None
    # Made when first asked for: a rule is held against many leads.
    _tests: Conditions | None = field(default=None, init=False, repr=False, compare=False)

    @property
    def tests(self) -> Conditions:
        """The conditions, ready to be held against leads. Raises ValueError for conditions nobody knows."""
        tests = self._tests
        if tests is None:
            tests = Conditions.of(self.conditions, self.strictness)
            object.__setattr__(self, "_tests", tests)
        return tests


@dataclass(frozen=True, slots=True)
class RuleCheck:
    """One rule held against the lead: met or not, and why, as a sentence."""

    rule_id: UUID
    name: str
    met: bool
    why: str


@dataclass(frozen=True, slots=True)
class RuleMatch:
    """The first rule a lead meets, with every rule looked at on the way, that one included. `rule` is None when no
    rule is met: that happens only to a list without its default rule."""

    rule: Rule | None
    checks: tuple[RuleCheck, ...]


@dataclass(frozen=True, slots=True)
class Asking:
    """How far a lead has got in its pool: offers that count towards `max_offers`, and who stands in line again.

    `offers_made` is 0 exactly when the first hand-out is still to come (turn credit); later ones are played on the
    second-choice credit. `second_chances` are users in the order they pressed.
    """

    offers_made: int = 0
    second_chances: tuple[UUID, ...] = ()


class Refusal(NamedTuple):
    """The first gate that refused a candidate, and why: a fragment that follows a name and a colon."""

    gate: str
    reason: str


class Verdict(NamedTuple):
    """One candidate in a decision, on the stage where they were looked at.

    `gate` and `reason` are None for the eligible, save on the last rung of the ladder, where they name what was set
    aside for want of anybody else. Credits in nano-leads, of the credit the stage is played on; None where it touches
    no ledger.
    """

    user_id: UUID
    name: str
    stage: Stage
    eligible: bool
    gate: str | None
    reason: str | None
    weight: int | None
    credit_before: int | None
    credit_after: int | None
    last_lead_at: datetime | None = None
    tags: tuple[str, ...] = ()
    score: int | None = None
