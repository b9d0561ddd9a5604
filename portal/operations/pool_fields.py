"""What may be set on a pool, and everything that is refused, each complaint with its field and its reason."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, TypedDict
from uuid import UUID

from sqlalchemy import select

from portal.extensions import db
from portal.models import Company, Pool, TagMember, Team
from portal.models.member_caps import MemberCaps
from portal.models.tenancy import working_company
from portal.operations import tags
from portal.operations.availability import MOST_CAP
from portal.operations.complaints import Complaints, refuse_unknown
from portal.operations.hours_check import complain_about_hours
from portal.queries.people import users_by_id
from portal.queries.pool_ties import why_not_a_group
from portal.queries.pools import next_pools, pool_named, pool_views
from portal.routing.chain import check_chain
from portal.routing.facts import DefaultMode, Delivery, Picker, Timer, WhenNobody
from portal.routing.tags import normal, pieces

SHORTEST_WINDOW, LONGEST_WINDOW = 5, 86_400
LONGEST_WITHOUT_CONTACT = 30 * 86_400
MOST_OFFERS = 1000
GREATEST_WEIGHT = 1000
GREATEST_PRIORITY = 1000
MOST_MEMBERS = 1000
MOST_TAG_MEMBERS = 50
MOST_DEFAULT_ASSIGNEES = 5
MOST_FROM_A_POND = 1000

Member = tuple[UUID, int]
"""A user and their weight; weight 0 = paused in this pool."""


class PoolChanges(TypedDict, total=False):
    """What people and programs set on a pool. Windows in seconds."""

    name: str
    team_id: UUID | None
    picker: str
    delivery: str
    window_seconds: int
    max_offers: int
    default_assignee_ids: Sequence[UUID]
    default_mode: str | None
    single_user_id: UUID | None
    when_nobody_available: str
    # In seconds; None = no last call is made.
    last_call_seconds: int | None
    next_pool_id: UUID | None
    timer: str
    # The working time that windows count where the timer says so, as `routing.hours` reads it.
    hours: Mapping[str, Any] | None
    # In which time an owner has to log a contact, in seconds; None = no matter.
    contact_within: int | None
    # For leads that have an owner and shall have another.
    for_reassignment: bool
    # Leads a person may take from a pond in a day; None = no limit.
    pond_limit: int | None
    members: Sequence[Member]
    # Points of members in best match; who is not named keeps theirs, and new members have none.
    priorities: Mapping[UUID, int]
    # Limits on how many leads of the pool members get; who is not named keeps theirs, and new members have none.
    caps: Mapping[UUID, MemberCaps]
    # Tags that are members, with weight, points and limits; all of them. One nobody has heard of is made.
    agent_tags: Mapping[str, TagMember]
    # Whoever is full when a turn is played loses what they are owed.
    forfeit_at_cap: bool


def checked(changes: PoolChanges, pool: Pool | None = None) -> dict[str, Any]:
    """The pool's own columns as they are stored. Raises Invalid with every complaint."""
    refuse_unknown(changes, PoolChanges.__annotations__)
    wrong = Complaints()
    columns: dict[str, Any] = {}
    for name, value in changes.items():
        if name not in OF_PEOPLE:
            columns[name] = _check(wrong, name, value, pool)
    _complain_about_the_one(wrong, columns, pool)
    _complain_about_the_timer(wrong, columns, pool)
    _complain_about_the_group(wrong, changes, pool)
    for user_id, points in changes.get("priorities", {}).items():
        wrong.whole(f"priorities.{user_id}", points, -GREATEST_PRIORITY, GREATEST_PRIORITY)
    _complain_about_members(wrong, changes.get("members", ()))
    _complain_about_caps(wrong, changes)
    _complain_about_tags(wrong, changes.get("agent_tags", {}))
    _complain_about_defaults(wrong, changes.get("default_assignee_ids", ()))
    wrong.raise_if_any()
    return columns


# Said of people, and kept in tables of their own.
OF_PEOPLE = frozenset({"members", "default_assignee_ids", "priorities", "caps", "agent_tags"})


