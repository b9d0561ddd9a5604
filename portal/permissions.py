"""Who may do what, and who may see which lead. One rule, used by every query, page, call and message."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, TypeAlias
from uuid import UUID

from sqlalchemy import (
    ARRAY,
    ColumnElement,
    Date,
    Select,
    Text,
    Uuid,
    and_,
    any_,
    case,
    cast,
    exists,
    false,
    func,
    or_,
    select,
    true,
)
from sqlalchemy.orm import aliased

from portal.errors import Forbidden, Invalid, NotFound
from portal.extensions import db
from portal.models import (
    Company,
    Decision,
    Lead,
    LeadAccess,
    LeadState,
    Leave,
    Offer,
    OfferKind,
    OfferState,
    Pool,
    PoolDefault,
    PoolMember,
    Reassignment,
    ReassignmentState,
    Team,
    TimelineItem,
    TimelineKind,
    User,
    Visibility,
)
from portal.rights import NOTHING, POWERS_OF_ROLE, Powers, Right, powers_of, roles_with
from portal.routing.facts import Delivery, Outcome, WaitingFor

__all__ = ["Right"]

# One of these opens the dashboard.
DASHBOARD = frozenset({Right.SEE_ALL, Right.REPORTS})

# Whose work is about how leads are handed out, or who looks after those who do.
INSIGHT = frozenset({Right.DISTRIBUTION, Right.ASSIGN, Right.SEE_ALL, Right.REPORTS})

_MANAGING = (Right.SEE_ALL, Right.ASSIGN)

Filter: TypeAlias = ColumnElement[bool]

# By names of their own: a query around those below may look at the same tables. Made once, because an alias copies
# every column of its table when it is first asked for one.
_OWNER, _OWNERS_COMPANY = aliased(User), aliased(Company)
_RUNNING, _POND, _POND_MEMBER = aliased(Reassignment), aliased(Pool), aliased(PoolMember)


def powers(user: User) -> Powers:
    """What an active user may do, and how far; nothing once deactivated."""
    return _powers_in(user.roles, user.own_grants, user.team_id) if user.active else NOTHING


def _powers_in(roles: Iterable[str], grants: Iterable[str], team_id: UUID | None) -> Powers:
    return powers_of(roles, grants, in_team=team_id is not None)


def rights_of(user: User) -> frozenset[Right]:
    """What an active user may do, however far it reaches; nothing once deactivated."""
    return powers(user).held


def may(user: User, right: Right) -> bool:
    """Whether the user holds the right, for the whole company or for their team."""
    return right in rights_of(user)


def reaches_company(user: User, right: Right) -> bool:
    """Whether the user holds the right for the whole company."""
    return right in powers(user).whole


def require(user: User, right: Right) -> None:
    """Raise Forbidden unless the user holds the right."""
    if not may(user, right):
        raise Forbidden(f"This needs the right “{right}”. Ask an admin of your company for it.")


def require_any(user: User, rights: frozenset[Right]) -> None:
    """Raise Forbidden unless the user holds one of the rights."""
    if rights_of(user).isdisjoint(rights):
        named = " or ".join(f"“{right}”" for right in sorted(rights))
        raise Forbidden(f"This needs one of the rights {named}. Ask an admin of your company for it.")


def require_company_wide(user: User, right: Right) -> None:
    """Raise Forbidden unless the user holds the right for the whole company."""
    require(user, right)
    if not reaches_company(user, right):
        raise Forbidden(f"Your right “{right}” reaches your own team and those below it. Ask an admin for this.")


def teams_below(user: Any) -> Select[Any]:
    """The ids of the user's own team and all below it, as a statement."""
    found = select(Team.id).where(Team.company_id == user.company_id, Team.id == user.team_id).cte(recursive=True)
    under = select(Team.id).join(found, Team.parent_id == found.c.id).where(Team.company_id == user.company_id)
    below = found.union_all(under)
    return select(below.c.id)


