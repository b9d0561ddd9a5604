"""How the lists of the quarantine are told."""

from __future__ import annotations

from typing import Any

from portal.blueprints.api.fields import Choice, Form, Id, Moment, Part, Several, Text
from portal.models import QuarantineEntry
from portal.routing.quarantine import Clue, Verdict


class QuarantineEntryShape(Form):
    """A line of one of the lists; `value` is what is compared."""

    id = Id(required=True)
    verdict = Choice(Verdict, required=True)
    clue = Choice(Clue, required=True)
    text = Text(required=True)
    value = Text(required=True)
    created_at = Moment(required=True)


class QuarantineEntriesShape(Form):
    """A page of both lists."""

    items = Several(Part(QuarantineEntryShape), required=True)
    next = Text(allow_none=True, required=True)


def entry_shape(entry: QuarantineEntry) -> dict[str, Any]:
    """A line as the API tells it."""
    return {
        "id": entry.id,
        "verdict": entry.verdict,
        "clue": entry.clue,
        "text": entry.text,
        "value": entry.value,
        "created_at": entry.created_at,
    }
