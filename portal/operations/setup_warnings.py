"""What looks like a mistake in a set-up, though it could be published: said before somebody does."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

Data = Mapping[str, Any]


def warnings(setup: Data) -> list[str]:
    """Sentences about `setup`, as `setup_file` tells it: rules no lead can reach, pools nobody takes leads from."""
    return [*_out_of_reach(setup.get("rules", ())), *_empty(setup)]


def _out_of_reach(rules: Sequence[Data]) -> Iterator[str]:
    """Rules behind one that takes everything, or exactly what they would."""
    before: list[Data] = []
    for rule in rules:
        if rule.get("default") or rule.get("paused"):
            continue
        taker = next((each for each in before if _takes_all_of(each, rule)), None)
        if taker is not None:
            yield f"No lead reaches the rule “{rule['name']}”: “{taker['name']}” above it takes them all."
        before.append(rule)


def _takes_all_of(above: Data, below: Data) -> bool:
    if above.get("hours") and above.get("hours") != below.get("hours"):
        return False
    asked, same = above.get("conditions") or {}, below.get("conditions") or {}
    return not asked or (asked == same and (above.get("strictness") or {}) == (below.get("strictness") or {}))


def _empty(setup: Data) -> Iterator[str]:
    named = {rule.get("pool"): rule["name"] for rule in setup.get("rules", ()) if not rule.get("paused")}
    for pool in setup.get("pools", ()):
        # What a draft leaves out stays as it is, and may be anybody.
        members = pool.get("members", [{}])
        takes_part = pool.get("picker") == "single" or any(each.get("weight", 1) > 0 for each in members)
        if pool["name"] in named and not takes_part:
            rule = named[pool["name"]]
            yield f"The rule “{rule}” sends leads to the pool “{pool['name']}”, where nobody takes part."