def reach_of(user: User, right: Right) -> frozenset[UUID] | None:
    """The teams a right of this user reaches; None = the whole company, and with it all that has no team."""
    if reaches_company(user, right):
        return None
    return _own_teams(user) if may(user, right) else frozenset()


def _own_teams(user: User) -> frozenset[UUID]:
    return frozenset() if user.team_id is None else frozenset(db.session.scalars(teams_below(user)))


def within(column: Any, user: User, right: Right) -> Filter:
    """The rows whose team this right of the user reaches.

    Args:
        column: holds the team of a row.
    """
    if reaches_company(user, right):
        return true()
    if not may(user, right) or user.team_id is None:
        return false()
    found: Filter = column.in_(teams_below(user))
    return found


def is_reached(user: User, right: Right, team_id: UUID | None) -> bool:
    """Whether a right of this user reaches what is of this team; None = the company's."""
    reach = reach_of(user, right)
    return reach is None or team_id in reach


def refuse_out_of_reach(user: User, right: Right, team_id: UUID | None, *, field: str = "team_id") -> None:
    """Raise Invalid unless a right of the user reaches the team they chose; None = the company itself.

    Args:
        field: where they chose it.
    """
    if not is_reached(user, right, team_id):
        raise Invalid.field(field, f"Choose your own team or one below it; your right “{right}” ends there.")


def require_over(user: User, right: Right, team_id: UUID | None, *, what: str) -> None:
    """Raise unless the right of the user reaches something of this team.

    Args:
        team_id: whose it is; None = the company's.
        what: what it is called, for the answer.

    Raises:
        Forbidden: without the right.
        NotFound: it reaches other teams only; the answer is the same as for something that does not exist.
    """
    require(user, right)
    if not is_reached(user, right, team_id):
        raise NotFound(f"There is no such {what}, or it is not of your team.")


def has_dashboard(user: User) -> bool:
    """Who lands on the dashboard: those who look after the leads of others."""
    return bool(rights_of(user) & DASHBOARD)


def sees_pools_of_all(user: User) -> bool:
    """Whether the user is shown every pool: their work is about leads, wherever those are handed out. Whoever only sets
    up pools is shown those they set up."""
    return not rights_of(user).isdisjoint(INSIGHT - {Right.DISTRIBUTION})


def sees_names_in_why(user: User, company: Company) -> bool:
    """Whether reasons name other people to this user: always to those whose work is about leads or people."""
    return not company.mask_names_in_why or not rights_of(user).isdisjoint(INSIGHT | {Right.PEOPLE})


def exceeds(user: User, roles: Iterable[str], grants: Iterable[str], team_id: UUID | None) -> bool:
    """Whether somebody with these roles would hold a right the user lacks, or one that reaches further.

    A right limited to a team reaches further where that is not a team the user's own right reaches.

    Args:
        grants: what those of the roles that are the company's own are made of.
        team_id: the team they would be in.
    """
    mine, theirs = powers(user), _powers_in(roles, grants, team_id)
    if not mine.covers(theirs):
        return True
    limited = theirs.held - theirs.whole - mine.whole - {Right.RECEIVE}
    return team_id is not None and bool(limited) and team_id not in _own_teams(user)


def outranks(user: User, other: User) -> bool:
    """Whether `other` stands above the user: would, once active, hold a right the user lacks, `receive` apart."""
    return exceeds(user, other.roles, other.own_grants, other.team_id)


def holds_sql(*rights: Right, alias: str = "") -> str:
    """The condition that a row of `users` holds one of these rights, as text for statements written by hand.

    Args:
        alias: of the table in the statement.
    """
    dot = f"{alias}." if alias else ""
    roles, grants = roles_with(*rights), ",".join(rights)
    return f"({dot}roles && '{{{','.join(roles)}}}'::text[] OR {dot}own_grants && '{{{grants}}}'::text[])"


def holds(*rights: Right) -> Filter:
    """The same for `User`."""
    return or_(
        User.roles.op("&&")(cast(list(roles_with(*rights)), ARRAY(Text))),
        User.own_grants.op("&&")(cast([str(right) for right in rights], ARRAY(Text))),
    )


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


