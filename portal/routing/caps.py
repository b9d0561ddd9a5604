"""Limits on how many leads somebody gets: their own, and those on the leads of one pool."""

from __future__ import annotations

from collections.abc import Iterable
from uuid import UUID

from portal.routing.facts import OPEN_LEADS, Cap


def reached(caps: Iterable[Cap]) -> Cap | None:
    """The first of `caps` that is used up."""
    return next((cap for cap in caps if cap.used >= cap.limit), None)


def in_words(cap: Cap) -> str:
    """`at 5 of 5 open leads in Solar`, to follow a name and a colon."""
    what = cap.what if cap.what == OPEN_LEADS else f"leads {cap.what}"
    return f"at {cap.used} of {cap.limit} {what}{'' if cap.pool is None else f' in {cap.pool}'}"


def grown(caps: tuple[Cap, ...], more: int, pool_id: UUID | None) -> tuple[Cap, ...]:
    """What is used of `caps` after so many leads more, all of this pool: caps of other pools stay as they are."""
    if not caps:
        return caps
    return tuple(cap._replace(used=cap.used + more) if cap.pool_id in (None, pool_id) else cap for cap in caps)
