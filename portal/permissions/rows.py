"""The rules of `sight` for many users at once: whether each row's `User` sees a lead or reads an entry."""

from __future__ import annotations

from typing import Any

from sqlalchemy import ARRAY, Text, Uuid, and_, any_, case, cast, false, func, or_

from portal.models import Company, Lead, LeadAccess, TimelineItem, User
from portal.permissions.asked import calls
from portal.permissions.covering import covers
from portal.permissions.held import MANAGING, Filter, holds
from portal.rights import POWERS_OF_ROLE, Right


def seen_by_row(owner_id: Any, team_id: Any, called: Filter | None = None) -> Filter:
    """The rule of `visible_leads` for many users at once: whether each row's `User` sees a lead.

    Asks for `Company` beside `User`.

    Args:
        owner_id: of the lead, as a column or a value.
        team_id: of the lead, likewise.
        called: `comes_to_row()` where the statement asks for `Lead` as well; None for a lead that calls for nobody.
            Who sees a lead because it lies in their pond is told nothing of it, so no statement here asks for that.
    """
    whole = [str(role) for role, held in POWERS_OF_ROLE.items() if Right.SEE_ALL in held.whole]
    in_reach = or_(User.team_id.is_(None), func.reaches_team(User.company_id, User.team_id, team_id))
    unassigned = case(
        (Company.isolate_leads, Company.unassigned_visible_when_isolated),
        else_=any_(User.lead_access) == LeadAccess.UNASSIGNED.value,
    )
    assigned = and_(~Company.isolate_leads, any_(User.lead_access) == LeadAccess.ASSIGNED.value)
    mine = any_(User.lead_access) == LeadAccess.MINE.value
    sees_own = or_(holds(Right.RECEIVE, Right.SEE_ALL), mine, Company.isolate_leads)
    of_others = case((cast(owner_id, Uuid).is_(None), unassigned), else_=assigned)
    return and_(
        User.active,
        or_(
            User.roles.op("&&")(cast(whole, ARRAY(Text))),
            and_(holds(Right.SEE_ALL), in_reach),
            and_(cast(owner_id, Uuid) == User.id, sees_own),
            and_(~holds(Right.SEE_ALL), of_others),
            false() if called is None else called,
        ),
    )


def comes_to_row() -> Filter:
    """The leads that call for each row's `User`, or that they look after for somebody who is away."""
    return or_(calls(User.id), covers(User.company_id, User.id))


def manages_row() -> Filter:
    """The rule of `manages` for many users at once."""
    return and_(User.active, holds(*MANAGING))


def unmasked_to_row() -> Filter:
    """The rule of `unmasked_leads` for many users at once: of the leads each row's `User` sees."""
    return or_(manages_row(), ~Lead.was_offered, Lead.owner_id == User.id, comes_to_row())


def comment_shown_to_row() -> Filter:
    """The rule of `visible_entries` for comments and many users at once: whether each row's `User` may read its
    `TimelineItem`. Asks for `Lead` and `Company` as well.

    For messages, whose recipients were chosen by `visible_entries` when the comment was written, and may have changed
    since.
    """
    is_mentioned = TimelineItem.after["mentioned"].has_key(cast(User.id, Text))
    reads = or_(
        holds(*MANAGING),
        Lead.owner_id == User.id,
        covers(User.company_id, User.id),
        and_(~Lead.was_offered, is_mentioned),
    )
    return and_(seen_by_row(Lead.owner_id, Lead.team_id, comes_to_row()), reads)
