"""Who may do what, and who may see which lead. One rule, used by every query, page, call and message."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from enum import StrEnum
from functools import lru_cache
from typing import TypeAlias
from uuid import UUID

from sqlalchemy import ARRAY, ColumnElement, Text, and_, cast, false, or_, true

from portal.errors import Forbidden
from portal.models import Lead, LeadAccess, LeadState, Role, TimelineItem, TimelineKind, User, Visibility


class Right(StrEnum):
    """One thing a user may do. Roles are sets of these."""

    OWNERSHIP = "ownership"
    COMPANY = "company"
    PEOPLE = "people"
    DISTRIBUTION = "distribution"
    SOURCES = "sources"
    ASSIGN = "assign"
    SEE_ALL = "see_all"
    REPORTS = "reports"
    EXPORT = "export"
    INSIGHTS = "insights"
    AUDIT = "audit"
    RECEIVE = "receive"


_ALL = frozenset(Right)

RIGHTS_OF_ROLE: dict[Role, frozenset[Right]] = {
    Role.OWNER: _ALL,
    Role.ADMIN: _ALL - {Right.OWNERSHIP},
    Role.EDITOR: frozenset({Right.DISTRIBUTION, Right.SOURCES, Right.PEOPLE}),
    Role.MANAGER: frozenset({Right.SEE_ALL, Right.ASSIGN, Right.REPORTS}),
    Role.TRUSTED_EMPLOYEE: frozenset({Right.RECEIVE}),
    Role.AGENT: frozenset({Right.RECEIVE}),
}

# One of these opens the dashboard.
DASHBOARD = frozenset({Right.SEE_ALL, Right.REPORTS})

# Who is told when a lead waits or something needs a decision.
MANAGING_ROLES = (Role.OWNER, Role.ADMIN, Role.MANAGER)
RECEIVING_ROLES = tuple(role for role, rights in RIGHTS_OF_ROLE.items() if Right.RECEIVE in rights)

_MANAGING = frozenset({Right.SEE_ALL, Right.ASSIGN})

Filter: TypeAlias = ColumnElement[bool]


def rights_of_roles(roles: Iterable[str]) -> frozenset[Right]:
    """The rights of several roles together. Raises ValueError for a role that does not exist: a typo is not a no."""
    return _rights_together(tuple(roles))


# Asked a dozen times for every page.
@lru_cache(maxsize=256)
def _rights_together(roles: tuple[str, ...]) -> frozenset[Right]:
    return frozenset().union(*(RIGHTS_OF_ROLE[Role(role)] for role in roles))


def rights_of(user: User) -> frozenset[Right]:
    """What an active user may do; nothing once deactivated."""
    return rights_of_roles(user.roles) if user.active else frozenset()


def may(user: User, right: Right) -> bool:
    """Whether the user holds the right."""
    return right in rights_of(user)


def require(user: User, right: Right) -> None:
    """Raise Forbidden unless the user holds the right."""
    if not may(user, right):
        raise Forbidden(f"This needs the right “{right}”. Ask an admin of your company for it.")


def has_dashboard(user: User) -> bool:
    """Who lands on the dashboard: those who look after the leads of others."""
    return bool(rights_of(user) & DASHBOARD)


def outranks(user: User, other_roles: Iterable[str]) -> bool:
    """Whether somebody with `other_roles` stands above the user: holds a right the user lacks, `receive` apart."""
    return not rights_of_roles(other_roles) - {Right.RECEIVE} <= rights_of(user)


UNOWNED = (LeadState.UNASSIGNED, LeadState.OFFERING, LeadState.HELD, LeadState.QUARANTINED)


def in_unassigned() -> Filter:
    """Open, without an owner."""
    return Lead.state.in_(UNOWNED)


def in_mine(user: User) -> Filter:
    """Open, and the user is the owner."""
    return and_(Lead.state == LeadState.OWNED, Lead.owner_id == user.id)


def in_assigned(user: User) -> Filter:
    """Open, and somebody else is the owner."""
    return and_(Lead.state == LeadState.OWNED, Lead.owner_id != user.id)


def in_closed() -> Filter:
    """Closed, whoever owned it."""
    return Lead.state == LeadState.CLOSED


def visible_leads(user: User, *, isolated: bool) -> Filter:
    """The leads a user may see. A lead outside this filter answers as if it did not exist.

    Closed leads follow their former owner, so the boxes ask for the owner and not for the state.

    Args:
        user: the one who looks.
        isolated: the company's setting `isolate_leads`.
    """
    if may(user, Right.SEE_ALL):
        return true()
    boxes = {
        LeadAccess.UNASSIGNED: Lead.owner_id.is_(None),
        LeadAccess.MINE: Lead.owner_id == user.id,
        LeadAccess.ASSIGNED: and_(Lead.owner_id.is_not(None), Lead.owner_id != user.id),
    }
    opened = boxes_of(user, isolated=isolated)
    return or_(false(), *(condition for box, condition in boxes.items() if box in opened))


def boxes_of(user: User, *, isolated: bool) -> frozenset[LeadAccess]:
    """The boxes of leads that are open to a user; all of them to whoever sees everything.

    Args:
        isolated: the company's setting `isolate_leads`.
    """
    if not user.active:
        return frozenset()
    if may(user, Right.SEE_ALL):
        return frozenset(LeadAccess)
    if isolated:
        return frozenset({LeadAccess.MINE})
    # Whoever is given a lead must be able to open it, whatever boxes somebody ticked.
    own = frozenset({LeadAccess.MINE}) if may(user, Right.RECEIVE) else frozenset()
    return own | frozenset(LeadAccess(box) for box in user.lead_access)


def is_in_boxes(boxes: Collection[LeadAccess], user_id: UUID, owner_id: UUID | None) -> bool:
    """The rule of `visible_leads` for one lead, without a database: whether somebody may be told of it.

    Args:
        boxes: of the one who looks, as `boxes_of` gives them.
        user_id: the one who looks.
        owner_id: of the lead; None = nobody's.
    """
    if owner_id is None:
        return LeadAccess.UNASSIGNED in boxes
    return (LeadAccess.MINE if owner_id == user_id else LeadAccess.ASSIGNED) in boxes


def manages(user: User) -> bool:
    """Whether the user looks after others' leads: sees all of them, or hands them out."""
    return bool(rights_of(user) & _MANAGING)