def calls(user_id: Any) -> Filter:
    """The leads nobody took that call for this default assignee of their pool: they were told, and may deal with it,
    so they see it and its customer whatever team, box or isolation says.

    Args:
        user_id: a value or a column.
    """
    is_default = exists().where(
        PoolDefault.company_id == Lead.company_id, PoolDefault.pool_id == Lead.pool_id, PoolDefault.user_id == user_id
    )
    return and_(Lead.waiting_for == WaitingFor.CATCH_ALL, is_default)


def covers(company_id: Any, user_id: Any) -> Filter:
    """The open leads this user looks after for their owner, who is away and named them: they see them and work on them
    meanwhile, and it ends by itself. One step only: nobody stands in for whoever they themselves stand in for.

    Args:
        company_id, user_id: values or columns.
    """
    return and_(Lead.state == LeadState.OWNED, Lead.owner_id.in_(owners_covered(company_id, user_id)))


def owners_covered(company_id: Any, user_id: Any) -> Select[Any]:
    """The ids of those who are away now and have this user stand in, as a statement."""
    owner, company = _OWNER, _OWNERS_COMPANY
    today = cast(func.timezone(func.coalesce(owner.time_zone, company.time_zone), func.clock_timestamp()), Date)
    on_leave = exists().where(
        Leave.company_id == owner.company_id,
        Leave.user_id == owner.id,
        Leave.stand_in_id == user_id,
        today.between(Leave.first_day, Leave.last_day),
    )
    paused = and_(~owner.available, owner.stand_in_id == user_id)
    return (
        select(owner.id)
        .join(company, company.id == owner.company_id)
        .where(owner.company_id == company_id, owner.active, or_(paused, on_leave))
    )


def is_covering(user: User, lead: Any) -> bool:
    """The same rule for one lead at hand."""
    if not user.active or lead.state != LeadState.OWNED or lead.owner_id is None or lead.owner_id == user.id:
        return False
    return lead.owner_id in db.session.scalars(owners_covered(user.company_id, user.id))


def has_leads_of_others(user: User) -> bool:
    """Whether somebody who is away has this user stand in, or leads of others may lie in a pond of theirs, to be
    reassigned."""
    covers = owners_covered(user.company_id, user.id).exists()
    in_pond = exists().where(_ponds_of(user), Pool.for_reassignment)
    return user.active and bool(db.session.scalar(select(or_(covers, in_pond))))


def ponds(user_id: Any) -> Filter:
    """The leads that lie in a pond of which this user is a member: they see them, to take one, and not yet whose.

    Args:
        user_id: a value or a column.
    """
    is_member = exists().where(
        PoolMember.company_id == Lead.company_id,
        PoolMember.pool_id == Lead.pool_id,
        PoolMember.user_id == user_id,
        PoolMember.weight > 0,
        Pool.company_id == PoolMember.company_id,
        Pool.id == PoolMember.pool_id,
        Pool.delivery == Delivery.POND,
    )
    return and_(Lead.waiting_for == WaitingFor.PERSON, lies_in_pond(), is_member)


def ponds_again(user_id: Any) -> Filter:
    """The leads that lie in a pond of this user while somebody else owns them still: they are being reassigned."""
    running, pond, member = _RUNNING, _POND, _POND_MEMBER
    lies_there = exists().where(
        running.company_id == Lead.company_id,
        running.lead_id == Lead.id,
        running.state == ReassignmentState.RUNNING,
        member.company_id == running.company_id,
        member.pool_id == running.pool_id,
        member.user_id == user_id,
        member.weight > 0,
        pond.company_id == member.company_id,
        pond.id == member.pool_id,
        pond.delivery == Delivery.POND,
    )
    return and_(Lead.state == LeadState.OWNED, Lead.owner_id != user_id, lies_there)


