"""Who can receive a lead right now, and why not: everybody's first gate, for a plain lead."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import Select, func, select

from portal.extensions import db
from portal.models import AuditEntry, Team, User
from portal.models.tenancy import working_company
from portal.permissions import INSIGHT, Right, may, require_any, sees_pools_of_all
from portal.queries import routing_facts
from portal.queries.clock import database_time
from portal.queries.people import seen_by
from portal.queries.pools import PoolView, pool_named, pool_views, reached_pool
from portal.queries.setup import setup_of
from portal.routing import gates, pickers
from portal.routing.facts import Candidate, LeadFacts, Policy, Refusal
from portal.routing.gates import Gate
from portal.routing.until import ends_at

# Whose work is about who gets leads, or about people.
MAY_LOOK = INSIGHT | {Right.PEOPLE}

_AVAILABLE, _PRESENCE = gates.available.__name__, gates.presence.__name__

# What the log of changes calls people.
_PERSON = "person"


@dataclass(frozen=True, slots=True)
class Receiving:
    """Somebody who may be given leads, and what stands in the way now.

    `refusal` is the first gate that refuses, None = they receive. `since` and `until` are when that began and when it
    ends by itself, as far as it is known; `zone` (an IANA name) is theirs. `weight` in the pool asked about.
    """

    user_id: UUID
    name: str
    team: str | None
    zone: str
    refusal: Refusal | None = None
    since: datetime | None = None
    until: datetime | None = None
    weight: int | None = None


def receiving(viewer: User, pool_id: UUID | None = None) -> list[Receiving]:
    """Everybody who may receive leads and whom the viewer may see, by name: those who receive now, then the others.

    Args:
        pool_id: only the members of this pool, whoever they are, by the gates of its line.

    Raises:
        Forbidden: the viewer's work is about neither people nor leads.
        NotFound: no such pool, or it is out of the viewer's reach.
    """
    require_any(viewer, MAY_LOOK)
    company_id, now = viewer.company_id, database_time()
    setup = setup_of(company_id)
    if pool_id is None:
        seen = set(db.session.scalars(seen_by(viewer).with_only_columns(User.id)))
        everyone = routing_facts.everyone(company_id, setup)
        people = [one for one in everyone if one.receives and one.user_id in seen]
        return _told(people, gates.BEYOND_THE_POOL, setup.policy, now)
    _refuse_out_of_reach(viewer, pool_id)
    pool = routing_facts.pool_facts(company_id, pool_id, setup)
    members = [one for one in pickers.considered(pool) if one.active]
    return _told(members, pickers.WAYS_IN[pool.picker], setup.policy, now)


def at_their_limit(pool_id: UUID) -> dict[UUID, str]:
    """Members who have as many leads of this pool as they may have, and of what. Raises NotFound."""
    company_id = working_company()
    pool = routing_facts.pool_facts(company_id, pool_id, setup_of(company_id))
    refusals = gates.refusals(pool.members, LeadFacts(), (gates.pool_open_cap, gates.pool_caps))
    return {
        one.user_id: refused.reason for one, refused in zip(pool.members, refusals, strict=True) if refused is not None
    }


def pools_to_choose(viewer: User) -> list[PoolView]:
    """The pools whose members the viewer may look at, by name."""
    if sees_pools_of_all(viewer):
        return pool_views()
    return pool_views(reached_by=viewer) if may(viewer, Right.DISTRIBUTION) else []


def _refuse_out_of_reach(viewer: User, pool_id: UUID) -> None:
    if sees_pools_of_all(viewer):
        pool_named(pool_id)
    else:
        reached_pool(viewer, pool_id)


def _told(people: Sequence[Candidate], way: tuple[Gate, ...], policy: Policy, now: datetime) -> list[Receiving]:
    refusals = gates.refusals(people, LeadFacts(), way, policy=policy, now=now)
    pairs = list(zip(people, refusals, strict=True))
    since = _since([(one, refusal) for one, refusal in pairs if refusal])
    teams = _teams_of([one.user_id for one in people])
    told = [
        Receiving(
            one.user_id,
            one.name,
            teams.get(one.user_id),
            one.zone,
            refusal,
            since.get(one.user_id),
            ends_at(one, refusal, policy, now) if refusal else None,
            one.weight,
        )
        for one, refusal in pairs
    ]
    return sorted(told, key=lambda each: (each.refusal is not None, each.name.casefold(), each.user_id))


def _since(refused: Sequence[tuple[Candidate, Refusal]]) -> dict[UUID, datetime]:
    """When somebody paused, or set their presence: both are fields, and the log of changes knows when they changed."""
    found: dict[UUID, datetime] = {}
    paused = [one.user_id for one, refusal in refused if refusal.gate == _AVAILABLE and not one.available]
    not_there = [one.user_id for one, refusal in refused if refusal.gate == _PRESENCE]
    for user_ids, field in ((paused, "available"), (not_there, "presence")):
        if user_ids:
            found |= {user_id: at for user_id, at in db.session.execute(_last_change(user_ids, field)) if user_id}
    return found


def _last_change(user_ids: Sequence[UUID], field: str) -> Select[UUID | None, datetime]:
    return (
        select(AuditEntry.subject_id, func.max(AuditEntry.at))
        .where(
            AuditEntry.company_id == working_company(),
            AuditEntry.subject == _PERSON,
            AuditEntry.subject_id.in_(user_ids),
            AuditEntry.after.has_key(field),
        )
        .group_by(AuditEntry.subject_id)
    )


def _teams_of(user_ids: Sequence[UUID]) -> dict[UUID, str]:
    rows = db.session.execute(
        select(User.id, Team.name)
        .join(Team, (Team.company_id == User.company_id) & (Team.id == User.team_id))
        .where(User.company_id == working_company(), User.id.in_(user_ids))
    )
    return {row.id: row.name for row in rows}
