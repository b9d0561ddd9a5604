"""What routing knows: plain frozen records, no behaviour beyond reading them. What it answers is in `decision`.

Loaders build the facts from the database; preview, replay and tests build them by hand. Nothing here reads a clock.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from decimal import Decimal
from enum import StrEnum
from typing import NamedTuple
from uuid import UUID

from portal.routing.conditions import Conditions
from portal.routing.hours import HoursError, Leave, WeeklyHours, add_open_time
from portal.routing.tags import Tag
from portal.routing.tags import TagKind as TagKind

NANO = 1_000_000_000
"""Credit is kept in whole nano-leads: one lead is this many. Coarser units drift with uneven weights."""


class Picker(StrEnum):
    """How the next person is chosen among the eligible."""

    ROTATION = "rotation"
    SINGLE = "single"
    BEST_MATCH = "best_match"
    LEAST_LOADED = "least_loaded"


class Delivery(StrEnum):
    """How the lead reaches the chosen person."""

    ASSIGN = "assign"
    OFFER = "offer"
    BROADCAST = "broadcast"
    POND = "pond"


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


class Timer(StrEnum):
    """Which time a window counts: all of it, or only the pool's working time."""

    WALL = "wall"
    WORKING = "working"


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
    """What the caller has to do with the chosen: it is theirs; one is asked, or all of them and the first wins, or
    those who missed it once more; or they are told of it. In a pond it lies for whoever takes it."""

    ASSIGN = "assign"
    OFFER = "offer"
    BROADCAST = "broadcast"
    POND = "pond"
    LAST_CALL = "last_call"
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
class Policy:
    """The company's settings that count in routing. `zone` (an IANA name) is that of its calendar, for `holidays`.

    `untagged_qualify_all`: a lead without any tag is for everyone in a pool that matches by tags; else for the ladder.
    `performance_in_routing` None: as the pool's delivery has it. `as_noted`: who was there is known beforehand and told
    by `available` and `caps`, so that working hours and open leads are not looked at.
    """

    presence_mode: PresenceMode = PresenceMode.IGNORE
    holidays: frozenset[date] = frozenset()
    zone: str = "UTC"
    untagged_qualify_all: bool = True
    performance_in_routing: PerformanceInRouting | None = None
    fallback_any_active: bool = True
    as_noted: bool = False


OPEN_LEADS = "open leads"


class Cap(NamedTuple):
    """A limit on leads. `what` is OPEN_LEADS, "today", "this week", "this month" or "from this pond today". Where only
    the leads of one pool count, `pool` is its name and `pool_id` its id."""

    what: str
    used: int
    limit: int
    pool: str | None = None
    pool_id: UUID | None = None


class Circle(NamedTuple):
    """A place somebody works in: its middle in degrees, its radius in kilometres."""

    lat: float
    lng: float
    radius_km: float


