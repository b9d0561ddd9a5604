"""The company's tree of teams: names, which stands below which, and who gets what is sent to a team."""

from __future__ import annotations

from typing import Any, TypedDict, Unpack
from uuid import UUID

from sqlalchemy import func, select, update

from portal.errors import Conflict, Invalid, NotFound
from portal.extensions import db
from portal.models import Lead, Pool, Rule, Team, User, new_id
from portal.operations import auditing, waiting
from portal.operations.auditing import Subject
from portal.operations.complaints import Complaints, refuse_unknown
from portal.operations.one_at_a_time import hold_still
from portal.operations.pools_for_new_leads import complain_about_pool
from portal.operations.transaction import operation
from portal.permissions import Right, is_reached, may, refuse_out_of_reach, require, require_over
from portal.queries.people import users_by_id


class TeamChanges(TypedDict, total=False):
    """What people and programs set on a team."""

    name: str
    parent_id: UUID | None
    default_user_id: UUID | None
    default_pool_id: UUID | None


# Where a team's leads go is a matter of handing out, too: whoever sets up its rules sets these as well.
_OF_HANDING_OUT = frozenset({"default_user_id", "default_pool_id"})


@operation
def make_team(*, by: User, **fields: Unpack[TeamChanges]) -> Team:
    """A new team, at the top or below another.

    Raises:
        Forbidden: no right to.
        Invalid: a field makes no sense.
    """
    require(by, Right.PEOPLE)
    if "name" not in fields:
        raise Invalid.field("name", "A team needs a name.")
    lock_tree(by)
    refuse_out_of_reach(by, Right.PEOPLE, fields.get("parent_id"), field="parent_id")
    team = Team(company_id=by.company_id, id=new_id())
    _apply(team, fields, by, place=fields.get("parent_id"))
    db.session.add(team)
    db.session.flush()
    db.session.refresh(team)
    auditing.added(by, Subject.TEAM, team.id, team.name, _facts(team))
    return team


@operation
def change_team(team_id: UUID, *, by: User, **changes: Unpack[TeamChanges]) -> Team:
    """Rename a team, move it with all below it, or say who gets what is sent to it.

    Raises:
        NotFound: no such team.
        Forbidden: no right to. The right to set up distribution is enough for the default user and pool.
        Invalid: a field makes no sense, or the team would stand below itself.
    """
    right = _right_for(changes, team_id, by)
    require(by, right)
    lock_tree(by)
    team = _team(team_id, by, right)
    if changes.get("parent_id", team.parent_id) != team.parent_id:
        refuse_out_of_reach(by, Right.PEOPLE, team.parent_id, field="parent_id")
        refuse_out_of_reach(by, Right.PEOPLE, changes.get("parent_id"), field="parent_id")
    before = _facts(team)
    _apply(team, changes, by, place=team.id)
    db.session.flush()
    now = _facts(team)
    auditing.changed(by, Subject.TEAM, team.id, team.name, before, now)
    if changes.keys() & _OF_HANDING_OUT:
        waiting.drain_soon(by.company_id)
    return team


def _right_for(changes: TeamChanges, team_id: UUID, by: User) -> Right:
    """By which right somebody changes this: who gets what is sent to a team is a matter of either."""
    if not (changes.keys() <= _OF_HANDING_OUT and may(by, Right.DISTRIBUTION)):
        return Right.PEOPLE
    is_theirs = is_reached(by, Right.DISTRIBUTION, team_id)
    return Right.DISTRIBUTION if is_theirs or not may(by, Right.PEOPLE) else Right.PEOPLE


@operation
def delete_team(team_id: UUID, *, by: User) -> None:
    """Remove a team nothing belongs to.

    Raises:
        Conflict: teams, users, leads, pools or rules belong to it, or a rule sends leads to it.
    """
    require(by, Right.PEOPLE)
    lock_tree(by)
    team = _team(team_id, by)
    # A rule that is made meanwhile holds its team: it comes first, and is seen below, or finds no team.
    db.session.refresh(team, with_for_update=True)
    holders = ((Team.parent_id, "Teams"), (User.team_id, "Users"), (Lead.team_id, "Leads"), (Pool.team_id, "Pools"))
    for column, what in holders:
        if db.session.scalar(select(func.count()).where(column == team.id).limit(1)):
            raise Conflict(f"{what} still belong to this team. Move them to another team first.")
    _refuse_while_rules_need_it(team)
    _forget_in_rules_of_old(team)
    auditing.removed(by, Subject.TEAM, team.id, team.name, _facts(team))
    db.session.delete(team)
    db.session.flush()


