"""Loads the facts routing works with: pools and their members, rules, people, and how far a lead has been asked.

Raw statements, few of them: these run for every lead, under the pool's lock.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from decimal import Decimal
from typing import Any, NamedTuple
from uuid import UUID

from portal.errors import NotFound
from portal.models import statements
from portal.models.lead import LEAD_STATE_COLUMNS
from portal.queries.clock import database_time
from portal.queries.member_caps import LIMITS_AND_USE, caps_of_member
from portal.queries.person_facts import candidate, hours_from, person_columns
from portal.queries.setup import Setup
from portal.routing.facts import (
    Asked,
    Asking,
    Candidate,
    Cap,
    DefaultMode,
    Delivery,
    LeadFacts,
    Picker,
    PoolFacts,
    Stage,
    TeamFacts,
)
from portal.routing.tags import Tagger

_POOL = """
    SELECT p.id, p.name, p.picker, p.delivery, p.window_seconds, p.max_offers, p.default_mode, p.single_user_id,
           p.when_nobody_available, p.last_call_seconds, p.next_pool_id, p.team_id, p.forfeit_at_cap,
           p.for_reassignment,
           CASE WHEN p.timer = 'working' THEN p.hours::text END,
           CASE WHEN p.timer = 'working' THEN (SELECT c.time_zone FROM companies c WHERE c.id = p.company_id) END
    FROM pools p WHERE p.company_id = %(company)s AND p.id = ANY (%(pools)s) AND p.deleted_at IS NULL"""

_MEMBERS = """
    SELECT clock_timestamp(), m.weight, m.priority, a.credit, a.second_credit, a.tie_order, {caps}, {person}
    FROM pool_members m
    JOIN users u ON u.company_id = m.company_id AND u.id = m.user_id
    JOIN ledger_accounts a ON a.company_id = m.company_id AND a.pool_id = m.pool_id AND a.user_id = m.user_id
    WHERE m.company_id = %(company)s AND m.pool_id = %(pool)s"""

_PERSON = person_columns()

# By how many leads somebody has: all of them count, beyond any cap.
_MEMBERS_BY_PICKER = {
    picker: _MEMBERS.format(caps=LIMITS_AND_USE, person=person_columns(all_open=picker is Picker.LEAST_LOADED))
    for picker in Picker
}

_DEFAULTS = f"""
    SELECT {_PERSON}
    FROM pool_defaults d JOIN users u ON u.company_id = d.company_id AND u.id = d.user_id
    WHERE d.company_id = %(company)s AND d.pool_id = %(pool)s
    ORDER BY d.position"""

# Whoever the team names for its leads, and its other people; by name, as among strangers to a pool below.
_TEAM = f"""
    SELECT t.default_user_id IS NOT NULL AND t.default_user_id = u.id, {_PERSON}
    FROM teams t JOIN users u ON u.company_id = t.company_id AND (u.team_id = t.id OR u.id = t.default_user_id)
    WHERE t.company_id = %(company)s AND t.id = %(team)s AND u.active
    ORDER BY lower(u.name), u.email"""

# By name: routing never breaks a tie by id, and among strangers to a pool no other order is fixed.
_EVERYONE = f"""
    SELECT {_PERSON} FROM users u WHERE u.company_id = %(company)s AND u.active ORDER BY lower(u.name), u.email"""

_ONE_PERSON = f"SELECT {_PERSON} FROM users u WHERE u.company_id = %(company)s AND u.id = %(user)s"

_USED = f"""
    SELECT p.name, {LIMITS_AND_USE}, {_PERSON}
    FROM users u
    LEFT JOIN pool_members m ON m.company_id = u.company_id AND m.user_id = u.id AND m.pool_id = %(pool)s
    LEFT JOIN pools p ON p.company_id = m.company_id AND p.id = m.pool_id
    WHERE u.company_id = %(company)s AND u.id = %(user)s"""

_LEADS = f"""
    SELECT l.id, l.source, l.channel, l.lead_type, l.tags_found, l.language, l.location, l.fields, l.price,
           EXISTS (SELECT 1 FROM contact_keys k WHERE k.company_id = l.company_id AND k.contact_id = l.contact_id
                   AND k.kind = 'phone' AND k.value IS NOT NULL),
           {", ".join(f"l.{column}" for column in LEAD_STATE_COLUMNS)}
    FROM leads l WHERE l.company_id = %(company)s AND l.id = ANY (%(leads)s)"""

_HISTORY = """
    SELECT o.lead_id, o.user_id, o.id, o.pool_id, o.state, o.kind, o.reassignment_id, d.stage
    FROM offers o LEFT JOIN decisions d ON d.company_id = o.company_id AND d.id = o.decision_id
    WHERE o.company_id = %(company)s AND o.lead_id = ANY (%(leads)s) ORDER BY o.id"""


def _rows(statement: str, **parameters: Any) -> Sequence[Any]:
    return statements.rows(statement, parameters)


def lock_pool(company_id: UUID, pool_id: UUID) -> PoolFacts | None:
    """The pool without its members, its row locked: turns are played by one at a time. None when it was deleted.

    NO KEY: rows that refer to the pool may be written meanwhile, only other turns wait.
    """
    return lock_pools(company_id, [pool_id]).get(pool_id)


def lock_pools(company_id: UUID, pool_ids: Sequence[UUID]) -> dict[UUID, PoolFacts]:
    """Several pools likewise, in the order of their ids, which is the order everybody takes them in."""
    rows = _rows(f"{_POOL} ORDER BY p.id FOR NO KEY UPDATE", company=company_id, pools=list(pool_ids))
    return {pool.id: pool for pool in map(_pool, rows)}


def lock_chain(company_id: UUID, pool_id: UUID, setup: Setup) -> dict[UUID, PoolFacts]:
    """A pool and all its leads may be handed on to, locked; the pool is not among them when it was deleted."""
    wanted = setup.chain(pool_id)
    while True:
        locked = lock_pools(company_id, wanted)
        # What leads on to what may have changed while the locks were waited for: then it did so a moment ago, and
        # the rest of the way is locked too.
        further = {pool.next_pool_id for pool in locked.values() if pool.next_pool_id} - {*wanted}
        if not further:
            return locked
        wanted += sorted(further)


def with_members(company_id: UUID, pool: PoolFacts, setup: Setup) -> tuple[PoolFacts, datetime]:
    """The pool with its members, and the database's clock after any wait for the lock."""
    rows = _people(_MEMBERS_BY_PICKER[pool.picker], company_id, setup, pool=pool.id)
    members = tuple(_member(row, pool, setup) for row in rows)
    if pool.picker is Picker.SINGLE:
        members += _the_one(company_id, pool, members, setup)
    return replace(pool, members=members), rows[0][0] if rows else database_time()