def unmasked_leads(user: User) -> Filter:
    """Of the leads a user sees, those whose customer is shown to them: all but what is or was on offer to others."""
    return true() if manages(user) else or_(~Lead.was_offered, Lead.owner_id == user.id)


def is_masked(user: User, lead: Lead) -> bool:
    """The same rule for one lead at hand."""
    return not manages(user) and lead.was_offered and lead.owner_id != user.id


def visible_entries(user: User) -> Filter:
    """Of the timelines of leads a user sees, the entries they may read; asks for `TimelineItem` joined with `Lead`.

    Nothing of a lead that is masked for them: entries quote the customer. Comments are between the lead's owner of
    today and those who manage, and whoever was mentioned in one reads that one. Memos for managers are for managers.
    """
    if manages(user):
        return true()
    read_comments = or_(
        TimelineItem.kind != TimelineKind.COMMENT,
        Lead.owner_id == user.id,
        TimelineItem.after["mentioned"].contains([str(user.id)]),
    )
    return and_(unmasked_leads(user), TimelineItem.visibility == Visibility.EVERYONE, read_comments)


def comment_shown_to_row() -> Filter:
    """The same rule for comments and many users at once: whether each row's `User` may read its `TimelineItem`.

    For messages, whose recipients were chosen by `visible_entries` when the comment was written, and may have changed
    since.
    """
    roles = cast([role for role in Role if RIGHTS_OF_ROLE[role] & _MANAGING], ARRAY(Text))
    is_mentioned = TimelineItem.after["mentioned"].has_key(cast(User.id, Text))
    return and_(
        User.active,
        or_(User.roles.op("&&")(roles), Lead.owner_id == User.id, and_(~Lead.was_offered, is_mentioned)),
    )


def may_work_on(user: User, lead_owner_id: UUID | None) -> bool:
    """Whether a user who sees a lead may comment on it, log attempts and say what became of it.

    Args:
        lead_owner_id: the lead's owner.
    """
    return manages(user) or (user.active and lead_owner_id == user.id)
