"""Pools, who is in them, and how their ledgers stand."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from hashlib import sha256
from uuid import UUID

from sqlalchemy import Select, func, select
from sqlalchemy.orm import aliased

from portal.errors import NotFound
from portal.extensions import db
from portal.models import LedgerAccount, Pool, PoolDefault, PoolMember, PoolTag, Tag, TagMember, User
from portal.models.member_caps import NO_CAPS, MemberCaps
from portal.models.tenancy import working_company
from portal.permissions import Right, require_over, within
from portal.queries.people import users_by_id
from portal.routing.facts import NANO

# Made once: an alias copies every column of its table when it is first asked for one.
_OTHER = aliased(PoolMember)


@dataclass(frozen=True, slots=True)
class PoolView:
    """A pool with its members (user, weight), oldest first, and its default assignees in order."""

    pool: Pool
    members: list[tuple[UUID, int]] = field(default_factory=list)
    # Those of them who have an entry of their own, and the tags that are members, by their texts.
    own: list[tuple[UUID, int]] = field(default_factory=list)
    tags: dict[str, TagMember] = field(default_factory=dict)
    # By which tag somebody is in who has none.
    by_tag: dict[UUID, str] = field(default_factory=dict)
    default_assignee_ids: list[UUID] = field(default_factory=list)
    # Points of members in best match.
    priorities: dict[UUID, int] = field(default_factory=dict)
    # Limits of members on how many leads of the pool they get.
    caps: dict[UUID, MemberCaps] = field(default_factory=dict)
    # The one the picker `single` names.
    one: User | None = None

    @property
    def fingerprint(self) -> str:
        """Changes with everything that is edited: who saves says which pool they were looking at."""
        pool = self.pool
        edited = (
            pool.name,
            pool.team_id,
            pool.picker,
            pool.delivery,
            pool.window_seconds,
            pool.max_offers,
            pool.default_mode,
            pool.single_user_id,
            pool.when_nobody_available,
            pool.last_call_seconds,
            pool.next_pool_id,
            pool.pond_limit,
            pool.forfeit_at_cap,
            pool.timer,
            repr(pool.hours),
            pool.contact_within,
            pool.for_reassignment,
            sorted(self.own),
            sorted((user_id, points) for user_id, points in self.priorities.items() if user_id not in self.by_tag),
            sorted((user_id, limits) for user_id, limits in self.caps.items() if user_id not in self.by_tag),
            sorted(self.tags.items()),
            self.default_assignee_ids,
        )
        return sha256(repr(edited).encode()).hexdigest()[:32]


@dataclass(frozen=True, slots=True)
class Standing:
    """One member's place in a pool's ledger. Figures in leads, exact; `share` of all hand-outs, 0 to 1."""

    user_id: UUID
    name: str
    weight: int
    share: float
    credit: Decimal
    second_credit: Decimal
    entitled: Decimal
    received: Decimal
    # On leads of the pool.
    caps: MemberCaps = NO_CAPS


@dataclass(frozen=True, slots=True)
class Membership:
    """One person's part in a pool; `share` of its leads, 0 to 1."""

    pool_id: UUID
    pool: str
    weight: int
    share: float


def pool_named(pool_id: UUID) -> Pool:
    """One pool of the company entered. Raises NotFound, also for a deleted one."""
    pool = db.session.scalars(_pools().where(Pool.id == pool_id)).one_or_none()
    if pool is None:
        raise NotFound("There is no such pool.")
    return pool


def reached_pool(user: User, pool_id: UUID) -> Pool:
    """One pool the user's right to set up pools reaches. Raises NotFound."""
    pool = pool_named(pool_id)
    require_over(user, Right.DISTRIBUTION, pool.team_id, what="pool")
    return pool


def pool_views(pool_ids: Iterable[UUID] | None = None, *, reached_by: User | None = None) -> list[PoolView]:
    """Pools with their people, by name; all of them, or those named.

    Args:
        reached_by: only those that this user's right to set up pools reaches.
    """
    statement = _pools().order_by(func.lower(Pool.name), Pool.id)
    if reached_by is not None:
        statement = statement.where(within(Pool.team_id, reached_by, Right.DISTRIBUTION))
    if pool_ids is not None:
        statement = statement.where(Pool.id.in_(list(pool_ids)))
    pools = db.session.scalars(statement).all()
    members = _members_by_pool([pool.id for pool in pools])
    defaults = _defaults_by_pool([pool.id for pool in pools])
    tags = _tags_by_pool([pool.id for pool in pools])
    ones = users_by_id(pool.single_user_id for pool in pools if pool.single_user_id)
    return [
        PoolView(
            pool,
            members=[(row.user_id, row.weight) for row in members[pool.id]],
            own=[(row.user_id, row.weight) for row in members[pool.id] if row.agent_tag is None],
            tags=tags[pool.id],
            by_tag={row.user_id: row.agent_tag for row in members[pool.id] if row.agent_tag is not None},
            default_assignee_ids=defaults[pool.id],
            priorities={row.user_id: row.priority for row in members[pool.id]},
            caps={row.user_id: row.caps for row in members[pool.id]},
            one=ones.get(pool.single_user_id) if pool.single_user_id else None,
        )
        for pool in pools
    ]