def _check(wrong: Complaints, name: str, value: Any, pool: Pool | None) -> Any:
    match name:
        case "name":
            return _free_name(wrong, wrong.name(name, value), pool)
        case "team_id":
            return _known_team(wrong, value)
        case "picker":
            return wrong.one_of(name, value, Picker)
        case "delivery":
            return wrong.one_of(name, value, Delivery)
        case "window_seconds":
            return wrong.whole(name, value, SHORTEST_WINDOW, LONGEST_WINDOW)
        case "max_offers":
            return wrong.whole(name, value, 0, MOST_OFFERS)
        case "when_nobody_available":
            return wrong.one_of(name, value, WhenNobody)
        case "single_user_id":
            return _known_user(wrong, name, value)
        case "last_call_seconds":
            return None if value is None else wrong.whole(name, value, SHORTEST_WINDOW, LONGEST_WINDOW)
        case "contact_within":
            return None if value is None else wrong.whole(name, value, SHORTEST_WINDOW, LONGEST_WITHOUT_CONTACT)
        case "for_reassignment":
            return _group(wrong, bool(value), pool)
        case "pond_limit":
            return None if value is None else wrong.whole(name, value, 1, MOST_FROM_A_POND)
        case "timer":
            return wrong.one_of(name, value, Timer)
        case "hours":
            if value is not None:
                complain_about_hours(wrong, value, db.session.get_one(Company, working_company()).time_zone)
            return value
        case "next_pool_id":
            return _next_pool(wrong, value, pool)
        case "forfeit_at_cap":
            return bool(value)
        case _:
            return None if value is None else wrong.one_of(name, value, DefaultMode)


def _group(wrong: Complaints, wanted: bool, pool: Pool | None) -> bool:
    """Whether it is for reassignments; what new leads come to cannot be made so."""
    if wanted and pool is not None and not pool.for_reassignment and (why := why_not_a_group(pool.id)):
        wrong.add("for_reassignment", why)
    return wanted


def _complain_about_the_group(wrong: Complaints, changes: PoolChanges, pool: Pool | None) -> None:
    """A group has one default assignee, who is given what nobody took; its leads go nowhere else."""
    if not changes.get("for_reassignment", pool.for_reassignment if pool else False):
        return
    defaults = changes.get("default_assignee_ids")
    if defaults is None:
        defaults = pool_views([pool.id])[0].default_assignee_ids if pool else []
    if len(defaults) > 1:
        wrong.add("default_assignee_ids", "A pool for reassignments has one default assignee. Leave out the others.")
    if changes.get("default_mode", pool.default_mode if pool else None) == DefaultMode.TELL:
        wrong.add("default_mode", "In a pool for reassignments the default assignee is given the lead.")
    if changes.get("next_pool_id", pool.next_pool_id if pool else None) is not None:
        wrong.add("next_pool_id", "Leads nobody takes in a pool for reassignments stay with their owner.")


def _next_pool(wrong: Complaints, next_id: UUID | None, pool: Pool | None) -> UUID | None:
    """A pool of the company that does not lead back here."""
    if next_id is None:
        return None
    chains = next_pools()
    if next_id not in chains:
        wrong.add("next_pool_id", "There is no such pool.")
    elif pool_named(next_id).for_reassignment:
        wrong.add("next_pool_id", "This pool is for reassignments, not for new leads. Choose another one.")
    elif pool is not None and (loop := check_chain({**chains, pool.id: next_id})):
        names = [pool_named(each).name for each in (*loop, loop[0])]
        told = " → ".join(f"“{name}”" for name in names)
        wrong.add("next_pool_id", f"Leads would go round in a circle: {told}. Choose a pool that does not lead back.")
    return next_id


def _known_user(wrong: Complaints, field: str, user_id: UUID | None) -> UUID | None:
    user = users_by_id([user_id]).get(user_id) if user_id is not None else None
    if user_id is not None and user is None:
        wrong.add(field, "There is no such user.")
    elif user is not None and not user.active:
        wrong.add(field, f"{user.name} is not active any more.")
    return user_id


def _complain_about_the_one(wrong: Complaints, columns: Mapping[str, Any], pool: Pool | None) -> None:
    picker = columns.get("picker", pool.picker if pool else Picker.ROTATION)
    one = columns.get("single_user_id", pool.single_user_id if pool else None)
    if picker == Picker.SINGLE and one is None:
        wrong.add("single_user_id", "Name the one who gets this pool's leads.")