def _the_one(company_id: UUID, pool: PoolFacts, members: Sequence[Candidate], setup: Setup) -> tuple[Candidate, ...]:
    """Whom a pool names for its leads, where they take no turns in it: they are looked at all the same."""
    if pool.single_user is None or any(one.user_id == pool.single_user for one in members):
        return ()
    one = person(company_id, pool.single_user, setup)
    return () if one is None else (one,)


def with_ladder(company_id: UUID, pool: PoolFacts, chain: Mapping[UUID, PoolFacts], setup: Setup) -> PoolFacts:
    """The pool with what comes after its line: default assignees, and the pools it leads on to.

    Args:
        chain: those pools, by id. One that is not there was deleted, and ends the way.
    """
    return _with_further(company_id, pool, chain, setup, {pool.id})


def _with_further(
    company_id: UUID, pool: PoolFacts, chain: Mapping[UUID, PoolFacts], setup: Setup, passed: set[UUID]
) -> PoolFacts:
    rows = _people(_DEFAULTS, company_id, setup, pool=pool.id)
    pool = replace(pool, default_assignees=tuple(candidate(row, setup) for row in rows))
    further = chain.get(pool.next_pool_id) if pool.next_pool_id else None
    if further is None or further.id in passed:
        return pool
    further, _ = with_members(company_id, further, setup)
    return replace(pool, next_pool=_with_further(company_id, further, chain, setup, passed | {further.id}))


