"""Pools hand leads on to a next pool, and teams send them on to other teams. Every such way must end."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
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


def check_ways(teams: Mapping[UUID, Collection[UUID]]) -> tuple[UUID, ...] | None:
    """The same among `teams`, each with all it sends leads on to: a loop in the order leads would take, or None."""
    ends: set[UUID] = set()
    for start in teams:
        if start not in ends and (loop := _loop_from(start, teams, ends)):
            return loop
    return None


def _loop_from(start: UUID, teams: Mapping[UUID, Collection[UUID]], ends: set[UUID]) -> tuple[UUID, ...] | None:
    """Every way from `start`, one after the other, the deepest first. Teams from which all ways end join `ends`."""
    # The teams of the way gone so far, each with where it was not gone yet; no recursion, since ways may be long.
    way: dict[UUID, Iterator[UUID]] = {start: iter(teams.get(start, ()))}
    while way:
        here, ahead = next(reversed(way.items()))
        further = next(ahead, None)
        if further is None:
            ends.add(here)
            del way[here]
        elif further in way:
            passed = list(way)
            return tuple(passed[passed.index(further) :])
        elif further not in ends:
            way[further] = iter(teams.get(further, ()))
    return None
