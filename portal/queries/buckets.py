"""The buckets leads lie in, which of them a viewer has, and how many leads are in each."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache
from types import SimpleNamespace
from typing import cast
from uuid import UUID

from sqlalchemy import ColumnElement, Uuid, bindparam, case, func, literal_column, select

from portal.extensions import db
from portal.models import Company, Lead, LeadAccess, LeadState, User
from portal.permissions import (
    Filter,
    Isolation,
    Right,
    boxes_of,
    has_leads_of_others,
    has_leads_to_take,
    in_assigned,
    in_closed,
    in_mine,
    in_unassigned,
    isolation_of,
    may,
    sees_teams,
    visible_leads,
)
from portal.queries.paging import Statement
from portal.queries.viewers import Viewer


class Bucket(StrEnum):
    """Where a viewer sees a lead."""

    UNASSIGNED = "unassigned"
    MINE = "mine"
    ASSIGNED = "assigned"
    CLOSED = "closed"


@dataclass(frozen=True, slots=True)
class Count:
    """How many, exact up to `most`; above it, only that there are more."""

    value: int
    more: bool

    def __str__(self) -> str:
        return f"{self.value:,}+" if self.more else f"{self.value:,}"


COUNTED_TO = 1000


@dataclass(frozen=True, slots=True)
class Looking:
    """What about a viewer decides how a statement reads. Who they are goes in as parameters.

    Building a statement takes longer than running it, and the list is opened all day: so it is built once for each
    way of looking, from the same rules of access as everything else.
    """

    roles: tuple[str, ...]
    own_grants: tuple[str, ...]
    lead_access: tuple[str, ...]
    is_in_team: bool
    isolation: Isolation
    # Where the box of unassigned leads is shut: whether some may be theirs to take all the same.
    has_some_to_take: bool = False
    # Likewise for those of others: whether the viewer looks after some for who is away, or may take some.
    has_some_of_others: bool = False

    @classmethod
    def of(cls, user: User) -> Looking:
        """How this active user looks at leads."""
        is_in_team, isolation = user.team_id is not None, isolation_for(user)
        boxes = boxes_of(user, isolation)
        to_take = LeadAccess.UNASSIGNED not in boxes and has_leads_to_take(user)
        of_others = LeadAccess.ASSIGNED not in boxes and has_leads_of_others(user)
        held = tuple(user.roles), tuple(user.own_grants), tuple(user.lead_access)
        return cls(*held, is_in_team, isolation, to_take, of_others)

    @property
    def buckets(self) -> tuple[Bucket, ...]:
        """The buckets that can hold anything, in the order they are shown."""
        return _buckets_of(self)

    @property
    def stand_in(self) -> User:
        """A user for the rules of access, with parameters in place of ids."""
        return cast(
            User,
            SimpleNamespace(
                id=bindparam("viewer_id", type_=Uuid, required=False),
                company_id=bindparam("company_id", type_=Uuid, required=False),
                roles=self.roles,
                own_grants=self.own_grants,
                lead_access=self.lead_access,
                team_id=bindparam("team_id", type_=Uuid, required=False) if self.is_in_team else None,
                active=True,
            ),
        )


@lru_cache(maxsize=256)
def _buckets_of(looking: Looking) -> tuple[Bucket, ...]:
    viewer = looking.stand_in
    boxes = frozenset(LeadAccess) if sees_teams(viewer) else boxes_of(viewer, looking.isolation)
    if looking.has_some_to_take:
        boxes |= {LeadAccess.UNASSIGNED}
    if looking.has_some_of_others:
        boxes |= {LeadAccess.ASSIGNED}
    opened = tuple(Bucket(box) for box in LeadAccess if box in boxes)
    return (*opened, Bucket.CLOSED) if opened else ()


def parameters_of(user: User) -> dict[str, UUID | None]:
    """Who is looking, for a statement built with a stand-in."""
    return {"viewer_id": user.id, "company_id": user.company_id, "team_id": user.team_id}


def visible(user: User) -> Filter:
    """The leads this user may see, with their company's isolation settings."""
    return visible_leads(user, isolation_for(user))


