"""The feedback on a lead in words: as entries of the timeline keep it, and as people read it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any
from uuid import UUID

from portal.models import ConversionStatus, LostReason
from portal.operations.writes import Row
from portal.queries.conversion import lost_reasons, statuses

# What people change, by column.
LABELS = {
    "contact_status": "Contact",
    "status_id": "Status",
    "expected_value": "Expected value",
    "currency": "Currency",
    "expected_close_on": "Expected close",
    "actual_value": "Value",
    "won_on": "Won on",
    "lost_reason_id": "Reason",
    "note": "Note",
}

# Column → the field as people and programs name it.
FIELD_OF = {column: column.removesuffix("_id") for column in LABELS}
COLUMN_OF = {field: column for column, field in FIELD_OF.items()}


@dataclass(frozen=True)
class Words:
    """The company's lists, by id."""

    statuses: Mapping[UUID, ConversionStatus]
    reasons: Mapping[UUID, LostReason]

    @classmethod
    def load(cls) -> Words:
        """As they stand now."""
        return cls({each.id: each for each in statuses()}, {each.id: each for each in lost_reasons()})

    def group(self, status_id: UUID) -> str:
        """What a status means for figures."""
        return self.statuses[status_id].status_group

    def said(self, column: str, values: Row) -> str:
        """A value as people read it."""
        value = values[column]
        match column:
            case _ if value is None:
                return "nothing"
            case "status_id":
                return self.statuses[value].name
            case "lost_reason_id":
                return self.reasons[value].name
            case "contact_status":
                return str(value).replace("_", " ")
            case "expected_value" | "actual_value":
                return f"{value:,.2f} {values['currency'] or ''}".strip()
            case "expected_close_on" | "won_on":
                return day(value)
            case _:
                return str(value)

    def data(self, values: Row, columns: Iterable[str]) -> Row:
        """Values as an entry keeps them: columns as they are stored, and the names of what is in the lists."""
        kept: Row = {}
        for column in columns:
            value = values[column]
            kept[column] = None if value is None else str(value)
            if column in ("status_id", "lost_reason_id"):
                kept[FIELD_OF[column]] = None if value is None else self.said(column, values)
        return kept


def day(value: date) -> str:
    """A day as people read it: 4 Dec 2026."""
    return f"{value.day} {value:%b} {value.year}"


def stored(column: str, kept: str | None) -> Any:
    """A value of an entry as the column holds it."""
    if kept is None:
        return None
    match column:
        case "status_id" | "lost_reason_id":
            return UUID(kept)
        case "expected_value" | "actual_value":
            return Decimal(kept)
        case "expected_close_on" | "won_on":
            return date.fromisoformat(kept)
        case _:
            return kept


def sentence(column: str, old: Row, new: Row, words: Words) -> str:
    """What changed in one column, for the timeline."""
    label = LABELS[column]
    if column == "note":
        return "Note removed." if new[column] is None else "Note changed." if old[column] else "Note added."
    if new[column] is None:
        return f"{label} removed (was {words.said(column, old)})."
    if old[column] is None:
        return f"{label}: {words.said(column, new)}."
    return f"{label}: {words.said(column, old)} → {words.said(column, new)}."
