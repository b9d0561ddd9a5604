"""From what became of a lead, as a program tells it, to what the operation takes."""

from __future__ import annotations

from typing import Any

from portal.operations.conversion import ConversionChanges

_MONEY = ("expected_value", "actual_value")


def changes_from(asked: dict[str, Any]) -> ConversionChanges:
    """The changes, with the currency of both values beside them."""
    changes: Any = {name: value for name, value in asked.items() if name not in _MONEY}
    for name in _MONEY:
        if name in asked:
            money = asked[name]
            changes[name] = money and money["amount"]
            if money and money["currency"]:
                changes["currency"] = money["currency"]
    return changes  # type: ignore[no-any-return]