def team_of_pool(company_id: UUID, pool_id: UUID) -> UUID | None:
    """The team a pool is of, in use or not."""
    rows = _rows(
        "SELECT team_id FROM pools WHERE company_id = %(company)s AND id = %(pool)s", company=company_id, pool=pool_id
    )
    return rows[0][0] if rows else None


def team_facts(company_id: UUID, team_id: UUID, setup: Setup) -> TeamFacts:
    """A team's people: its default user, and all of it."""
    rows = _people(_TEAM, company_id, setup, team=team_id)
    default = next((candidate(person, setup) for is_default, *person in rows if is_default), None)
    return TeamFacts(team_id, default, tuple(candidate(person, setup) for _, *person in rows))


def pool_facts(company_id: UUID, pool_id: UUID, setup: Setup) -> PoolFacts:
    """The whole pool as it stands, unlocked: for pages, previews and "who is next". Raises NotFound."""
    chain = {pool.id: pool for pool in map(_pool, _rows(_POOL, company=company_id, pools=setup.chain(pool_id)))}
    if pool_id not in chain:
        raise NotFound("There is no such pool.")
    pool, _ = with_members(company_id, chain[pool_id], setup)
    return with_ladder(company_id, pool, chain, setup)


def everyone(company_id: UUID, setup: Setup) -> tuple[Candidate, ...]:
    """All active users of the company, by name."""
    return tuple(candidate(row, setup) for row in _people(_EVERYONE, company_id, setup))


def person(company_id: UUID, user_id: UUID, setup: Setup) -> Candidate | None:
    """One user as gates see them, apart from any pool."""
    rows = _people(_ONE_PERSON, company_id, setup, user=user_id)
    return candidate(rows[0], setup) if rows else None


class Used(NamedTuple):
    """What a user has used of their caps: their open leads, counted up to their cap, and the others, their own and
    those of a pool."""

    open_leads: int = 0
    caps: tuple[Cap, ...] = ()
    pool_caps: tuple[Cap, ...] = ()


def used_of_caps(company_id: UUID, user_id: UUID, pool_id: UUID | None, setup: Setup) -> Used:
    """What a user has used of their caps, those on leads of `pool_id` included."""
    rows = _people(_USED, company_id, setup, user=user_id, pool=pool_id)
    if not rows:
        return Used()
    pool, limits, *row = rows[0]
    seen = candidate(row, setup)
    return Used(seen.open_leads, seen.caps, caps_of_member(limits, pool_id, pool) if pool_id else ())


def _people(statement: str, company_id: UUID, setup: Setup, **parameters: Any) -> Sequence[Any]:
    return _rows(statement, company=company_id, zone=setup.policy.zone, **parameters)


def name_of(company_id: UUID, user_id: UUID) -> str:
    """A user's name, active or not."""
    rows = _rows(
        "SELECT name FROM users WHERE company_id = %(company)s AND id = %(user)s", company=company_id, user=user_id
    )
    return rows[0][0]  # type: ignore[no-any-return]


def lock_users(company_id: UUID, user_ids: Sequence[UUID]) -> None:
    """Lock users' rows in the order of their ids, which is the order everybody takes them in."""
    _rows(
        "SELECT 1 FROM users WHERE company_id = %(company)s AND id = ANY (%(users)s) ORDER BY id FOR NO KEY UPDATE",
        company=company_id,
        users=list(user_ids),
    )


@dataclass(slots=True)
class History:
    """How far one lead has been asked: who answered how, and the offers still in line."""

    asked: dict[UUID, Asked] = field(default_factory=dict)
    # Waiting second chances: user → offer, in order of pressing.
    in_line: dict[UUID, UUID] = field(default_factory=dict)
    # Pool → first offers and re-offers made there; withdrawn ones were undone and do not count.
    made: dict[UUID, int] = field(default_factory=dict)
    last_call_made: bool = False
    # Pools it was handed on to by others.
    handed_on_to: set[UUID] = field(default_factory=set)
    # The pool that handed it out to the owner it is taken from.
    had_in: UUID | None = None

    def asking(self, pool_id: UUID) -> Asking:
        """The same, as one pool counts it."""
        return Asking(
            self.made.get(pool_id, 0),
            tuple(self.in_line),
            self.last_call_made,
            pool_id in self.handed_on_to,
            pool_id == self.had_in,
        )


