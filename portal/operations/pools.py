"""Making and changing pools, their members and their default assignees.

Editing never resets anybody: whoever stays keeps their credit, whoever comes starts at zero, and what a leaver was
owed or owed the others passes to those who stay.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Unpack
from uuid import UUID

from sqlalchemy import delete, func, update

from portal.errors import Conflict, FieldError, Invalid, NotFound
from portal.extensions import db
from portal.models import Pool, PoolDefault, PoolMember, User, new_id
from portal.operations import auditing, contact_timer, tag_members, tags, waiting
from portal.operations.auditing import Subject
from portal.operations.complaints import Complaints
from portal.operations.locking import lock_all_pools
from portal.operations.pool_fields import GREATEST_WEIGHT, MOST_MEMBERS, Member, PoolChanges, checked
from portal.operations.transaction import operation
from portal.permissions import Right, refuse_out_of_reach, require, require_over
from portal.queries.clock import database_time
from portal.queries.people import users_by_id
from portal.queries.pool_ties import leads_in_pond, they_lie, why_kept
from portal.queries.pools import pool_named, pool_views
from portal.queries.routing_facts import lock_pool
from portal.routing.facts import Delivery
from portal.routing.tags import normal


@operation
def make_pool(*, by: User, **fields: Unpack[PoolChanges]) -> Pool:
    """A new pool; what is not given has the usual value (offers of five minutes, at most eight of them).

    Raises:
        Forbidden: no right to.
        Invalid: a field makes no sense.
    """
    require(by, Right.DISTRIBUTION)
    if "name" not in fields:
        raise Invalid.field("name", "A pool needs a name.")
    refuse_out_of_reach(by, Right.DISTRIBUTION, fields.get("team_id"))
    tag_members.lock()
    if "next_pool_id" in fields:
        lock_all_pools()
    columns = checked(fields)
    pool = Pool(company_id=by.company_id, id=new_id(), **columns)
    db.session.add(pool)
    db.session.flush()
    _apply_people(pool, fields)
    db.session.refresh(pool)
    auditing.added(by, Subject.POOL, pool.id, pool.name, _facts(pool))
    waiting.drain_soon(by.company_id)
    return pool


@operation
def change_pool(pool_id: UUID, *, by: User, seen: str | None = None, **changes: Unpack[PoolChanges]) -> Pool:
    """Change some fields of a pool. Open offers keep their window.

    Args:
        seen: the fingerprint of the pool the changes were made to, where all its fields are sent at once.

    Raises:
        NotFound: no such pool.
        Forbidden: no right to.
        Invalid: a field makes no sense.
        Conflict: somebody else changed the pool since it was seen.
    """
    require(by, Right.DISTRIBUTION)
    tag_members.lock()
    if "next_pool_id" in changes:
        lock_all_pools()
    pool = _locked(pool_id, by)
    if seen is not None and pool_views([pool_id])[0].fingerprint != seen:
        raise Conflict("Somebody changed this pool since you opened it, so nothing was saved. Open it again first.")
    if changes.get("team_id", pool.team_id) != pool.team_id:
        refuse_out_of_reach(by, Right.DISTRIBUTION, changes.get("team_id"))
    before, owed = _facts(pool), (pool.contact_within, pool.timer, pool.hours)
    if changes.get("delivery", pool.delivery) != Delivery.POND and (lying := leads_in_pond(pool_id)):
        raise Invalid.field("delivery", f"{they_lie(lying)} in this pond. Hand them out first, then change it.")
    for name, value in checked(changes, pool).items():
        setattr(pool, name, value)
    db.session.flush()
    if (pool.contact_within, pool.timer, pool.hours) != owed:
        contact_timer.plan_anew(pool.company_id, pool.id, database_time())
    _apply_people(pool, changes)
    auditing.changed(by, Subject.POOL, pool.id, pool.name, before, _facts(pool))
    waiting.drain_soon(by.company_id)
    return pool


@operation
def set_members(pool_id: UUID, members: Sequence[Member], *, by: User) -> Pool:
    """Replace the members of a pool; errors as in `change_pool`."""
    return change_pool(pool_id, by=by, members=members)


@dataclass(frozen=True, slots=True)
class WeightChange:
    """Somebody's new weight in a pool, and the one they had when it was looked at; None = not in the pool."""

    user_id: UUID
    was: int | None
    weight: int | None


