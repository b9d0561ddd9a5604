"""Limits on leads of a pool, as its form has them: a row for each member and each tag that is one."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from portal.blueprints.forms import Whole
from portal.models.member_caps import MemberCaps
from portal.queries.people import users_by_id
from portal.queries.pools import PoolView

WHAT: Mapping[str, str] = {"open": "Open", "day": "A day", "week": "A week", "month": "A month"}
"""The heads of the columns."""


@dataclass(frozen=True, slots=True)
class Limited:
    """A row: a member's own entry, or a tag that is a member, by the name it has here and its name in the form."""

    key: str
    name: str
    caps: MemberCaps
    user_id: UUID | None = None
    tag: str | None = None

    def fields(self) -> Iterator[tuple[str, Whole]]:
        """One for each limit, by its name in the form."""
        for limit, label in WHAT.items():
            yield self.field_name(limit), Whole(label)

    def field_name(self, limit: str) -> str:
        """What the field of one limit is called in the form."""
        return f"limit_{self.key}_{limit}"

    def typed(self, form: Mapping[str, Any]) -> MemberCaps:
        """What was typed in its fields."""
        return MemberCaps.of({limit: form[self.field_name(limit)].data for limit in WHAT})

    def start(self) -> dict[str, int | None]:
        """What its fields start with."""
        return {self.field_name(limit): getattr(self.caps, limit) for limit in WHAT}


def limited_in(view: PoolView) -> Sequence[Limited]:
    """The rows of a pool: people by name, then tags. Whoever is in by a tag has what the tag has."""
    names = {user.id: user.name for user in users_by_id(user_id for user_id, _ in view.own).values()}
    people = sorted(names, key=lambda user_id: (names[user_id].casefold(), user_id))
    return [
        *(Limited(each.hex, names[each], view.caps[each], user_id=each) for each in people),
        *(
            Limited(f"tag{place}", f"Everybody tagged “{text}”, each", part.caps, tag=text)
            for place, (text, part) in enumerate(view.tags.items())
        ),
    ]
