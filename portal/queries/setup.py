"""How a company is set up for routing: its rules, and what it looks for in leads, ready to be held against many leads.

Making them ready takes longer than routing a lead. So each process keeps those of the companies it was asked for last,
by the mark the database gives the company's row whenever anything of it changes (migration 0008).
"""

from __future__ import annotations

from collections import OrderedDict, defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from threading import Lock
from typing import Any
from uuid import UUID

from portal.models import statements
from portal.queries.clock import database_time
from portal.routing.facts import LeadFacts, PerformanceInRouting, Policy, PresenceMode, Rule, RuleMatch, TeamRules
from portal.routing.holding import Holding
from portal.routing.hours import parse_hours
from portal.routing.quarantine import Clue, Entry, Quarantine, Verdict
from portal.routing.route import match_rules
from portal.routing.tags import OF_A_PERSON, Tag, Tagger, TagKind

MOST_KEPT = 200
"""Companies a process keeps ready."""

_VERSION = "SELECT setup_version FROM companies WHERE id = %(company)s"

_COMPANY = """
    SELECT time_zone, name_as_tag, email_as_tag, manual_intercept, opening_hours, hold_spacing_seconds,
           presence_mode, holidays, untagged_qualify_all,
           performance_in_routing, fallback_any_active, catch_all_reminder_minutes, mask_names_in_why,
           (SELECT max(number) FROM rule_sets v WHERE v.company_id = companies.id)
    FROM companies WHERE id = %(company)s"""

_RULES = """
    SELECT r.id, r.name, r.pool_id, r.is_default, r.paused, r.conditions, r.strictness, r.hours, r.team_id, r.to_team_id
    FROM rules r WHERE r.company_id = %(company)s AND r.deleted_at IS NULL
    ORDER BY r.is_default, r.position, r.id"""

_TEAMS = "SELECT t.id, t.name, t.default_pool_id FROM teams t WHERE t.company_id = %(company)s"

_NEXT_POOLS = """
    SELECT id, next_pool_id FROM pools
    WHERE company_id = %(company)s AND next_pool_id IS NOT NULL AND deleted_at IS NULL"""

_CONTACT_WATCHED = """
    SELECT id FROM pools WHERE company_id = %(company)s AND contact_within IS NOT NULL AND deleted_at IS NULL"""

_TAGS = "SELECT text, kind, weight FROM tags WHERE company_id = %(company)s ORDER BY normal"

_QUARANTINE = "SELECT verdict, clue, value FROM quarantine_entries WHERE company_id = %(company)s ORDER BY id"

_PEOPLE = "SELECT name, email FROM users WHERE company_id = %(company)s AND active ORDER BY id"


@dataclass(frozen=True, slots=True)
class Setup:
    """The company's rules from the top, the default rule last; those of each team; and the tags, those that stand for
    people among them."""

    rules: tuple[Rule, ...]
    tagger: Tagger
    policy: Policy
    quarantine: Quarantine
    holding: Holding
    # Whether what somebody is called, and where they are written to, counts as a tag they carry.
    name_as_tag: bool
    email_as_tag: bool
    # Of the version in use; None before anything was changed.
    number: int | None = None
    # Pools that lead on to another: a pool is locked together with all its leads may be handed on to.
    next_pools: Mapping[UUID, UUID] = field(default_factory=dict)
    # How often default assignees are reminded of a lead that waits for them; None = never.
    reminded_every: timedelta | None = None
    # Pools whose owners have to log a contact within some time.
    contact_watched: frozenset[UUID] = frozenset()
    teams: Mapping[UUID, TeamRules] = field(default_factory=dict)
    # Whether reasons name others only to those whose work is about leads or people.
    masks_names: bool = False

    def all_rules(self) -> Iterator[Rule]:
        """Those of every list, the company's first."""
        yield from self.rules
        for team in self.teams.values():
            yield from team.rules

    def team_of(self, rule: Rule) -> TeamRules | None:
        """Whose leads are those a rule decides about: of the team it sends them to, else of the one whose list it is
        in."""
        team_id = rule.to_team_id or rule.team_id
        return self.teams.get(team_id) if team_id else None

    def chain(self, pool_id: UUID) -> list[UUID]:
        """A pool and those its leads are handed on to, in that order; one met again ends it."""
        chain: dict[UUID, None] = {}
        here: UUID | None = pool_id
        while here is not None and here not in chain:
            chain[here] = None
            here = self.next_pools.get(here)
        return list(chain)

    def match(self, lead: LeadFacts, now: datetime | None = None) -> RuleMatch:
        """The rule that decides about the lead.

        Args:
            now: at which moment, where the clock was read already.
        """
        # Most companies have no rule with hours, and do without a question to the clock.
        if now is None and any(rule.hours is not None for rule in self.all_rules()):
            now = database_time()
        return match_rules(lead, self.rules, now, self.teams)


