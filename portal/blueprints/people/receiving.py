"""“Who can receive right now, and why not”: everybody who may receive leads, or the members of one pool."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

from flask import render_template, request
from flask.typing import ResponseReturnValue

from portal.blueprints.distribution.now import sentence_for_pool, sentence_for_viewer
from portal.blueprints.people.blueprint import blueprint
from portal.errors import NotFound
from portal.permissions import Right, may
from portal.queries.receiving import Receiving, pools_to_choose, receiving
from portal.routing import gates
from portal.sign_in import signed_in, signed_in_user

# Further off than this, a day of the week would be a riddle.
_SOON = timedelta(days=6)


@blueprint.get("/receiving")
@signed_in
def receiving_now() -> ResponseReturnValue:
    """Who would be let through by every gate now, and the first gate that stops each of the others."""
    viewer, pool_id = signed_in_user(), _pool_id(request.args.get("pool"))
    told = receiving(viewer, pool_id)
    pools = [view.pool for view in pools_to_choose(viewer)]
    return render_template(
        "people/receiving.html",
        people=[(each, in_words(each, datetime.now(UTC))) for each in told],
        receive=sum(each.refusal is None for each in told),
        now=sentence_for_pool(pool_id) if pool_id else sentence_for_viewer(),
        pools=[("", "Everybody who may receive leads"), *((pool.id, pool.name) for pool in pools)],
        pool=next((pool for pool in pools if pool.id == pool_id), None),
        may_see_people=may(viewer, Right.PEOPLE),
        may_see_pools=may(viewer, Right.DISTRIBUTION),
    )


def _pool_id(text: str | None) -> UUID | None:
    try:
        return UUID(text) if text else None
    except ValueError:
        raise NotFound from None


def in_words(each: Receiving, now: datetime) -> str | None:
    """Why somebody gets nothing now, since when, and until when, as far as it is known; None where they do."""
    if each.refusal is None:
        return None
    said = each.refusal.reason
    if each.since:
        said = f"{said} since {_moment(each.since, each.zone, now)}"
    if each.until is None or said.startswith("on leave until"):
        return said
    again = "opens" if each.refusal.gate == gates.hours.__name__ else "again from"
    return f"{said}, {again} {_moment(each.until, each.zone, now)}"


def _moment(at: datetime, zone: str, now: datetime) -> str:
    """`09:00`, `Monday 09:00`, `3 May 2027 09:00`, by the clock of the person's zone, which is named."""
    local, today = at.astimezone(ZoneInfo(zone)), now.astimezone(ZoneInfo(zone))
    clock = f"{local:%H:%M} {local.tzname()}"
    if local.date() == today.date():
        return clock
    if abs(at - now) < _SOON:
        return f"{local:%A} {clock}"
    year = "" if local.year == today.year else f" {local.year}"
    return f"{local.day} {local:%B}{year} {clock}"
