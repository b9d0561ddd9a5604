"""Days people are away."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from uuid import UUID

from sqlalchemy import func, select

from portal.extensions import db
from portal.models import Leave, User
from portal.models.tenancy import working_company
from portal.permissions import owners_covered
from portal.queries.clock import database_time
from portal.queries.people import users_by_id
from portal.queries.setup import setup_of
from portal.routing.hours import Leave as Away
from portal.routing.hours import on_leave


def leaves_of(user_id: UUID) -> Sequence[Leave]:
    """Somebody's leaves that are not over, the next first; a day more, for zones in which it is still yesterday."""
    statement = select(Leave).where(
        Leave.company_id == working_company(),
        Leave.user_id == user_id,
        Leave.last_day >= func.current_date() - 1,
    )
    return db.session.scalars(statement.order_by(Leave.first_day, Leave.id)).all()


def stand_ins_of(owner: User) -> Sequence[User]:
    """Who looks after the open leads of somebody who is away now, by name: one for a pause, one for each leave that
    holds. Nobody who is not active."""
    named = {leave.stand_in_id for leave in leaves_of(owner.id)} | {owner.stand_in_id}
    people = [user for user in users_by_id(each for each in named if each is not None).values() if user.active]
    covering = [each for each in people if owner.id in db.session.scalars(owners_covered(owner.company_id, each.id))]
    return sorted(covering, key=lambda user: (user.name.casefold(), user.id))


def away_until(owner: User) -> date | None:
    """The last day of the leave somebody is on; None where they are on none."""
    zone = owner.time_zone or setup_of(owner.company_id).policy.zone
    leave = on_leave([Away(each.first_day, each.last_day) for each in leaves_of(owner.id)], zone, database_time())
    return leave.last if leave else None


def leaves_told(user_id: UUID) -> list[tuple[Leave, str | None]]:
    """The same as `leaves_of`, each with the name of who covers."""
    leaves = leaves_of(user_id)
    names = users_by_id(leave.stand_in_id for leave in leaves if leave.stand_in_id)
    return [(leave, names[leave.stand_in_id].name if leave.stand_in_id else None) for leave in leaves]


def cover_in_words(owner: User) -> str | None:
    """`Ben covers for Ana until 3 May`, while that is so; None otherwise."""
    names = [user.name for user in stand_ins_of(owner)]
    if not names:
        return None
    until, verb = away_until(owner), "covers" if len(names) == 1 else "cover"
    ends = f" until {until.day} {until:%B}" if until else " while they are paused"
    return f"{' and '.join(names)} {verb} for {owner.name}{ends}."