def _complain_about_the_timer(wrong: Complaints, columns: Mapping[str, Any], pool: Pool | None) -> None:
    timer = columns.get("timer", pool.timer if pool else Timer.WALL)
    hours = columns.get("hours", pool.hours if pool else None)
    if timer == Timer.WORKING and hours is None:
        wrong.add("hours", "Say when the pool works, or let the windows count all time.")


def _free_name(wrong: Complaints, name: str | None, pool: Pool | None) -> str | None:
    taken = select(Pool.id).where(Pool.name == name, Pool.deleted_at.is_(None))
    if name is not None and db.session.scalar(taken) not in (None, pool.id if pool else None):
        wrong.add("name", "There is a pool with this name already.")
    return name


def _known_team(wrong: Complaints, team_id: UUID | None) -> UUID | None:
    if team_id is not None and db.session.scalar(select(Team.id).where(Team.id == team_id)) is None:
        wrong.add("team_id", "There is no such team.")
    return team_id


def _complain_about_members(wrong: Complaints, members: Sequence[Member]) -> None:
    if len(members) > MOST_MEMBERS:
        wrong.add("members", f"A pool has at most {MOST_MEMBERS} members.")
        return
    known = users_by_id(user_id for user_id, _ in members)
    seen: set[UUID] = set()
    for place, (user_id, weight) in enumerate(members):
        if user_id not in known:
            wrong.add(f"members.{place}.user_id", "There is no such user.")
        elif user_id in seen:
            wrong.add(f"members.{place}.user_id", f"{known[user_id].name} is in the list twice.")
        seen.add(user_id)
        wrong.whole(f"members.{place}.weight", weight, 0, GREATEST_WEIGHT)


def _complain_about_caps(wrong: Complaints, changes: PoolChanges) -> None:
    places = {user_id: f"members.{place}" for place, (user_id, _) in enumerate(changes.get("members", ()))}
    for user_id, limits in changes.get("caps", {}).items():
        _check_limits(wrong, places.get(user_id, str(user_id)), limits)


def _check_limits(wrong: Complaints, field: str, limits: MemberCaps) -> None:
    for name, limit in limits.limits.items():
        wrong.whole(f"{field}.caps.{name}", limit, 0, MOST_CAP)


def _complain_about_tags(wrong: Complaints, members: Mapping[str, TagMember]) -> None:
    if len(members) > MOST_TAG_MEMBERS:
        wrong.add("agent_tags", f"A pool has at most {MOST_TAG_MEMBERS} tags as members.")
        return
    seen = set()
    for place, (text, (weight, priority, limits)) in enumerate(members.items()):
        said = wrong.name(f"agent_tags.{place}.agent_tag", text, most=tags.LONGEST_TAG) or ""
        if said and not pieces(normal(said)):
            wrong.add(f"agent_tags.{place}.agent_tag", "There is nothing to look for in this text.")
        if normal(said) in seen:
            wrong.add(f"agent_tags.{place}.agent_tag", "This tag is in the list twice; case and accents are no matter.")
        seen.add(normal(said))
        wrong.whole(f"agent_tags.{place}.weight", weight, 0, GREATEST_WEIGHT)
        wrong.whole(f"agent_tags.{place}.priority", priority, -GREATEST_PRIORITY, GREATEST_PRIORITY)
        _check_limits(wrong, f"agent_tags.{place}", limits)


def _complain_about_defaults(wrong: Complaints, user_ids: Sequence[UUID]) -> None:
    field = "default_assignee_ids"
    if len(user_ids) > MOST_DEFAULT_ASSIGNEES:
        wrong.add(field, f"A pool has at most {MOST_DEFAULT_ASSIGNEES} default assignees.")
        return
    known = users_by_id(user_ids)
    for place, user_id in enumerate(user_ids):
        user = known.get(user_id)
        if user is None:
            wrong.add(f"{field}.{place}", "There is no such user.")
        elif not user.active:
            wrong.add(f"{field}.{place}", f"{user.name} is not active any more.")
        elif user_id in user_ids[:place]:
            wrong.add(f"{field}.{place}", f"{user.name} is in the list twice.")
