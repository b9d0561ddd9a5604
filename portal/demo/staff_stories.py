"""What the demo's people do besides leads: they set up pools, try out a weekend desk, leave, go on a break."""

from __future__ import annotations

from datetime import datetime, time, timedelta
from uuid import UUID

from sqlalchemy import select

from portal.demo.cast import EVERYDAY, IN_THE_SOUTH, SORTINGS, WEEKEND
from portal.demo.plan import HOME
from portal.demo.scene import Scene
from portal.demo.told_time import Story
from portal.extensions import db
from portal.models import Lead, LeadState
from portal.operations import assignment, availability, company, conversion_lists, people, pools, rules, waiting
from portal.operations.teams import change_team
from portal.queries.people import teams as all_teams
from portal.queries.rules import default_rule

# How many of the leads of somebody who left are still waiting for somebody to look after them.
UNATTENDED = 4


def first_days(scene: Scene) -> Story:
    """On the second day everybody is at a meeting, and leads wait. After that there are default assignees."""
    members = [scene.staff[name] for name in EVERYDAY.members]
    yield _on_day(scene, 27, time(11, 58))
    for user in members:
        people.change_user(user.id, by=scene.owner, available=False)
    yield _on_day(scene, 27, time(12, 44))
    for user in members:
        people.change_user(user.id, by=scene.owner, available=True)
    waiting.drain(scene.company.id)
    yield _on_day(scene, 27, time(13, 20))
    assignees = [scene.staff[name].id for name in EVERYDAY.defaults]
    pools.change_pool(
        scene.pools[EVERYDAY.name].id, by=scene.owner, default_assignee_ids=assignees, default_mode="tell"
    )
    company.change_company(by=scene.owner, fallback_any_active=True)
    conversion_lists.set_admin_contacts([scene.manager.id, scene.staff["Grace"].id], by=scene.owner)


def weekends(scene: Scene) -> Story:
    """Two weekends long a desk of three took what came in; then everybody's phone had it again."""
    rule = default_rule()
    first = _on_day(scene, 27, time(8))
    saturday = first + timedelta(days=(5 - first.weekday()) % 7)
    for begins in (saturday, saturday + timedelta(days=7)):
        yield begins
        rules.point_rule(rule.id, scene.pools[WEEKEND.name].id, by=scene.owner)
        yield begins + timedelta(days=1, hours=23)
        rules.point_rule(rule.id, scene.pools[EVERYDAY.name].id, by=scene.owner)


def leads_are_sorted(scene: Scene) -> Story:
    """For two weeks one pool took everything. Since then small jobs have a desk of their own, and the team in the south
    sorts its leads itself."""
    yield _on_day(scene, 13, time(8, 10))
    by, own = scene.staff["Priya"], IN_THE_SOUTH
    teams = {team.name: team.id for team in all_teams()}
    change_team(teams[own.team], by=by, default_pool_id=scene.pools[own.rest.name].id)
    lists = [(sorting, teams[own.team]) for sorting in own.sortings] + [(sorting, None) for sorting in SORTINGS]
    for sorting, team_id in lists:
        rules.make_rule(
            by=by,
            name=sorting.name,
            conditions=sorting.conditions,
            team_id=team_id,
            pool_id=scene.pools[sorting.group.name].id if sorting.group else None,
            to_team_id=teams[sorting.team] if sorting.team else None,
            paused=sorting.paused,
        )


def luis_leaves(scene: Scene) -> Story:
    """His leads stay in place, marked; Marco hands most of them on in the days after."""
    luis = scene.staff["Luis"]
    yield _on_day(scene, 12, time(17, 5))
    people.deactivate(luis.id, by=scene.staff["Priya"])
    owned = _owned_by(luis.id)
    unattended = [lead_id for lead_id in owned if lead_id not in scene.ends][-UNATTENDED:]
    for lead_id in owned:
        if lead_id in unattended:
            continue
        yield scene.told.now + timedelta(minutes=scene.random.uniform(3, 9))
        assignment.assign(lead_id, scene.somebody().id, by=scene.manager)
    yield scene.told.now + timedelta(minutes=20)
    stay = [(scene.staff[name].id, weight) for name, weight in EVERYDAY.members.items() if name != "Luis"]
    pools.set_members(scene.pools[EVERYDAY.name].id, stay, by=scene.staff["Priya"])


def emma_takes_a_break(scene: Scene) -> Story:
    """She pauses herself and keeps what she has; Jonas covers for her."""
    yield _on_day(scene, 3, time(9, 10))
    emma = scene.staff["Emma"]
    people.change_user(emma.id, by=emma, available=False, stand_in_id=scene.staff["Jonas"].id)


def chloe_plans_a_holiday(scene: Scene) -> Story:
    """She notes her days away herself, weeks ahead."""
    yield _on_day(scene, 2, time(16, 20))
    chloe, today = scene.staff["Chloe"], scene.told.until.astimezone(HOME).date()
    availability.add_leave(chloe.id, today + timedelta(days=12), today + timedelta(days=19), by=chloe)


STORIES = (first_days, weekends, leads_are_sorted, luis_leaves, emma_takes_a_break, chloe_plans_a_holiday)


def _owned_by(user_id: UUID) -> list[UUID]:
    owned = select(Lead.id).where(Lead.owner_id == user_id, Lead.state == LeadState.OWNED)
    return list(db.session.scalars(owned.order_by(Lead.id)))


def _on_day(scene: Scene, days_ago: int, at: time) -> datetime:
    day = scene.told.until.astimezone(HOME).date() - timedelta(days=days_ago)
    return datetime.combine(day, at, HOME)
