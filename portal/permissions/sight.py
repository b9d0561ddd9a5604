"""Which leads somebody sees, of which they see the customer, and what of their timelines they read."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import and_, false, or_, true

from portal.extensions import db
from portal.models import Company, Lead, LeadAccess, LeadState, TimelineItem, TimelineKind, User, Visibility
from portal.permissions.asked import calls, is_called, ponds, ponds_again
from portal.permissions.covering import covers, is_covering, owners_covered
from portal.permissions.held import Filter, manages, may, own_teams, reaches_company, teams_below
from portal.rights import Right

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


class Isolation(StrEnum):
    """How far a company narrows users without the right to see all."""

    OFF = "off"
    OWN = "own"
    OWN_AND_UNASSIGNED = "own_and_unassigned"


def isolation_of(company: Company) -> Isolation:
    """What a company's two settings come to."""
    if not company.isolate_leads:
        return Isolation.OFF
    return Isolation.OWN_AND_UNASSIGNED if company.unassigned_visible_when_isolated else Isolation.OWN


def sees_company(user: User) -> bool:
    """Whether the user sees every lead of the company."""
    return may(user, Right.SEE_ALL) and reaches_company(user, Right.SEE_ALL)


def sees_teams(user: User) -> bool:
    """Whether the user sees every lead of their team and those below, and of the rest their own only."""
    return may(user, Right.SEE_ALL) and not reaches_company(user, Right.SEE_ALL)


def visible_leads(user: User, isolation: Isolation) -> Filter:
    """The leads a user may see. A lead outside this filter answers as if it did not exist.

    Closed leads follow their former owner, so the boxes ask for the owner and not for the state.
    """
    if sees_company(user):
        return true()
    boxes = {
        LeadAccess.UNASSIGNED: Lead.owner_id.is_(None),
        LeadAccess.MINE: Lead.owner_id == user.id,
        LeadAccess.ASSIGNED: and_(Lead.owner_id.is_not(None), Lead.owner_id != user.id),
    }
    opened = boxes_of(user, isolation)
    seen = [condition for box, condition in boxes.items() if box in opened]
    if user.active and LeadAccess.UNASSIGNED not in opened:
        seen += [calls(user.id), ponds(user.id)]
    if user.active and LeadAccess.ASSIGNED not in opened:
        seen += [ponds_again(user.id), covers(user.company_id, user.id)]
    if sees_teams(user):
        seen.append(Lead.team_id.in_(teams_below(user)))
    return or_(false(), *seen)


def boxes_of(user: User, isolation: Isolation) -> frozenset[LeadAccess]:
    """The boxes of leads that are open to a user, whatever team a lead is of; all of them to whoever sees everything.

    Whoever sees the leads of their team sees those instead of what boxes say, and their own beside them.
    """
    if not user.active:
        return frozenset()
    if sees_company(user):
        return frozenset(LeadAccess)
    if sees_teams(user) or isolation is Isolation.OWN:
        return frozenset({LeadAccess.MINE})
    if isolation is Isolation.OWN_AND_UNASSIGNED:
        return frozenset({LeadAccess.MINE, LeadAccess.UNASSIGNED})
    # Whoever is given a lead must be able to open it, whatever boxes somebody ticked.
    own = frozenset({LeadAccess.MINE}) if may(user, Right.RECEIVE) else frozenset()
    return own | frozenset(LeadAccess(box) for box in user.lead_access)


@dataclass(frozen=True, slots=True)
class Sight:
    """The rule of `visible_leads` as plain facts, for who has no database at hand or many leads to ask about.

    Args:
        boxes: as `boxes_of` gives them.
        teams: whose leads are seen beside them.
        covered: owners who are away, whose leads the user looks after.
    """

    user_id: UUID
    boxes: frozenset[LeadAccess]
    teams: frozenset[UUID] = frozenset()
    covered: frozenset[UUID] = frozenset()

    def sees(self, owner_id: UUID | None, team_id: UUID | None) -> bool:
        """Whether they see a lead with this owner and team; None = nobody's, no team's."""
        if team_id is not None and team_id in self.teams:
            return True
        if owner_id is None:
            return LeadAccess.UNASSIGNED in self.boxes
        if owner_id in self.covered:
            return True
        return (LeadAccess.MINE if owner_id == self.user_id else LeadAccess.ASSIGNED) in self.boxes


def sight_of(user: User, isolation: Isolation) -> Sight:
    """What a user sees, as plain facts. Reads the tree of teams where it matters."""
    boxes, teams = boxes_of(user, isolation), own_teams(user) if sees_teams(user) else frozenset()
    if not user.active or LeadAccess.ASSIGNED in boxes:
        return Sight(user.id, boxes, teams)
    return Sight(user.id, boxes, teams, frozenset(db.session.scalars(owners_covered(user.company_id, user.id))))


def unmasked_leads(user: User) -> Filter:
    """Of the leads a user sees, those whose customer is shown to them: all but what is or was on offer to others."""
    if manages(user):
        return true()
    theirs = (Lead.owner_id == user.id, calls(user.id), covers(user.company_id, user.id))
    return or_(~Lead.was_offered, *theirs)


def is_masked(user: User, lead: Lead) -> bool:
    """The same rule for one lead at hand."""
    if manages(user) or not lead.was_offered or lead.owner_id == user.id:
        return False
    return not is_called(user, lead.id) and not is_covering(user, lead)


def visible_entries(user: User) -> Filter:
    """Of the timelines of leads a user sees, the entries they may read; asks for `TimelineItem` joined with `Lead`.

    Nothing of a lead that is masked for them: entries quote the customer. Comments are between the lead's owner of
    today, or who stands in for them, and those who manage, and whoever was mentioned in one reads that one. Memos for
    managers are for managers.
    """
    if manages(user):
        return true()
    read_comments = or_(
        TimelineItem.kind != TimelineKind.COMMENT,
        Lead.owner_id == user.id,
        covers(user.company_id, user.id),
        TimelineItem.after["mentioned"].contains([str(user.id)]),
    )
    return and_(unmasked_leads(user), TimelineItem.visibility == Visibility.EVERYONE, read_comments)


def may_work_on(user: User, lead: Any) -> bool:
    """Whether a user who sees a lead may comment on it, log attempts and say what became of it.

    Args:
        lead: the row, or what a page is told of it.
    """
    return manages(user) or (user.active and lead.owner_id == user.id) or is_covering(user, lead)
