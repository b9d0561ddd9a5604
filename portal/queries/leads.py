"""Which leads a user sees, and how much of each. Lists, search, pages and the API all ask here.

What is masked for the viewer is left out by the database itself: it never reaches this process.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields
from datetime import datetime
from enum import StrEnum
from functools import lru_cache
from types import SimpleNamespace
from typing import Any, cast
from uuid import UUID

from sqlalchemy import ColumnElement, Row, Uuid, any_, bindparam, case, false, func, literal_column, null, select, true
from sqlalchemy.orm import aliased

from portal.errors import NotFound
from portal.extensions import db
from portal.models import Company, Contact, Lead, LeadAccess, LeadState, Pool, User
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
    unmasked_leads,
    visible_leads,
)
from portal.queries.contacts import ContactView, contact_view, keys_of_lead
from portal.queries.lead_search import found_by
from portal.queries.paging import USUAL_LIMIT, Page, Statement, older_than, page_of
from portal.queries.viewers import Viewer
from portal.routing.facts import WaitingFor

# What of a place may be told before a lead is owned: the area, never the address or the spot on the map. A postcode
# can name a single house, so it is told only where no town is known.
AREA_PARTS = ("city", "region", "country", "postcode")

# Made once: an alias copies every column of its table when it is first asked for one.
_OWNER = aliased(User)


class Bucket(StrEnum):
    """Where a viewer sees a lead."""

    UNASSIGNED = "unassigned"
    MINE = "mine"
    ASSIGNED = "assigned"
    CLOSED = "closed"


class Needs(StrEnum):
    """Why a lead wants somebody to look at it now."""

    HANDING_OUT = "handing_out"
    CATCH_ALL = "catch_all"
    ATTENTION = "attention"


def that_need(what: Needs) -> Filter:
    """The leads that want somebody for this reason: one rule for figures and lists."""
    match what:
        case Needs.HANDING_OUT:
            return (Lead.state == LeadState.UNASSIGNED) & (Lead.waiting_for == WaitingFor.ROUTING)
        case Needs.CATCH_ALL:
            return (Lead.state == LeadState.UNASSIGNED) & (Lead.waiting_for == WaitingFor.CATCH_ALL)
        case Needs.ATTENTION:
            # Only leads of somebody who was deactivated are marked; by their owners there is an index.
            gone = select(_OWNER.id).where(_OWNER.company_id == Lead.company_id, ~_OWNER.active).correlate(Lead)
            return (Lead.state == LeadState.OWNED) & Lead.needs_attention & Lead.owner_id.in_(gone)


@dataclass(frozen=True, slots=True)
class LeadFilters:
    """What a list is narrowed to; None does not narrow. Values of one field each; all must hold."""

    owner: UUID | None = None
    pool: UUID | None = None
    source: str | None = None
    tag: str | None = None
    status: LeadState | None = None
    q: str | None = None
    since: datetime | None = None
    needs: Needs | None = None

    @property
    def narrow(self) -> bool:
        """Whether anything is filtered at all."""
        return any(getattr(self, each.name) is not None for each in fields(self))


@dataclass(frozen=True, slots=True)
class LeadView:
    """A lead as one user may see it.

    While `masked`, everything of the customer is None or empty: contact, text, fields, external id, flags, note; and
    `location` holds the area only.
    """

    id: UUID
    state: str
    waiting_for: str | None
    held_until: datetime | None
    held_reason: str | None
    needs_attention: bool
    masked: bool
    bucket: str
    owner_id: UUID | None
    owner_name: str | None
    owner_active: bool | None
    team_id: UUID | None
    pool_id: UUID | None
    pool_name: str | None
    rule_id: UUID | None
    decision_id: UUID | None
    source: str | None
    channel: str
    lead_type: str | None
    language: str | None
    price: dict[str, Any] | None
    location: dict[str, Any] | None
    tags_found: list[str]
    alarmed_at: datetime | None
    created_at: datetime
    received_at: datetime | None
    last_activity_at: datetime
    assigned_at: datetime | None
    closed_at: datetime | None
    close_reason: str | None
    close_note: str | None
    external_id: str | None
    text: str | None
    fields: dict[str, Any]
    flags: list[str]
    contact: ContactView | None

    @property
    def called(self) -> str:
        """What to call the lead on pages: its customer, or what is known without naming them."""
        if self.contact is not None:
            return self.contact.called
        return called_without_customer(self.lead_type, (self.location or {}).get("city"))


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


def lead_for(user: User, lead_id: UUID) -> LeadView:
    """One lead as the user may see it.

    Raises:
        NotFound: there is none, or the user may not see it; the two answer alike.
    """
    statement = _views(user).where(Lead.company_id == user.company_id, Lead.id == lead_id, visible(user))
    row = db.session.execute(statement).one_or_none()
    if row is None:
        raise NotFound("There is no such lead, or it is not among those you see.")
    return _view(row)


def lead_after(user: User, lead_id: UUID) -> LeadView:
    """The lead as it is after the user's own act, which may just have taken it out of their sight.

    Only for a lead that `lead_for` showed them before; what is masked for them stays so.
    """
    return _view(db.session.execute(_views(user).where(Lead.company_id == user.company_id, Lead.id == lead_id)).one())


def bucket_page(
    user: User, bucket: Bucket | str | None, filters: LeadFilters, cursor: str | None = None, limit: int = USUAL_LIMIT
) -> Page[LeadView]:
    """A page of a bucket, or of all the user sees when `bucket` is None; newest first.

    Raises:
        Invalid: the cursor or the limit makes no sense.
    """
    statement = _views(user).where(narrowed(user, bucket, filters))
    rows = db.session.execute(older_than(statement, Lead.id, cursor, limit)).all()
    return page_of(rows, limit, lambda row: row.id, _view)


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


def narrowed(user: User, bucket: Bucket | str | None, filters: LeadFilters) -> Filter:
    """All conditions of a list: the company, what the user sees, the bucket, the filters."""
    quarantined = filters.status == LeadState.QUARANTINED
    condition = (Lead.company_id == user.company_id) & visible(user)
    if bucket is not None:
        condition &= in_bucket(user, Bucket(bucket), quarantined=quarantined)
    if filters.owner is not None:
        condition &= Lead.owner_id == filters.owner
    if filters.pool is not None:
        condition &= Lead.pool_id == filters.pool
    if filters.source is not None:
        condition &= Lead.source == filters.source
    if filters.tag is not None:
        condition &= any_(Lead.tags_found) == filters.tag
    if filters.status is not None:
        condition &= Lead.state == filters.status
    if filters.since is not None:
        condition &= Lead.created_at >= filters.since
    if filters.needs is not None:
        condition &= that_need(filters.needs)
    if filters.q is not None:
        condition &= found_by(filters.q, user)
    return condition


def called_without_customer(lead_type: str | None, city: str | None) -> str:
    """A lead in words that name nobody: "Roofing in Leeds"."""
    kind = lead_type or "Lead"
    return f"{kind} in {city}" if city else kind


def area_of(location: dict[str, Any] | None) -> dict[str, Any] | None:
    """A place without its address."""
    if location is None:
        return None
    known = {part: location[part] for part in AREA_PARTS if location.get(part)}
    if "city" in known:
        known.pop("postcode", None)
    return known


def _count(condition: Filter, most: int = COUNTED_TO + 1) -> ColumnElement[int]:
    # In order, and so by the bucket's index: a scan that hopes to meet enough of them soon may read the whole table.
    some: Statement = (
        select(literal_column("1")).select_from(Lead).where(condition).order_by(Lead.id.desc()).limit(most)
    )
    return select(func.count()).select_from(some.subquery()).scalar_subquery()


def _views(user: User) -> Statement:
    """One row per lead, with the customer's columns NULL where they are masked for the user."""
    shown = unmasked_leads(user)

    def only_shown(column: Any) -> ColumnElement[Any]:
        return column if shown is true() else case((shown, column), else_=null())

    return (
        select(
            Lead.id,
            Lead.state,
            Lead.waiting_for,
            Lead.held_until,
            Lead.held_reason,
            Lead.needs_attention,
            # No owner is NULL, and so is every comparison with them.
            (~func.coalesce(shown, false())).label("masked"),
            _bucket_for(user).label("bucket"),
            Lead.owner_id,
            User.name.label("owner_name"),
            User.active.label("owner_active"),
            Lead.team_id,
            Lead.pool_id,
            Pool.name.label("pool_name"),
            Lead.rule_id,
            Lead.decision_id,
            Lead.source,
            Lead.channel,
            Lead.lead_type,
            Lead.language,
            Lead.price,
            case((shown, Lead.location), else_=_area()).label("location"),
            Lead.tags_found,
            Lead.alarmed_at,
            Lead.created_at,
            Lead.received_at,
            Lead.last_activity_at,
            Lead.assigned_at,
            Lead.closed_at,
            Lead.close_reason,
            only_shown(Lead.close_note).label("close_note"),
            only_shown(Lead.external_id).label("external_id"),
            only_shown(Lead.text).label("text"),
            only_shown(Lead.fields).label("fields"),
            only_shown(Lead.flags).label("flags"),
            only_shown(Lead.contact_id).label("contact_id"),
            only_shown(Contact.name).label("contact_name"),
            only_shown(keys_of_lead()).label("contact_keys"),
        )
        .join(Contact, (Contact.company_id == Lead.company_id) & (Contact.id == Lead.contact_id))
        .outerjoin(User, (User.company_id == Lead.company_id) & (User.id == Lead.owner_id))
        .outerjoin(Pool, (Pool.company_id == Lead.company_id) & (Pool.id == Lead.pool_id))
    )


def _bucket_for(user: User) -> ColumnElement[str]:
    return case(
        (in_closed(), Bucket.CLOSED.value),
        (in_mine(user), Bucket.MINE.value),
        (in_assigned(user), Bucket.ASSIGNED.value),
        else_=Bucket.UNASSIGNED.value,
    )


def _area() -> ColumnElement[Any]:
    """The parts `area_of` picks from, in the database."""
    parts = [part for name in AREA_PARTS for part in (literal_column(f"'{name}'"), Lead.location[name])]
    return case((Lead.location.is_not(None), func.jsonb_strip_nulls(func.jsonb_build_object(*parts))), else_=null())


def _view(row: Row[Any]) -> LeadView:
    """A row of `_views` as the object everybody is handed."""
    values = dict(row._mapping)
    contact_id, name, keys = (values.pop(key) for key in ("contact_id", "contact_name", "contact_keys"))
    values["contact"] = None if contact_id is None else contact_view(contact_id, name, keys)
    if values["masked"]:
        values["location"] = area_of(values["location"])
    values["fields"] = values["fields"] or {}
    values["flags"] = values["flags"] or []
    return LeadView(**values)