@dataclass(frozen=True, slots=True)
class Candidate:
    """One agent as gates, pickers and the ledger see them, for one lead and one pool.

    `weight` is None for somebody who is not a member of the pool. `tie_order` is the random order fixed per pool at
    creation. Credits are in nano-leads. `open_leads` needs to be exact only up to `open_cap`, but in pools that pick
    the least loaded. `tags` are normal texts (`tags.normal`), `priority` points in the pool. `zone` (an IANA name) is
    that of the calendar their `leaves` go by. `performance` is in per cent; None: nothing is known of it.
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
    tags: frozenset[str] = frozenset()
    priority: int = 0
    caps: tuple[Cap, ...] = ()
    hours: WeeklyHours | None = None
    leaves: tuple[Leave, ...] = ()
    zone: str = "UTC"
    presence: Presence = Presence.AVAILABLE
    excluded_lead_types: frozenset[str] = frozenset()
    languages: frozenset[str] = frozenset()
    circles: tuple[Circle, ...] = ()
    performance: int | None = None
    # What they may get of the pool they are looked at in; `caps` count the leads of all pools.
    pool_caps: tuple[Cap, ...] = ()


@dataclass(frozen=True, slots=True)
class PoolFacts:
    """A pool with its members (in any order) and its default assignees (in their order).

    `for_reassignment`: it is for leads that have an owner and shall have another.
    `last_call_seconds` None: no last call is made. `next_pool` is where leads go that nobody here takes; it is loaded
    with its own members once somebody gets that far, its id is known before.
    """

    id: UUID
    name: str
    picker: Picker = Picker.ROTATION
    delivery: Delivery = Delivery.OFFER
    window_seconds: int = 300
    max_offers: int = 8
    members: Sequence[Candidate] = ()
    default_assignees: Sequence[Candidate] = ()
    default_mode: DefaultMode | None = None
    single_user: UUID | None = None
    last_call_seconds: int | None = None
    # The working time its windows count; None = they count all time.
    timed_by: WeeklyHours | None = None
    next_pool_id: UUID | None = None
    next_pool: PoolFacts | None = None
    team_id: UUID | None = None
    when_nobody_available: str = WhenNobody.FALLBACK
    # Whoever is full when a turn is played loses what they are owed.
    forfeit_at_cap: bool = False
    for_reassignment: bool = False

    def end_of(self, start: datetime, seconds: int) -> datetime:
        """When a window of `seconds` that opens at `start` is over.

        Where the pool's working time has no more of it within a year, all time counts: no lead is stuck for a clock.
        """
        if self.timed_by is not None:
            with suppress(HoursError):
                return add_open_time(self.timed_by, start, seconds)
        return start + timedelta(seconds=seconds)


@dataclass(frozen=True, slots=True)
class TeamFacts:
    """The people of a team, for leads that are the team's: its default user, and its users in the order that breaks
    ties."""

    id: UUID
    default: Candidate | None = None
    members: Sequence[Candidate] = ()


@dataclass(frozen=True, slots=True)
class Rule:
    """An ordered condition that names a pool or a team. The company's default rule is last and restricts nothing.

    `conditions` and `strictness` are as `routing.conditions` reads them. Outside `hours` the rule is not met. `team_id`
    is the team whose list it stands in, None for the company's; `to_team_id` the team it sends leads to.
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
    to_team_id: UUID | None = None
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
class TeamRules:
    """A team's own list of rules, from the top, and the pool that gets what none of them takes. There is no default
    rule in it: without a pool the team's people get the rest."""

    id: UUID
    name: str
    rules: Sequence[Rule] = ()
    default_pool_id: UUID | None = None


@dataclass(frozen=True, slots=True)
class RuleCheck:
    """One rule held against the lead: met or not, and why, as a sentence. `team` names the team whose list it stands
    in, None for the company's; `sends_to` the team whose list comes next because the rule is met."""

    rule_id: UUID
    name: str
    met: bool
    why: str
    team: str | None = None
    sends_to: str | None = None


@dataclass(frozen=True, slots=True)
class RuleMatch:
    """The rule that decides about a lead, with every rule looked at on the way, that one included.

    `rule` is the last one met: the first of the company's list, and where that sends the lead to a team, the first met
    of that team's list, if any. None when no rule is met: that happens only to a list without its default rule. `team`
    is the team the lead is of by that rule.
    """

    rule: Rule | None
    checks: tuple[RuleCheck, ...]
    team: TeamRules | None = None

    @property
    def pool_id(self) -> UUID | None:
        """The pool that gets the lead; None where a person, or the people of a team, get it."""
        if self.rule is None:
            return None
        if self.rule.to_team_id is None:
            return self.rule.pool_id
        return self.team.default_pool_id if self.team is not None and self._is_in_team else None

    @property
    def is_for_people_of_team(self) -> bool:
        """Whether it came to a team of which neither a rule nor a default pool takes it."""
        return self._is_in_team and self.pool_id is None

    @property
    def is_routed(self) -> bool:
        """Whether somebody gets it by the rules. Otherwise it waits for a person."""
        return self.pool_id is not None or self.is_for_people_of_team

    @property
    def _is_in_team(self) -> bool:
        """Whether the rule sent it to the team, and none of the team's own took it from there."""
        return self.rule is not None and self.team is not None and self.rule.to_team_id == self.team.id


@dataclass(frozen=True, slots=True)
class Asking:
    """How far a lead has got in its pool: offers that count towards `max_offers`, and who stands in line again.

    `offers_made` is 0 exactly when the first hand-out is still to come (turn credit); later ones are played on the
    second-choice credit. `second_chances` are users in the order they pressed. There is one last call for a lead.
    `handed_on`: the lead came to this pool from another that led on to it, so no turns are played for it here.
    `had_before`: the pool has handed the lead out before and somebody owns it since; whoever is asked now is a second
    choice from the first offer on.
    """

    offers_made: int = 0
    second_chances: tuple[UUID, ...] = ()
    last_call_made: bool = False
    handed_on: bool = False
    had_before: bool = False


class Refusal(NamedTuple):
    """The first gate that refused a candidate, and why: a fragment that follows a name and a colon."""

    gate: str
    reason: str
