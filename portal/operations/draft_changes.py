"""Small changes of a drafted set-up, each as a new one: what forms do to a draft without anybody writing JSON.

A rule or pool is named by its place in the file. A place is only as good as the draft it was seen in: whoever saves the
result says which one that was (`drafts.save_draft`, `seen`).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from copy import deepcopy
from typing import Any

from portal.errors import NotFound

Data = dict[str, Any]

POOL_KEYS = ("picker", "delivery", "window_seconds", "max_offers")
"""What of a pool a form can change, beside the weights of its members."""


def with_rule_moved(data: Data, place: int, by: int) -> Data:
    """The rule at `place` changes places with the one `by` further down (below zero: up).

    Stays where it is at either end: the default rule is the last, and no rule passes it. Raises NotFound.
    """
    changed = deepcopy(data)
    rules, target = changed.get("rules", []), place + by
    rule = _at(rules, place)
    if 0 <= target < len(rules) and not rule.get("default") and not rules[target].get("default"):
        rules[place], rules[target] = rules[target], rule
    return changed


def with_rule(data: Data, place: int, fields: Mapping[str, Any]) -> Data:
    """The rule at `place` with other fields, such as `paused` or `pool`. Raises NotFound."""
    changed = deepcopy(data)
    _at(changed.get("rules", []), place).update(fields)
    return changed


def with_pool(data: Data, place: int, fields: Mapping[str, Any], weights: Sequence[int]) -> Data:
    """The pool at `place` with other fields, and its members with other weights.

    Args:
        weights: of the members the draft names, in its order.

    Raises NotFound.
    """
    changed = deepcopy(data)
    pool = _at(changed.get("pools", []), place)
    pool.update(fields)
    for member, weight in zip(pool.get("members", []), weights, strict=True):
        member["weight"] = weight
    return changed


def pool_at(data: Data, place: int) -> Data:
    """The pool at `place`. Raises NotFound."""
    return _at(data.get("pools", []), place)


def _at(entries: Sequence[Data], place: int) -> Data:
    if not 0 <= place < len(entries):
        raise NotFound("The draft has no such rule or pool. Open the draft again.")
    return entries[place]
