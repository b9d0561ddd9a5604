"""What a member of a pool has used of their limits on its leads."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from portal.models.member_caps import MemberCaps
from portal.queries.person_facts import PERIODS
from portal.routing.facts import OPEN_LEADS, Cap

# Exact only up to the cap, as with caps on the leads of all pools.
_COUNTED = """CASE WHEN m.{name}_cap IS NULL THEN 0 ELSE (SELECT count(*) FROM (
        SELECT 1 FROM leads l
        WHERE l.company_id = m.company_id AND l.owner_id = m.user_id AND l.pool_id = m.pool_id AND {which}
        LIMIT m.{name}_cap
    ) ones) END"""

_SINCE = "l.assigned_at >= date_trunc('{name}', clock_timestamp() AT TIME ZONE %(zone)s) AT TIME ZONE %(zone)s"


def _used(name: str) -> str:
    return _COUNTED.format(name=name, which="l.state = 'owned'" if name == "open" else _SINCE.format(name=name))


LIMITS_AND_USE = f"""CASE WHEN coalesce(m.open_cap, m.day_cap, m.week_cap, m.month_cap) IS NOT NULL
    THEN jsonb_build_array({", ".join(f"m.{name}_cap, {_used(name)}" for name in MemberCaps._fields)}) END"""
"""What `caps_of_member` reads of a member `m`, as text for a statement with the parameter `zone`. NULL for most."""


def caps_of_member(row: Sequence[int | None] | None, pool_id: UUID, pool: str) -> tuple[Cap, ...]:
    """The caps in a column of LIMITS_AND_USE.

    Args:
        pool: its name.
    """
    if row is None:
        return ()
    of_what = [OPEN_LEADS, *PERIODS.values()]
    pairs = zip(of_what, row[::2], row[1::2], strict=True)
    return tuple(Cap(what, used or 0, limit, pool, pool_id) for what, limit, used in pairs if limit is not None)