@operation
def set_weights(pool_id: UUID, changes: Sequence[WeightChange], *, by: User) -> Pool:
    """Change the weights of some people in a pool; all others stay as they are, also when they change meanwhile.

    Raises:
        NotFound: no such pool.
        Forbidden: no right to.
        Invalid: a weight makes no sense, or there is no such user; named by `weights.ID`.
        Conflict: somebody else changed one of these weights since it was seen; named likewise, and nothing is saved.
    """
    require(by, Right.DISTRIBUTION)
    tag_members.lock()
    pool = _locked(pool_id, by)
    present = tag_members.members_of(pool.id)
    wrong, known = Complaints(), users_by_id(change.user_id for change in changes)
    for change in changes:
        if change.user_id not in known:
            wrong.add(f"weights.{change.user_id}", "There is no such user.")
        elif change.weight is not None:
            wrong.whole(f"weights.{change.user_id}", change.weight, 0, GREATEST_WEIGHT)
    if len(present.keys() | {change.user_id for change in changes}) > MOST_MEMBERS:
        wrong.add("weights", f"A pool has at most {MOST_MEMBERS} members.")
    wrong.raise_if_any()
    stale = [change for change in changes if _weight(present, change.user_id) not in (change.was, change.weight)]
    if stale:
        errors = [FieldError(f"weights.{change.user_id}", "Somebody changed this meanwhile.") for change in stale]
        raise Conflict("Somebody changed these weights meanwhile, so nothing was saved.", errors)
    before = _facts(pool)
    # A weight that stays is no entry of one's own for who is in by a tag.
    changed = [change for change in changes if change.weight != _weight(present, change.user_id)]
    tag_members.settle(pool.id, {change.user_id: change.weight for change in changed})
    auditing.changed(by, Subject.POOL, pool.id, pool.name, before, _facts(pool))
    waiting.drain_soon(by.company_id)
    return pool


def _weight(present: Mapping[UUID, PoolMember], user_id: UUID) -> int | None:
    return present[user_id].weight if user_id in present else None


@operation
def delete_pool(pool_id: UUID, *, by: User) -> None:
    """Take a pool out of use. Its row stays for the decisions that name it.

    Raises:
        Conflict: a rule or pool sends leads to it, leads lie in it, or an offer from it still runs.
    """
    require(by, Right.DISTRIBUTION)
    pool = _locked(pool_id, by)
    if why := why_kept(pool_id):
        raise Conflict(why)
    auditing.removed(by, Subject.POOL, pool.id, pool.name, _facts(pool))
    db.session.execute(
        update(Pool)
        .where(Pool.company_id == pool.company_id, Pool.id == pool.id)
        .values(deleted_at=func.clock_timestamp())
    )
    contact_timer.plan_anew(pool.company_id, pool.id, database_time())


def _facts(pool: Pool) -> dict[str, Any]:
    """What the log of changes tells of a pool; people by name, as they are called now."""
    [view] = pool_views([pool.id])
    columns = {name: getattr(pool, name) for name in PoolChanges.__annotations__ if hasattr(Pool, name)}
    columns.pop("single_user_id")
    next_pool_id = columns.pop("next_pool_id")
    people = users_by_id([*(user_id for user_id, _ in view.members), *view.default_assignee_ids])
    priorities = {people[user_id].name: points for user_id, points in view.priorities.items() if points}
    limits = {people[user_id].name: str(view.caps[user_id]) for user_id, _ in view.own}
    limits |= {f"everybody tagged “{text}”": str(part.caps) for text, part in view.tags.items()}
    return columns | {
        "next_pool": None if next_pool_id is None else pool_named(next_pool_id).name,
        "single_user": None if view.one is None else view.one.name,
        "priorities": priorities,
        "member_limits": {name: said for name, said in limits.items() if said},
        "members": sorted([people[user_id].name, weight] for user_id, weight in view.members),
        "agent_tags": [[text, part.weight] for text, part in view.tags.items()],
        "default_assignees": [people[user_id].name for user_id in view.default_assignee_ids],
    }


def _locked(pool_id: UUID, by: User) -> Pool:
    # The routing lock: no turn is played while members come and go.
    if lock_pool(by.company_id, pool_id) is None:
        raise NotFound("There is no such pool.")
    pool = pool_named(pool_id)
    db.session.refresh(pool)
    require_over(by, Right.DISTRIBUTION, pool.team_id, what="pool")
    return pool


def _apply_people(pool: Pool, changes: PoolChanges) -> None:
    if "agent_tags" in changes:
        tags.make_unknown(pool.company_id, changes["agent_tags"])
        tag_members.replace_tags(pool.id, {normal(text): part for text, part in changes["agent_tags"].items()})
    if "members" in changes:
        _replace_members(pool, dict(changes["members"]))
    elif "agent_tags" in changes:
        tag_members.settle(pool.id)
    _put_on_entries(pool, changes)
    if "default_assignee_ids" in changes:
        _replace_defaults(pool, changes["default_assignee_ids"])


def _put_on_entries(pool: Pool, changes: PoolChanges) -> None:
    """Points and limits, on members' own entries: who is in by a tag has what the tag has."""
    points, limits = changes.get("priorities", {}), changes.get("caps", {})
    if not points and not limits:
        return
    for user_id, row in tag_members.members_of(pool.id).items():
        if row.agent_tag is None:
            row.priority = points.get(user_id, row.priority)
            row.caps = limits.get(user_id, row.caps)
    db.session.flush()


def _replace_members(pool: Pool, wanted: dict[UUID, int]) -> None:
    present = tag_members.members_of(pool.id)
    own = {user_id for user_id, row in present.items() if row.agent_tag is None}
    tag_members.settle(pool.id, dict.fromkeys(own - wanted.keys()) | wanted)


def _replace_defaults(pool: Pool, user_ids: Sequence[UUID]) -> None:
    db.session.execute(
        delete(PoolDefault).where(PoolDefault.company_id == pool.company_id, PoolDefault.pool_id == pool.id)
    )
    for position, user_id in enumerate(user_ids, start=1):
        db.session.add(PoolDefault(company_id=pool.company_id, pool_id=pool.id, user_id=user_id, position=position))
    db.session.flush()
