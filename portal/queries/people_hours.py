"""When those who may receive leads work, for whoever looks at a whole group of them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

from sqlalchemy import text

from portal.extensions import db
from portal.models.tenancy import working_company
from portal.permissions import Right, holds_sql
from portal.routing.hours import WeeklyHours, parse_hours

_PEOPLE = text(f"""
    SELECT u.email, u.hours, coalesce(u.time_zone, c.time_zone) AS zone, u.tags
    FROM users u JOIN companies c ON c.id = u.company_id
    WHERE u.company_id = :company AND u.active AND {holds_sql(Right.RECEIVE, alias="u")}
    ORDER BY u.id""")


class AtWork(NamedTuple):
    """Somebody who may receive leads. `hours`: None = at all hours."""

    email: str
    hours: WeeklyHours | None
    tags: Sequence[str]


def people_at_work() -> list[AtWork]:
    """All active people of the company entered who may receive leads."""
    rows: Any = db.session.execute(_PEOPLE, {"company": working_company()})
    return [AtWork(row.email, parse_hours(row.hours, row.zone) if row.hours else None, row.tags) for row in rows]