def isolation_for(user: User | Viewer) -> Isolation:
    """How far the company narrows this user; off for those who see all, whom it does not narrow."""
    if may(cast(User, user), Right.SEE_ALL):
        return Isolation.OFF
    company = user.company if isinstance(user, Viewer) else db.session.get(Company, user.company_id)
    return Isolation.OFF if company is None else isolation_of(cast(Company, company))


def open_buckets(user: User) -> list[Bucket]:
    """The buckets that can hold anything for this user, in the order they are shown."""
    return list(Looking.of(user).buckets) if user.active else []


def in_bucket(user: User, bucket: Bucket, *, quarantined: bool = False) -> Filter:
    """The leads of a bucket. Quarantined ones are in Unassigned, but shown only when asked for."""
    match bucket:
        case Bucket.UNASSIGNED if quarantined:
            return in_unassigned()
        case Bucket.UNASSIGNED:
            return in_unassigned() & (Lead.state != LeadState.QUARANTINED)
        case Bucket.MINE:
            return in_mine(user)
        case Bucket.ASSIGNED:
            return in_assigned(user)
        case Bucket.CLOSED:
            return in_closed()


def bucket_counts(user: User) -> dict[Bucket, Count]:
    """How many leads each bucket holds for this user, in one statement; buckets closed to them are left out."""
    buckets = open_buckets(user)
    if not buckets:
        return {}
    statement = _counts(Looking.of(user), tuple(buckets))
    return counts_from(buckets, db.session.connection().execute(statement, parameters_of(user)).one())


def counts_from(buckets: Sequence[Bucket], numbers: Sequence[int]) -> dict[Bucket, Count]:
    """What `counts_of` found, by bucket."""
    return {
        bucket: Count(min(number, COUNTED_TO), number > COUNTED_TO)
        for bucket, number in zip(buckets, numbers, strict=True)
    }


@lru_cache(maxsize=256)
def _counts(looking: Looking, buckets: tuple[Bucket, ...]) -> Statement:
    return select(*counts_of(looking, buckets))


def counts_of(looking: Looking, buckets: tuple[Bucket, ...]) -> list[ColumnElement[int]]:
    """One column a bucket: its leads, counted until it is clear that there are more than `COUNTED_TO`."""
    return [_count_of(looking, bucket).label(bucket) for bucket in buckets]


def _count_of(looking: Looking, bucket: Bucket) -> ColumnElement[int]:
    whole = _count(whole_bucket(looking, bucket))
    if bucket != Bucket.ASSIGNED or LeadAccess.ASSIGNED not in boxes_of(looking.stand_in, looking.isolation):
        return whole
    # Leads of others are all that are owned without one's own, which the indexes tell by themselves; to see who owns
    # a lead takes reading it. Where one's own are more than are counted the difference says nothing.
    owned = (Lead.company_id == looking.stand_in.company_id) & (Lead.state == LeadState.OWNED)
    mine = _count(owned & in_mine(looking.stand_in))
    return case((mine <= COUNTED_TO, _count(owned, 2 * COUNTED_TO + 1) - mine), else_=whole)


def whole_bucket(looking: Looking, bucket: Bucket, *, quarantined: bool = False) -> Filter:
    """A bucket without filters, for a statement that is built once and run with `parameters_of` each viewer."""
    viewer = looking.stand_in
    there = (Lead.company_id == viewer.company_id) & in_bucket(viewer, bucket, quarantined=quarantined)
    if bucket.value in boxes_of(viewer, looking.isolation):
        # An open box lets in all of its bucket. Asking for each lead as well would only cost time.
        return there
    return there & visible_leads(viewer, looking.isolation)


def _count(condition: Filter, most: int = COUNTED_TO + 1) -> ColumnElement[int]:
    # In order, and so by the bucket's index: a scan that hopes to meet enough of them soon may read the whole table.
    some: Statement = (
        select(literal_column("1")).select_from(Lead).where(condition).order_by(Lead.id.desc()).limit(most)
    )
    return select(func.count()).select_from(some.subquery()).scalar_subquery()
