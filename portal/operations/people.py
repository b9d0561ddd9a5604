"""Adding people to a company, changing them, letting them go.

Nobody gives rights they do not hold, changes somebody above them, or leaves the company without an owner.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from enum import StrEnum
from typing import Any, Unpack
from uuid import UUID

from sqlalchemy import func, select, update
from sqlalchemy.dialects.postgresql import insert

from portal.errors import Conflict, Forbidden, Invalid, NotFound
from portal.extensions import db
from portal.models import Account, Cause, Company, Lead, LeadAccess, LeadState, Role, Team, User, new_id
from portal.operations import (
    assignment,
    auditing,
    availability,
    keys,
    messages,
    offers,
    reassigning,
    tag_members,
    tags,
    taking,
    waiting,
)
from portal.operations.auditing import Subject
from portal.operations.availability import Availability
from portal.operations.complaints import Complaints, refuse_unknown
from portal.operations.locking import lock_all_pools
from portal.operations.roles import grants_of, known_roles, lock_roles
from portal.operations.seen import refuse_stale
from portal.operations.transaction import operation
from portal.permissions import Right, exceeds, is_reached, may, outranks, refuse_out_of_reach, require
from portal.queries.across import account_with_email, memberships_of
from portal.queries.people import active_owner_ids, user_with_email, users_by_id
from portal.rights import nonsense, powers_of

MOST_OPEN_CAP = 1_000_000
ALL_BOXES = tuple(LeadAccess)

# What everybody may change about themselves.
_OWN = frozenset({"name", "phone", "available", "presence", "stand_in_id"})
# What decides who can be given a lead: waiting leads are looked at again.
_ELIGIBILITY = frozenset({"roles", "active", "available", "open_cap"}) | availability.FIELDS


_DECIDE_POWERS = frozenset({"roles", "own_grants", "team_id", "lead_access"})


class OpenLeads(StrEnum):
    """What becomes of the open leads of somebody who is deactivated."""

    KEEP = "keep"
    UNASSIGN = "unassign"
    ROUTE = "route"
    GIVE = "give"


class UserChanges(Availability, total=False):
    """The columns of a user that people and programs set."""

    name: str
    email: str
    phone: str | None
    roles: Sequence[str]
    lead_access: Sequence[str]
    team_id: UUID | None
    active: bool
    available: bool
    open_cap: int | None
    # Who looks after their open leads while they are paused.
    stand_in_id: UUID | None


@operation
def add_user(
    *,
    by: User,
    name: str,
    email: str,
    phone: str | None = None,
    roles: Sequence[str] = (Role.AGENT,),
    lead_access: Sequence[str] | None = None,
    team_id: UUID | None = None,
    active: bool = True,
    available: bool = True,
    open_cap: int | None = None,
    stand_in_id: UUID | None = None,
    **more: Unpack[Availability],
) -> User:
    """Add a person to the company and write to them.

    Somebody with this address may have an account already, from another company: then they join with it. The answer is
    the same either way.

    Raises:
        Forbidden: no right to, or the roles hold a right `by` lacks.
        Invalid: a field makes no sense, or somebody with this address works here already.
    """
    require(by, Right.PEOPLE)
    if more.get("tags"):
        tag_members.lock_pools_with_tags()
    given: UserChanges = {
        "name": name,
        "email": email,
        "phone": phone,
        "roles": roles,
        "lead_access": ALL_BOXES if lead_access is None else lead_access,
        "team_id": team_id,
        "active": active,
        "available": available,
        "open_cap": open_cap,
        "stand_in_id": stand_in_id,
        **more,
    }
    columns = _checked(given, by)
    _refuse_powers(by, columns)
    refuse_out_of_reach(by, Right.PEOPLE, columns["team_id"])
    account, is_theirs_alone = account_for(columns["email"])
    user_id = db.session.execute(
        insert(User)
        .values(company_id=by.company_id, id=new_id(), account_id=account.id, **columns)
        .on_conflict_do_nothing()
        .returning(User.id)
    ).scalar_one_or_none()
    if user_id is None:
        raise Invalid.field("email", "Somebody with this address works here already.")
    user = db.session.get_one(User, (by.company_id, user_id))
    if user.tags:
        tag_members.follow_people()
    auditing.added(by, Subject.PERSON, user.id, user.name, _in_log(user))
    if user.active:
        invite(user, with_link=is_theirs_alone)
    waiting.drain_soon(by.company_id)
    return user


def account_for(email: str) -> tuple[Account, bool]:
    """The account that signs in with this address, made if there is none.

    Returns:
        The account, and whether a link to set its password may be sent on behalf of one company: it has no password
        yet, and works for nobody else whom the link could harm.
    """
    db.session.execute(
        insert(Account).values(id=new_id(), email=email, fs_uniquifier=new_id().hex).on_conflict_do_nothing()
    )
    account = account_with_email(email)
    if account is None:
        raise Conflict("Somebody else changed this at the same moment. Please try again.")
    return account, account.password is None and not memberships_of(account.id)


def invite(user: User, *, with_link: bool) -> None:
    """Tell somebody they were added; with a link to set their password while only this company knows the account."""
    facts = {"link": "set_password"} if with_link else {}
    messages.say(Cause.ACCOUNT, user, about=f"added:{new_id()}", facts=facts)


@operation
def put_user(*, by: User, email: str, **given: Unpack[UserChanges]) -> tuple[User, bool]:  # type: ignore[misc]
    """Add somebody, or change whoever works here with this address.

    Returns:
        The user, and whether they are new.
    """
    # First of all: who may not look after people learns nothing about addresses.
    require(by, Right.PEOPLE)
    known = user_with_email(email)
    if known is not None:
        return change_user(known.id, by=by, **given), False
    if "name" not in given:
        raise Invalid.field("name", "A new user needs a name.")
    return add_user(by=by, email=email, **given), True


@operation
def change_user(user_id: UUID, *, by: User, seen: str | None = None, **changes: Unpack[UserChanges]) -> User:
    """Change some columns of a user. `active=False` deactivates and keeps their open leads in place.

    Args:
        seen: a mark of the user the changes were made to, where many fields are sent at once.

    Raises:
        NotFound: no such user.
        Forbidden: no right to, somebody above, or roles with a right `by` lacks.
        Conflict: it would leave the company without an owner.
        Stale: somebody else changed the user since it was seen.
        Invalid: a field makes no sense.
    """
    if "tags" in changes:
        # Pools follow who carries what.
        tag_members.lock()
    if "tags" in changes and changes.get("active") is False:
        lock_all_pools()
    elif "tags" in changes:
        tag_members.lock_pools_with_tags()
    elif changes.get("active") is False:
        # Pools before people: the order of locks.
        offers.lock_pools_of(user_id)
    if "roles" in changes:
        # Roles before people, as where a role is changed for all who hold it.
        lock_roles(by.company_id)
    owners = active_owner_ids(locked=True)
    user = _locked(user_id)
    former_team = user.team_id
    _refuse_without_right(user, by, changes)
    refuse_stale(seen, user, UserChanges.__annotations__)
    columns = _checked(changes, by, user.id)
    if _DECIDE_POWERS & columns.keys():
        _refuse_powers(by, {name: getattr(user, name) for name in _DECIDE_POWERS} | columns)
    if "roles" in columns and set(columns["roles"]) != set(user.roles):
        _end_sessions(user)
    if "team_id" in columns and columns["team_id"] != former_team:
        refuse_out_of_reach(by, Right.PEOPLE, columns["team_id"])
    stays_owner = Role.OWNER in columns.get("roles", user.roles) and columns.get("active", user.active)
    if user.id in owners and not stays_owner and len(owners) == 1:
        raise Conflict("A company needs at least one owner. Make somebody else an owner first.")
    _refuse_taken_email(user, columns.get("email", user.email))
    was_active = user.active
    before = _in_log(user)
    for name, value in columns.items():
        setattr(user, name, value)
    db.session.flush()
    now = _in_log(user)
    auditing.changed(by, Subject.PERSON, user.id, user.name, before, now)
    if user.team_id not in (None, former_team):
        _take_open_leads_along(user)
    if "tags" in columns and set(columns["tags"]) != set(before["tags"]):
        tag_members.follow_people()
    if was_active != user.active:
        _flag_open_leads(user)
        if not user.active:
            offers.withdraw_all_of(user.id, by=by, reason=f"{user.name} was deactivated.")
            keys.revoke_all_of(user, by=by)
    if _ELIGIBILITY & columns.keys():
        waiting.drain_soon(user.company_id)
    return user


@operation
def deactivate(user_id: UUID, *, by: User, open_leads: str = OpenLeads.KEEP, to: UUID | None = None) -> User:
    """Let somebody go: no sign-in, no offers, and their open leads as asked.

    Args:
        open_leads: one of OpenLeads; all but keep need the right to assign.
        to: who gets them, with `give`.

    Raises:
        Invalid: nobody, or nobody who may receive leads, is named to give them to.
        NotFound, Forbidden, Conflict: as in `change_user`.
    """
    wrong = Complaints()
    way = wrong.one_of("open_leads", open_leads, OpenLeads)
    if (way == OpenLeads.GIVE) != (to is not None):
        wrong.add("to", "Name the user who gets the leads with `give`, and nobody otherwise.")
    elif to == user_id:
        wrong.add("to", "Name somebody else than the one who leaves.")
    wrong.raise_if_any()
    if way != OpenLeads.KEEP:
        require(by, Right.ASSIGN)
        # Their leads go to pools nobody knows yet; once people are locked it is too late for pools.
        lock_all_pools()
    user = change_user(user_id, by=by, active=False)
    if way != OpenLeads.KEEP:
        _refuse_receiver(to)
        for lead_id in _open_lead_ids(user):
            reassigning.cancel_to_hand_over(lead_id, by=by, receiver=to)
            assignment.assign(lead_id, to, by=by)
            if way == OpenLeads.ROUTE:
                taking.route_again(lead_id, by=by)
    return user


@operation
def hand_over_ownership(to: UUID, *, by: User) -> User:
    """Make somebody else the owner; whoever hands over is an admin from then on. Both sign in anew.

    Raises:
        Forbidden: without ownership.
        Invalid: nobody active to hand it to.
    """
    # Under the lock on owners: of two presses at once, the second finds somebody who is no owner any more.
    if by.id not in active_owner_ids(locked=True):
        raise Forbidden("Only an owner hands the company over.")
    heir = users_by_id([to]).get(to)
    if heir is None or not heir.active or heir.id == by.id:
        raise Invalid.field("to", "Choose somebody else who is active here.")
    others = [role for role in by.roles if role not in (Role.OWNER, Role.ADMIN)]
    heir = change_user(heir.id, by=by, roles=[Role.OWNER, *heir.roles])
    change_user(by.id, by=by, roles=[Role.ADMIN, *others])
    return heir


def _in_log(user: User) -> dict[str, Any]:
    """What the log of changes tells of a user; who covers for them by name."""
    told = auditing.fields_of(user, UserChanges.__annotations__)
    del told["stand_in_id"]
    covering = users_by_id([user.stand_in_id]).values() if user.stand_in_id else ()
    return told | {"stand_in": next((each.name for each in covering), None)}


def _refuse_receiver(to: UUID | None) -> None:
    if to is not None:
        receiver = users_by_id([to]).get(to)
        if receiver is None or not may(receiver, Right.RECEIVE):
            raise Invalid.field("to", "There is no active user with this id who may receive leads.")


def _open_lead_ids(user: User) -> Sequence[UUID]:
    """Oldest first, as routing takes them."""
    owned = select(Lead.id).where(
        Lead.company_id == user.company_id, Lead.owner_id == user.id, Lead.state == LeadState.OWNED
    )
    return db.session.scalars(owned.order_by(Lead.id)).all()


def _checked(changes: UserChanges, by: User, user_id: UUID | None = None) -> dict[str, Any]:
    """The columns of a user, or of a new one, as they are stored. Raises Invalid with every complaint."""
    refuse_unknown(changes, UserChanges.__annotations__)
    wrong = Complaints()
    columns: dict[str, Any] = {}
    for name, value in changes.items():
        columns[name] = _check(wrong, name, value, by)
    availability.check_stand_in(wrong, "stand_in_id", changes.get("stand_in_id"), user_id)
    wrong.raise_if_any()
    if "roles" in columns:
        columns["own_grants"] = grants_of(columns["roles"])
    tags.make_unknown(by.company_id, columns.get("tags", ()))
    return columns


def _check(wrong: Complaints, name: str, value: Any, by: User) -> Any:
    match name:
        case "name":
            return wrong.name(name, value)
        case "email":
            return wrong.email(name, value)
        case "phone":
            return wrong.phone(name, value)
        case "roles":
            return known_roles(wrong, by.company_id, value)
        case "lead_access":
            return wrong.some_of(name, value, LeadAccess)
        case "team_id":
            return _known_team(wrong, value)
        case _ if name in availability.FIELDS:
            return availability.check(wrong, name, value, db.session.get_one(Company, by.company_id))
        case "stand_in_id":
            return value
        case "open_cap":
            return None if value is None else wrong.whole("caps.open", value, 0, MOST_OPEN_CAP)
        case _:
            return bool(value)


def _known_team(wrong: Complaints, team_id: UUID | None) -> UUID | None:
    if team_id is not None and db.session.scalar(select(Team.id).where(Team.id == team_id)) is None:
        wrong.add("team_id", "There is no such team.")
    return team_id


def _locked(user_id: UUID) -> User:
    user = db.session.scalars(
        select(User).where(User.id == user_id).with_for_update(key_share=True).execution_options(populate_existing=True)
    ).one_or_none()
    if user is None:
        raise NotFound("There is no such user.")
    return user


def _refuse_without_right(user: User, by: User, changes: Iterable[str]) -> None:
    if may(by, Right.PEOPLE) and is_reached(by, Right.PEOPLE, user.team_id):
        if outranks(by, user):
            raise Forbidden("This person holds a right you do not have yourself. Ask somebody who has it.")
    elif user.id != by.id:
        raise NotFound("There is no such user.")
    elif not set(changes) <= _OWN:
        raise Forbidden("You may change your name, your phone number and whether you are there. Ask an admin.")
    elif not {"available", "stand_in_id"}.isdisjoint(changes):
        availability.require_self_service(by)


def _refuse_powers(by: User, columns: Mapping[str, Any]) -> None:
    """Nobody gives, by roles or by a team, what they do not have; and rights have to make sense together."""
    if exceeds(by, columns["roles"], columns["own_grants"], columns["team_id"]):
        raise Forbidden("These roles hold a right you do not have yourself, or not for this team. Ask an admin.")
    why = nonsense(powers_of(columns["roles"], columns["own_grants"]), columns["lead_access"])
    if why is not None:
        raise Invalid.field("lead_access", why)


def _refuse_taken_email(user: User, email: str) -> None:
    taken = user_with_email(email) if email != user.email else None
    if taken is not None:
        raise Invalid.field("email", "Somebody with this address works here already.")


def _end_sessions(user: User) -> None:
    """Other rights, other session: whoever holds an old one signs in again."""
    db.session.execute(update(Account).where(Account.id == user.account_id).values(fs_uniquifier=new_id().hex))


def _take_open_leads_along(user: User) -> None:
    """Open leads are of their owner's team. Closed ones stay with the team they were closed in."""
    db.session.execute(
        update(Lead)
        .where(Lead.company_id == user.company_id, Lead.owner_id == user.id, Lead.state == LeadState.OWNED)
        .values(team_id=user.team_id)
    )


def _flag_open_leads(user: User) -> None:
    """Leads stay with somebody who was deactivated, and are marked until somebody looks after them."""
    db.session.execute(
        update(Lead)
        .where(Lead.company_id == user.company_id, Lead.owner_id == user.id, Lead.state == LeadState.OWNED)
        .values(needs_attention=not user.active, last_activity_at=func.clock_timestamp())
    )