def histories(
    company_id: UUID, lead_ids: Sequence[UUID], running: Mapping[UUID, UUID] | None = None
) -> dict[UUID, History]:
    """What was asked about each of these leads so far.

    Args:
        running: the reassignments that run, by lead. What was asked in one is asked anew in the next, but who said no
            to a lead is not asked about it again.
    """
    told = {lead_id: History() for lead_id in lead_ids}
    rows = _rows(_HISTORY, company=company_id, leads=list(lead_ids))
    for lead_id, user_id, offer_id, pool_id, state, kind, reassignment_id, stage in rows:
        history = told[lead_id]
        if running and lead_id in running and running[lead_id] != reassignment_id:
            if state == "declined":
                history.asked[user_id] = Asked.DECLINED
            continue
        if state == "waiting":
            history.in_line[user_id] = offer_id
        elif state == "declined" or (state == "missed" and user_id not in history.asked):
            history.asked[user_id] = Asked(state)
        if kind == "exclusive" and state != "withdrawn":
            history.made[pool_id] = history.made.get(pool_id, 0) + 1
        history.last_call_made |= kind == "last_call"
        if stage == Stage.NEXT_POOL:
            history.handed_on_to.add(pool_id)
    return told


def stored_leads(
    company_id: UUID, lead_ids: Sequence[UUID], tagger: Tagger
) -> dict[UUID, tuple[LeadFacts, dict[str, Any]]]:
    """Leads as routing sees them, each with its state columns. Lock them before, or they may have moved on.

    Args:
        tagger: of the company: says what the tags a lead keeps are worth now.
    """
    stored = {}
    for row in _rows(_LEADS, company=company_id, leads=list(lead_ids)):
        lead_id, source, channel, lead_type, tags, language, location, fields, price, has_phone, *state = row
        least, most = price_range(price)
        facts = LeadFacts(
            lead_id, source, channel, lead_type, tuple(tags), language, has_phone, location or {}, fields,
            price_min=least, price_max=most, found=tagger.named(tags),
        )  # fmt: skip
        stored[lead_id] = (facts, dict(zip(LEAD_STATE_COLUMNS, state, strict=True)))
    return stored


def price_range(price: Mapping[str, Any] | None) -> tuple[Decimal | None, Decimal | None]:
    """The lowest and the highest price a lead names; None = no such end."""
    least, most = ((price or {}).get(end) for end in ("min", "max"))
    return Decimal(least) if least else None, Decimal(most) if most else None


def _pool(row: Any) -> PoolFacts:
    pool_id, name, picker, delivery, window, most, mode, single_user, when_nobody, *row = row
    last_call, next_pool, team, forfeits, for_reassignment, hours, zone = row
    return PoolFacts(
        pool_id,
        name,
        Picker(picker),
        Delivery(delivery),
        window,
        most,
        default_mode=DefaultMode(mode) if mode else None,
        single_user=single_user,
        last_call_seconds=last_call,
        timed_by=hours_from(hours, zone) if hours else None,
        next_pool_id=next_pool,
        team_id=team,
        when_nobody_available=when_nobody,
        forfeit_at_cap=forfeits,
        for_reassignment=for_reassignment,
    )


def _member(row: Any, pool: PoolFacts, setup: Setup) -> Candidate:
    _, weight, priority, credit, second_credit, tie_order, limits, *person = row
    return candidate(
        person,
        setup,
        weight=weight,
        priority=priority,
        credit=credit,
        second_credit=second_credit,
        tie_order=tie_order,
        pool_caps=caps_of_member(limits, pool.id, pool.name),
    )
