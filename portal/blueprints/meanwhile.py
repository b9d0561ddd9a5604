"""Forms for what several people may change at once: whoever saves second is told what changed meanwhile."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Self

from wtforms import BooleanField, Field, HiddenField, SelectFieldBase

from portal.blueprints.forms import PortalForm
from portal.errors import Conflict, Invalid
from portal.operations.seen import Stale, digest, digests, mark


class SharedForm(PortalForm):
    """A form that knows what its row looked like when it was opened. Its fields are named like the row's columns."""

    seen = HiddenField()
    changed_meanwhile: tuple[str, ...] = ()

    def wanted(self) -> dict[str, Any]:
        """What was typed, as the operation takes it; without `seen`."""
        return {field.name: field.data for field in self if field.name != "seen"}

    def showing(self, row: Any) -> Self:
        """Remember how the row looks, or, after a refusal, mark what somebody else changed and take it over."""
        if self.changed_meanwhile:
            self._take_over(row)
        if self.changed_meanwhile or not self.is_submitted():
            self.seen.data = mark({name: getattr(row, name) for name in self.wanted()})
        return self

    def _take(self, refusal: Invalid | Conflict) -> None:
        super()._take(refusal)
        if isinstance(refusal, Stale):
            ours = tuple(self.wanted())
            self.changed_meanwhile = tuple(name for name in refusal.changed if name in ours) or ours

    def _take_over(self, row: Any) -> None:
        then, typed = digests(self.seen.data or ""), self.wanted()
        for name in self.changed_meanwhile:
            field, theirs = self[name], getattr(row, name)
            if digest(typed[name]) == digest(theirs):
                continue
            if digest(typed[name]) == then.get(name):
                field.data, field.raw_data = theirs, None
                said = "Somebody changed this meanwhile. What they set is shown."
            else:
                said = (
                    f"Somebody set this to “{_in_words(field, theirs)}” meanwhile. Saving now puts yours in its place."
                )
            field.errors = [*field.errors, said]


def _in_words(field: Field, value: Any) -> str:
    """A value as the form would show it."""
    if isinstance(field, BooleanField):
        return "on" if value else "off"
    if isinstance(field, SelectFieldBase):
        values = value if _is_list(value) else [value]
        chosen = {str(each or "") for each in values}
        return ", ".join(str(choice.label) for choice in field.choices if str(choice.value) in chosen) or "nothing"
    return str(value) if value not in (None, "") else "nothing"


def _is_list(value: Any) -> bool:
    return isinstance(value, Iterable) and not isinstance(value, str)
