"""Pools hand leads on to a next pool. A chain of them must end."""

from __future__ import annotations

from collections.abc import Mapping
from uuid import UUID


def check_chain(pools: Mapping[UUID, UUID | None]) -> tuple[UUID, ...] | None:
    """A loop among `pools`, each with the pool its leads are handed on to; None when every chain ends.

    The loop is told in the order leads would take, each pool once. A next pool that is not among `pools` ends a chain.
    """
    ends: set[UUID] = set()
    for start in pools:
        way: dict[UUID, None] = {}
        here: UUID | None = start
        while here is not None and here not in ends:
            if here in way:
                passed = list(way)
                return tuple(passed[passed.index(here) :])
            way[here] = None
            here = pools.get(here)
        ends.update(way)
    return None
