"""Who is in a pool: people with an entry of their own, and those who carry a tag that is a member.

A person with an entry of their own is in by that; else by the heaviest of their tags. `pool_members` keeps what that
comes to, for everybody who reads it; here it is made anew whenever the one or the other changes. Coming in is joining
at zero credit, going out is leaving: see `operations.ledger`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import NamedTuple
from uuid import UUID

from sqlalchemy import delete, select

from portal.extensions import db
from portal.models import Pool, PoolMember, PoolTag, TagMember, User, new_id
from portal.models.member_caps import NO_CAPS, MemberCaps
from portal.models.tenancy import working_company
from portal.operations import ledger
from portal.operations.one_at_a_time import hold_still
from portal.queries.routing_facts import lock_pools
from portal.routing.tags import normal


class Part(NamedTuple):
    """Somebody's part in a pool; `by` is the normal text of the tag they are in by, None = an entry of their own."""

    weight: int
    priority: int = 0
    caps: MemberCaps = NO_CAPS
    by: str | None = None


def lock() -> None:
    """Hold still who carries what and which tags are members, until the transaction ends.

    Taken before all other locks.
    """
    # They do not change at the same time: each would miss the other.
    hold_still("tag members")


def lock_pools_with_tags() -> None:
    """The same, with every pool of the company a tag is a member of, in the order of their ids."""
    lock()
    lock_pools(working_company(), _pools_with_tags())


def members_of(pool_id: UUID) -> dict[UUID, PoolMember]:
    """Everybody in the pool, as it is after any wait for its lock."""
    rows = db.session.scalars(
        select(PoolMember)
        .where(PoolMember.company_id == working_company(), PoolMember.pool_id == pool_id)
        .execution_options(populate_existing=True)
    )
    return {row.user_id: row for row in rows}


def replace_tags(pool_id: UUID, wanted: Mapping[str, TagMember]) -> None:
    """Which tags are members. `settle` has to follow.

    Args:
        wanted: by the tags' normal texts.
    """
    db.session.execute(delete(PoolTag).where(PoolTag.company_id == working_company(), PoolTag.pool_id == pool_id))
    for text, (weight, priority, caps) in wanted.items():
        db.session.add(
            PoolTag(
                company_id=working_company(),
                id=new_id(),
                pool_id=pool_id,
                normal=text,
                weight=weight,
                priority=priority,
                caps=caps,
            )
        )
    db.session.flush()


def follow_people() -> None:
    """Let pools follow who carries what now. The caller holds `lock_pools_with_tags`."""
    for pool_id in _pools_with_tags():
        settle(pool_id)


def settle(pool_id: UUID, weights: Mapping[UUID, int | None] | None = None) -> None:
    """Bring the members of a pool, whose lock is held, to what its entries and tags come to.

    Args:
        weights: changes of people's own entries; None takes one out. Priorities and limits of entries stay.
    """
    present = members_of(pool_id)
    own = {
        user_id: Part(row.weight, row.priority, row.caps) for user_id, row in present.items() if row.agent_tag is None
    }
    for user_id, weight in (weights or {}).items():
        if weight is None:
            own.pop(user_id, None)
        else:
            own[user_id] = own[user_id]._replace(weight=weight) if user_id in own else Part(weight)
    _bring_to(pool_id, present, _by_tags(pool_id) | own)


def _bring_to(pool_id: UUID, present: Mapping[UUID, PoolMember], wanted: Mapping[UUID, Part]) -> None:
    # Leavers first: what they were owed passes to those who stay, not to newcomers, who start at zero.
    for user_id in sorted(present.keys() - wanted.keys()):
        ledger.leave(pool_id, user_id)
        db.session.delete(present[user_id])
        db.session.flush()
    for user_id, part in wanted.items():
        row = present.get(user_id)
        if row is None:
            row = PoolMember(company_id=working_company(), pool_id=pool_id, user_id=user_id)
            db.session.add(row)
        row.weight, row.priority, row.caps, row.agent_tag = part
        if user_id not in present:
            db.session.flush()
            ledger.join(pool_id, user_id)
    db.session.flush()


def _by_tags(pool_id: UUID) -> dict[UUID, Part]:
    """Everybody who carries a tag that is a member, by the heaviest; of level ones the one with most points."""
    rows = db.session.scalars(
        select(PoolTag).where(PoolTag.company_id == working_company(), PoolTag.pool_id == pool_id)
    )
    parts = {row.normal: Part(row.weight, row.priority, row.caps, row.normal) for row in rows}
    if not parts:
        return {}
    found = {}
    for user_id, carried in _carriers():
        theirs = [parts[text] for text in carried if text in parts]
        if theirs:
            found[user_id] = max(theirs, key=lambda part: (part.weight, part.priority, part.by))
    return found


def _carriers() -> Iterable[tuple[UUID, set[str]]]:
    rows = db.session.execute(
        select(User.id, User.tags).where(User.company_id == working_company(), User.tags != []).order_by(User.id)
    )
    return [(user_id, {normal(text) for text in tags}) for user_id, tags in rows]


def _pools_with_tags() -> list[UUID]:
    named = (PoolTag.company_id == Pool.company_id) & (PoolTag.pool_id == Pool.id)
    pools = select(Pool.id).join(PoolTag, named).where(Pool.company_id == working_company(), Pool.deleted_at.is_(None))
    return sorted(set(db.session.scalars(pools)))


def pools_with(text: str) -> list[str]:
    """The names of the pools in use that have this tag as a member.

    Args:
        text: normal.
    """
    named = (PoolTag.company_id == Pool.company_id) & (PoolTag.pool_id == Pool.id)
    pools = select(Pool.name).join(PoolTag, named)
    ours = pools.where(Pool.company_id == working_company(), Pool.deleted_at.is_(None), PoolTag.normal == text)
    return list(db.session.scalars(ours.order_by(Pool.name)))


def rename(before: str, after: str) -> None:
    """A tag has another normal text: it stays the member it was. The caller holds `lock_pools_with_tags`."""
    for row in db.session.scalars(
        select(PoolTag).where(PoolTag.company_id == working_company(), PoolTag.normal == before)
    ):
        row.normal = after
    db.session.flush()
    follow_people()