def lies_in_pond() -> Filter:
    """Of the leads that wait for a person, those that were laid in their pool's pond: a manager may have put others
    aside."""
    return exists().where(
        Decision.company_id == Lead.company_id, Decision.id == Lead.decision_id, Decision.outcome == Outcome.POND
    )


def may_take(user: User, lead_id: UUID) -> bool:
    """Whether a lead is the user's to take: they may say who gets it, or they are asked to."""
    return may(user, Right.RECEIVE) and (may_hand_out(user, lead_id) or is_asked_to_take(user, lead_id))


def is_asked_to_take(user: User, lead_id: UUID) -> bool:
    """Whether a lead lies in a pond of the user's, or its last call is made to them."""
    last_call = exists().where(
        Offer.company_id == Lead.company_id,
        Offer.lead_id == Lead.id,
        Offer.user_id == user.id,
        Offer.kind == OfferKind.LAST_CALL,
        Offer.state == OfferState.OPEN,
    )
    theirs = select(Lead.id).where(
        Lead.company_id == user.company_id, Lead.id == lead_id, or_(ponds(user.id), ponds_again(user.id), last_call)
    )
    return may(user, Right.RECEIVE) and db.session.scalar(theirs) is not None


def is_called(user: User, lead_id: UUID) -> bool:
    """The same rule for one lead and user."""
    found = select(Lead.id).where(Lead.company_id == user.company_id, Lead.id == lead_id, calls(user.id))
    return user.active and db.session.scalar(found) is not None


def may_hand_out(user: User, lead_id: UUID) -> bool:
    """Whether the user may say who gets a lead they see: by right, or because it calls for them."""
    return may(user, Right.ASSIGN) or is_called(user, lead_id)


def may_reassign(user: User, lead_owner_id: UUID | None) -> bool:
    """Whether the user may hand a lead to a group: as its owner, or because they hand out leads.

    Args:
        lead_owner_id: the lead's owner.
    """
    return may(user, Right.ASSIGN) or (user.active and lead_owner_id == user.id)


def require_to_hand_out(user: User, lead_id: UUID) -> None:
    """Raise Forbidden unless the user may say who gets the lead."""
    if not may_hand_out(user, lead_id):
        require(user, Right.ASSIGN)


def has_leads_to_take(user: User) -> bool:
    """Whether leads nobody has may come to call for this user, or lie in a pond of theirs."""
    called = exists().where(PoolDefault.company_id == user.company_id, PoolDefault.user_id == user.id)
    in_pond = exists().where(_ponds_of(user))
    return user.active and bool(db.session.scalar(select(or_(called, in_pond))))


def _ponds_of(user: User) -> Filter:
    return and_(
        PoolMember.company_id == user.company_id,
        PoolMember.user_id == user.id,
        Pool.company_id == PoolMember.company_id,
        Pool.id == PoolMember.pool_id,
        Pool.delivery == Delivery.POND,
        Pool.deleted_at.is_(None),
    )


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
    boxes, teams = boxes_of(user, isolation), _own_teams(user) if sees_teams(user) else frozenset()
    if not user.active or LeadAccess.ASSIGNED in boxes:
        return Sight(user.id, boxes, teams)
    return Sight(user.id, boxes, teams, frozenset(db.session.scalars(owners_covered(user.company_id, user.id))))


def manages(user: User) -> bool:
    """Whether the user looks after others' leads: sees all of them, or hands them out."""
    return not rights_of(user).isdisjoint(_MANAGING)


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
    return and_(User.active, holds(*_MANAGING))


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
        holds(*_MANAGING),
        Lead.owner_id == User.id,
        covers(User.company_id, User.id),
        and_(~Lead.was_offered, is_mentioned),
    )
    return and_(seen_by_row(Lead.owner_id, Lead.team_id, comes_to_row()), reads)


def may_work_on(user: User, lead: Any) -> bool:
    """Whether a user who sees a lead may comment on it, log attempts and say what became of it.

    Args:
        lead: the row, or what a page is told of it.
    """
    return manages(user) or (user.active and lead.owner_id == user.id) or is_covering(user, lead)