_kept: OrderedDict[UUID, tuple[UUID, Setup]] = OrderedDict()
_keeping = Lock()


def setup_of(company_id: UUID, version: UUID | None = None) -> Setup:
    """How the company is set up now.

    Args:
        version: its mark, where it was read already.
    """
    if version is None:
        version = statements.rows(_VERSION, {"company": company_id})[0][0]
    with _keeping:
        kept = _kept.get(company_id)
        if kept is not None and kept[0] == version:
            _kept.move_to_end(company_id)
            return kept[1]
    setup = _load(company_id)
    with _keeping:
        _kept[company_id] = (version, setup)
        while len(_kept) > MOST_KEPT:
            _kept.popitem(last=False)
    return setup


def _load(company_id: UUID) -> Setup:
    ((zone, name_as_tag, email_as_tag, intercept, opening, spacing, *settings, minutes, masks_names, number),) = _rows(
        _COMPANY, company_id
    )
    lists = defaultdict[UUID | None, list[Rule]](list)
    for row in _rows(_RULES, company_id):
        rule = _rule(row, zone)
        lists[rule.team_id].append(rule)
    teams = {
        team_id: TeamRules(team_id, name, tuple(lists[team_id]), pool_id)
        for team_id, name, pool_id in _rows(_TEAMS, company_id)
    }
    tags = [Tag(text, TagKind(kind), weight) for text, kind, weight in _rows(_TAGS, company_id)]
    tagger = Tagger([*tags, *_of_people(company_id, name_as_tag=name_as_tag, email_as_tag=email_as_tag)])
    holding = Holding(intercept, parse_hours(opening, zone) if opening else None, spacing)
    return Setup(
        tuple(lists[None]),
        tagger,
        _policy(zone, *settings),
        _quarantine(company_id),
        holding,
        name_as_tag,
        email_as_tag,
        number,
        dict(_rows(_NEXT_POOLS, company_id)),
        timedelta(minutes=minutes) if minutes else None,
        frozenset(row[0] for row in _rows(_CONTACT_WATCHED, company_id)),
        teams,
        masks_names,
    )


def _policy(
    zone: str, presence: str, holidays: Mapping[str, str], untagged: bool, performance: str | None, any_active: bool
) -> Policy:
    return Policy(
        PresenceMode(presence),
        frozenset(date.fromisoformat(day) for day in holidays),
        zone,
        untagged,
        PerformanceInRouting(performance) if performance else None,
        any_active,
    )


def _quarantine(company_id: UUID) -> Quarantine:
    return Quarantine(
        Entry(Verdict(verdict), Clue(clue), value) for verdict, clue, value in _rows(_QUARANTINE, company_id)
    )


def _of_people(company_id: UUID, *, name_as_tag: bool, email_as_tag: bool) -> Iterator[Tag]:
    if not (name_as_tag or email_as_tag):
        return
    for name, email in _rows(_PEOPLE, company_id):
        if name_as_tag:
            yield Tag(name, weight=OF_A_PERSON)
        if email_as_tag:
            yield Tag(email, weight=OF_A_PERSON)


def _rule(row: Any, zone: str) -> Rule:
    rule_id, name, pool_id, is_default, paused, conditions, strictness, hours, team_id, to_team_id = row
    return Rule(
        rule_id, name, pool_id, is_default, paused, conditions, strictness,
        parse_hours(hours, zone) if hours else None, team_id, to_team_id,
    )  # fmt: skip


def _rows(statement: str, company_id: UUID) -> Any:
    parameters: Mapping[str, Any] = {"company": company_id}
    return statements.rows(statement, parameters)