def _refuse_while_rules_need_it(team: Team) -> None:
    own = select(Rule.name).where(Rule.team_id == team.id, Rule.deleted_at.is_(None))
    if name := db.session.scalar(own.limit(1)):
        raise Conflict(f"This team has rules of its own, such as “{name}”. Delete them first.")
    leading_here = select(Rule.name).where(Rule.to_team_id == team.id, Rule.deleted_at.is_(None))
    if name := db.session.scalar(leading_here.order_by(Rule.position).limit(1)):
        raise Conflict(f"The rule “{name}” sends leads to this team. Point it at another team or at a pool first.")


def _forget_in_rules_of_old(team: Team) -> None:
    """Rules out of use stay for the leads they handed out; the team they were of does not keep the team."""
    for column in (Rule.team_id, Rule.to_team_id):
        db.session.execute(
            update(Rule)
            .where(Rule.company_id == team.company_id, column == team.id, Rule.deleted_at.is_not(None))
            .values({column: None})
        )


def _facts(team: Team) -> dict[str, Any]:
    """What the log of changes tells of a team; its default user and pool by name."""
    facts = auditing.fields_of(team, TeamChanges.__annotations__)
    default_user_id, default_pool_id = facts.pop("default_user_id"), facts.pop("default_pool_id")
    user = users_by_id([default_user_id]).get(default_user_id) if default_user_id else None
    pool = db.session.scalar(select(Pool.name).where(Pool.id == default_pool_id)) if default_pool_id else None
    return facts | {"default_user": user and user.name, "default_pool": pool}


def _apply(team: Team, changes: TeamChanges, by: User, *, place: UUID | None) -> None:
    """Make the changes.

    Args:
        place: the team whose leads they are about: itself, or for a new one the team it will stand below.
    """
    refuse_unknown(changes, TeamChanges.__annotations__)
    wrong = Complaints()
    name = wrong.name("name", changes["name"]) if "name" in changes else team.name
    parent_id = changes.get("parent_id", team.parent_id)
    if parent_id is not None:
        _complain_about_parent(wrong, team, parent_id)
    default_user_id = changes.get("default_user_id", team.default_user_id)
    if default_user_id is not None and default_user_id != team.default_user_id:
        _complain_about_user(wrong, default_user_id)
    default_pool_id = changes.get("default_pool_id", team.default_pool_id)
    if default_pool_id != team.default_pool_id:
        require_over(by, Right.DISTRIBUTION, place, what="team")
        if default_pool_id is not None:
            complain_about_pool(wrong, "default_pool_id", default_pool_id, by)
    wrong.raise_if_any()
    same_place = Team.parent_id.is_(None) if parent_id is None else Team.parent_id == parent_id
    if db.session.scalar(select(Team.id).where(Team.name == name, same_place, Team.id != team.id)) is not None:
        raise Invalid.field("name", "There is a team with this name at this place already.")
    team.default_user_id, team.default_pool_id = default_user_id, default_pool_id
    team.name, team.parent_id = name, parent_id  # type: ignore[assignment]  # a missing name was complained about


def _complain_about_user(wrong: Complaints, user_id: UUID) -> None:
    user = users_by_id([user_id]).get(user_id)
    if user is None:
        wrong.add("default_user_id", "There is no such user.")
    elif not user.active:
        wrong.add("default_user_id", f"{user.name} is not active any more.")


def _complain_about_parent(wrong: Complaints, team: Team, parent_id: UUID) -> None:
    parents = {row.id: row.parent_id for row in db.session.execute(select(Team.id, Team.parent_id))}
    if parent_id not in parents:
        wrong.add("parent_id", "There is no such team.")
        return
    above: Any = parent_id
    while above is not None:
        if above == team.id:
            wrong.add("parent_id", "A team cannot stand below itself.")
            return
        above = parents[above]


def _team(team_id: UUID, by: User, right: Right = Right.PEOPLE) -> Team:
    team = db.session.get(Team, (by.company_id, team_id), populate_existing=True)
    if team is None or not is_reached(by, right, team.id):
        raise NotFound("There is no such team.")
    return team


def lock_tree(by: User) -> None:
    """Have others who change teams of the company wait until the transaction ends."""
    # Two moves at once could close a ring that neither of them makes alone.
    hold_still("teams")