def standings(pool_id: UUID) -> list[Standing]:
    """The ledger of a pool: its members, the greatest weight first, then by name. Raises NotFound."""
    pool_named(pool_id)
    rows = db.session.execute(
        select(LedgerAccount, User.name, PoolMember)
        .join(User, (User.company_id == LedgerAccount.company_id) & (User.id == LedgerAccount.user_id))
        .join(
            PoolMember,
            (PoolMember.company_id == LedgerAccount.company_id)
            & (PoolMember.pool_id == LedgerAccount.pool_id)
            & (PoolMember.user_id == LedgerAccount.user_id),
        )
        .where(LedgerAccount.company_id == working_company(), LedgerAccount.pool_id == pool_id)
        .order_by(PoolMember.weight.desc(), func.lower(User.name), User.id)
    ).all()
    total = sum(row.PoolMember.weight for row in rows)
    return [_standing(row.LedgerAccount, row.name, row.PoolMember, total) for row in rows]


def memberships(user_id: UUID) -> list[Membership]:
    """The pools a user takes part in, by name."""
    other = _OTHER
    whole = (
        select(func.sum(other.weight))
        .where(other.company_id == PoolMember.company_id, other.pool_id == PoolMember.pool_id)
        .correlate(PoolMember)
        .scalar_subquery()
    )
    rows = db.session.execute(
        select(Pool.id, Pool.name, PoolMember.weight, whole)
        .join(PoolMember, (PoolMember.company_id == Pool.company_id) & (PoolMember.pool_id == Pool.id))
        .where(Pool.company_id == working_company(), PoolMember.user_id == user_id, Pool.deleted_at.is_(None))
        .order_by(func.lower(Pool.name))
    )
    return [
        Membership(pool_id, name, weight, weight / total if total else 0.0) for pool_id, name, weight, total in rows
    ]


def pool_names(*, for_new_leads: bool = False) -> dict[UUID, str]:
    """The pools in use, by name.

    Args:
        for_new_leads: without those for reassignments.
    """
    statement = _pools().where(~Pool.for_reassignment) if for_new_leads else _pools()
    rows = db.session.execute(statement.with_only_columns(Pool.id, Pool.name).order_by(func.lower(Pool.name)))
    return {row.id: row.name for row in rows}


def next_pools() -> dict[UUID, UUID | None]:
    """Every pool in use, with the one its leads are handed on to."""
    rows = db.session.execute(
        select(Pool.id, Pool.next_pool_id).where(Pool.company_id == working_company(), Pool.deleted_at.is_(None))
    )
    return {row.id: row.next_pool_id for row in rows}


def _pools() -> Select[Pool]:
    return select(Pool).where(Pool.company_id == working_company(), Pool.deleted_at.is_(None))


def _tags_by_pool(pool_ids: Sequence[UUID]) -> dict[UUID, dict[str, TagMember]]:
    found: defaultdict[UUID, dict[str, TagMember]] = defaultdict(dict)
    rows = db.session.execute(
        select(PoolTag, Tag.text)
        .join(Tag, (Tag.company_id == PoolTag.company_id) & (Tag.normal == PoolTag.normal))
        .where(PoolTag.company_id == working_company(), PoolTag.pool_id.in_(pool_ids))
        .order_by(PoolTag.normal)
    )
    for tag, text in rows:
        found[tag.pool_id][text] = TagMember(tag.weight, tag.priority, tag.caps)
    return found


def _members_by_pool(pool_ids: Sequence[UUID]) -> dict[UUID, list[PoolMember]]:
    found: defaultdict[UUID, list[PoolMember]] = defaultdict(list)
    rows = db.session.scalars(
        select(PoolMember)
        .where(PoolMember.company_id == working_company(), PoolMember.pool_id.in_(pool_ids))
        .order_by(PoolMember.id)
    )
    for row in rows:
        found[row.pool_id].append(row)
    return found


def _defaults_by_pool(pool_ids: Sequence[UUID]) -> dict[UUID, list[UUID]]:
    found: defaultdict[UUID, list[UUID]] = defaultdict(list)
    rows = db.session.execute(
        select(PoolDefault.pool_id, PoolDefault.user_id)
        .where(PoolDefault.company_id == working_company(), PoolDefault.pool_id.in_(pool_ids))
        .order_by(PoolDefault.position)
    )
    for row in rows:
        found[row.pool_id].append(row.user_id)
    return found


def _standing(account: LedgerAccount, name: str, member: PoolMember, total: int) -> Standing:
    return Standing(
        account.user_id,
        name,
        member.weight,
        member.weight / total if total else 0.0,
        in_leads(account.credit),
        in_leads(account.second_credit),
        in_leads(account.entitled),
        in_leads(account.received),
        member.caps,
    )


def in_leads(nano: int) -> Decimal:
    """Nano-leads as leads, exactly."""
    return Decimal(nano) / NANO
