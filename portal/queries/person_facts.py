"""People as gates see them: the columns a statement reads of a user, and the candidate made of them."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import date
from functools import lru_cache
from typing import Any

from portal.permissions import Right, holds_sql
from portal.queries.setup import Setup
from portal.routing.facts import Candidate, Cap, Circle, Presence
from portal.routing.hours import Leave, WeeklyHours, parse_hours
from portal.routing.tags import normal_value

# Exact only up to the cap: what lies beyond changes nothing, and counting it would cost more with every lead. The pick
# of the least loaded needs all of them.
OPEN_LEADS = """(SELECT count(*) FROM (
        SELECT 1 FROM leads l
        WHERE l.company_id = u.company_id AND l.owner_id = u.id AND l.state = 'owned' {limit}
    ) open_ones)"""

_SINCE = """CASE WHEN u.{period}_cap IS NULL THEN 0 ELSE (SELECT count(*) FROM (
        SELECT 1 FROM leads l
        WHERE l.company_id = u.company_id AND l.owner_id = u.id
          AND l.assigned_at >= date_trunc('{period}', clock_timestamp() AT TIME ZONE %(zone)s) AT TIME ZONE %(zone)s
        LIMIT u.{period}_cap
    ) ones) END"""

# What somebody says of themselves is read as one value, and only where there is anything: most have none of it.
_SAYS = """CASE WHEN u.tags = '{}' AND u.excluded_lead_types = '{}' AND u.languages = '{}' AND u.locations = '[]'
         AND u.hours IS NULL AND u.presence = 'available' THEN NULL
    ELSE jsonb_build_object('tags', u.tags, 'types', u.excluded_lead_types, 'languages', u.languages,
         'places', u.locations, 'hours', u.hours::text, 'zone', u.time_zone, 'presence', u.presence) END"""

# A day more at either end: whose day it is depends on their zone.
_LEAVES = """(SELECT jsonb_agg(jsonb_build_array(v.first_day, v.last_day) ORDER BY v.first_day) FROM leaves v
    WHERE v.company_id = u.company_id AND v.user_id = u.id
      AND v.last_day >= current_date - 1 AND v.first_day <= current_date + 1)"""

PERIODS: Mapping[str, str] = {"day": "today", "week": "this week", "month": "this month"}


def person_columns(*, all_open: bool = False) -> str:
    """What `candidate` reads of a user `u`, as text for a statement with the parameter `zone`.

    Args:
        all_open: count all open leads, whatever their cap.
    """
    open_leads = (
        OPEN_LEADS.format(limit="")
        if all_open
        else f"CASE WHEN u.open_cap IS NULL THEN 0 ELSE {OPEN_LEADS.format(limit='LIMIT u.open_cap')} END"
    )
    used = ", ".join(f"u.{period}_cap, {_SINCE.format(period=period)}" for period in PERIODS)
    return (
        f"u.id, u.name, u.email, u.active, {holds_sql(Right.RECEIVE, alias='u')}, u.available, {open_leads}, "
        f"u.open_cap, u.last_lead_at, {used}, {_SAYS}, {_LEAVES}, u.time_zone"
    )


def candidate(row: Sequence[Any], setup: Setup, **of_pool: Any) -> Candidate:
    """The person in a row of `person_columns`.

    Args:
        of_pool: weight, credits and what else belongs to a pool.
    """
    user_id, name, email, active, receives, available, open_leads, open_cap, last_lead_at, *rest = row
    *counts, says, leaves, zone = rest
    told = says or {}
    zone = zone or setup.policy.zone
    return Candidate(
        user_id,
        name,
        active,
        receives,
        available,
        open_leads,
        open_cap,
        last_lead_at,
        tags=_tags(told.get("tags", ()), name, email, setup),
        caps=caps_of(counts),
        hours=hours_from(told["hours"], zone) if told.get("hours") else None,
        leaves=_leaves(leaves),
        zone=zone,
        presence=Presence(told["presence"]) if told else Presence.AVAILABLE,
        excluded_lead_types=frozenset(told.get("types", ())),
        languages=frozenset(told.get("languages", ())),
        circles=tuple(Circle(each["lat"], each["lng"], each["radius_km"]) for each in told.get("places", ())),
        **of_pool,
    )


def caps_of(counts: Sequence[int | None]) -> tuple[Cap, ...]:
    """The caps on a day's, a week's and a month's leads, from pairs of the cap and what was used of it."""
    pairs = zip(PERIODS.values(), counts[::2], counts[1::2], strict=True)
    return tuple(Cap(what, used or 0, limit) for what, limit, used in pairs if limit is not None)


def _tags(carried: Sequence[str], name: str, email: str, setup: Setup) -> frozenset[str]:
    own = [text for text, counts in ((name, setup.name_as_tag), (email, setup.email_as_tag)) if counts]
    return frozenset(map(normal_value, (*carried, *own)))


def _leaves(pairs: Sequence[Sequence[str]] | None) -> tuple[Leave, ...]:
    return tuple(Leave(date.fromisoformat(first), date.fromisoformat(last)) for first, last in pairs or ())


@lru_cache(maxsize=4096)
def hours_from(text: str, zone: str) -> WeeklyHours:
    """Hours from their column's text."""
    # Reading and checking hours takes longer than all gates together; whose hours they are makes no difference.
    return parse_hours(json.loads(text), zone)
