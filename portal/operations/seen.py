"""What somebody saw when they began to change a thing, so that two people do not undo each other's work unawares.

A mark holds a short digest of each field. It travels with a form, comes back with it, and is compared under the lock.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from hashlib import sha256
from typing import Any

from portal.errors import Conflict


class Stale(Conflict):
    """Somebody else changed a thing since it was seen. `changed` names the fields."""

    def __init__(self, changed: Sequence[str]) -> None:
        self.changed = tuple(changed)
        super().__init__(
            "Somebody changed this while you were writing, so nothing was saved. Look at it and save again."
        )


def mark(fields: Mapping[str, object]) -> str:
    """How these fields look now, by name."""
    return " ".join(f"{name}:{digest(value)}" for name, value in fields.items())


def digest(value: object) -> str:
    """The same text for the same value, whatever it is."""
    return sha256(json.dumps(value, default=str).encode()).hexdigest()[:12]


def digests(seen: str) -> dict[str, str]:
    """A mark taken apart: field → digest. Empty for what is no mark."""
    pairs = (part.partition(":") for part in seen.split(" "))
    return {name: value for name, colon, value in pairs if colon}


def refuse_stale(seen: str | None, row: Any, fields: Mapping[str, object]) -> None:
    """Raise Stale unless `row`, locked by this transaction, still looks as it was seen.

    Args:
        seen: a mark of some of its fields; None = nobody looked, as with programs that send single fields.
        fields: which names a mark may hold.
    """
    if seen is None:
        return
    then = digests(seen)
    changed = [name for name in fields if name in then and then[name] != digest(getattr(row, name))]
    if changed or not then or not then.keys() <= fields.keys():
        raise Stale(changed)
