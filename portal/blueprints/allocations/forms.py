"""The numbers of the allocations page: each person's weight, and beside it the one that was seen."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar
from uuid import UUID

from wtforms import HiddenField

from portal.blueprints.forms import PortalForm, Whole
from portal.errors import Conflict, Invalid
from portal.operations.pools import WeightChange
from portal.queries.people_now import PersonNow

_NO_WEIGHT_AT_ALL = -1


class Seen(HiddenField):  # type: ignore[misc]
    """The weight that was there when the page was opened; None = not in the pool."""

    def process_formdata(self, valuelist: list[str]) -> None:
        """What is no number was never seen, and matches nothing."""
        typed = valuelist[0] if valuelist else ""
        is_number = typed.isascii() and typed.isdigit() and len(typed) <= 9
        self.data = int(typed) if is_number else _NO_WEIGHT_AT_ALL if typed else None


class AllocationsForm(PortalForm):
    """Use `allocations_form` to make one: it adds two fields for each person."""

    people: ClassVar[Sequence[PersonNow]] = ()
    on_the_page: ClassVar[frozenset[str]] = frozenset()
    # Which pool the numbers are about: the default rule may have been pointed at another one meanwhile.
    pool = HiddenField()

    def weight_of(self, user_id: UUID) -> Any:
        """The field somebody's weight is typed into."""
        return self[weight_name(user_id)]

    def changes(self) -> list[WeightChange]:
        """The weights that are not as they were seen."""
        fields = [(user_id, self[_seen_name(user_id)].data, self.weight_of(user_id).data) for user_id in self._ids()]
        return [WeightChange(*each) for each in fields if each[1] != each[2]]

    def showing(self, weights: Mapping[UUID, int]) -> AllocationsForm:
        """Show the weights as they are now, but what was typed and not saved as it was typed."""
        for user_id in self._ids():
            now, field, seen = weights.get(user_id), self.weight_of(user_id), self[_seen_name(user_id)]
            if field.errors and seen.data != now:
                field.errors = [_said(now, field.data)]
                field.data, field.raw_data = now, None
            elif not field.errors and field.data == seen.data:
                field.data, field.raw_data = now, None
            seen.data = now
        return self

    def _ids(self) -> list[UUID]:
        return [person.user.id for person in self.people]

    def _known(self) -> set[str]:
        return super()._known() | self.on_the_page

    def _take(self, refusal: Invalid | Conflict) -> None:
        self.aliases = {f"weights.{user_id}": weight_name(user_id) for user_id in self._ids()}
        super()._take(refusal)


def allocations_form(people: Sequence[PersonNow], only: UUID | None = None, **options: Any) -> AllocationsForm:
    """A form with a weight for each of these people.

    Args:
        only: read the fields of this one of them; those of the others may be sent along.
    """
    read = [person for person in people if only in (None, person.user.id)]
    fields: dict[str, Any] = {"people": read, "on_the_page": frozenset(_names(people))}
    for person in read:
        fields[weight_name(person.user.id)] = Whole(person.user.name)
        fields[_seen_name(person.user.id)] = Seen()
    form: AllocationsForm = type("AllocationsOfThesePeople", (AllocationsForm,), fields)(**options)
    return form


def weight_name(user_id: UUID) -> str:
    """The name of the field somebody's weight is typed into."""
    return f"weight_{user_id.hex}"


def _seen_name(user_id: UUID) -> str:
    return f"seen_{user_id.hex}"


def _names(people: Sequence[PersonNow]) -> list[str]:
    return [name(person.user.id) for person in people for name in (weight_name, _seen_name)]


def _said(now: int | None, typed: int | None) -> str:
    theirs = "took them out of the pool" if now is None else f"set this to {now}"
    mine = "your change" if typed is None else f"your {typed}"
    return f"Somebody {theirs} meanwhile, so {mine} was not saved. Type it again if it still holds."
