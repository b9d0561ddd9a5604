"""What became of a lead: the feedback its owner gives, kept with its history.

Two people may have it on their screens at once. Each save says which version it saw; what the other changed meanwhile
is kept, and only a field that both changed is a conflict, told with both values.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any, TypedDict, Unpack
from uuid import UUID

from sqlalchemy import Integer, select

from portal.errors import Conflict, FieldError, Forbidden, Invalid
from portal.extensions import db
from portal.messages import telling
from portal.models import (
    Company,
    ContactStatus,
    Conversion,
    ConversionStatus,
    Lead,
    LostReason,
    StatusGroup,
    TimelineItem,
    TimelineKind,
    User,
)
from portal.operations.actors import Actor
from portal.operations.complaints import Complaints, refuse_unknown
from portal.operations.conversion_words import COLUMN_OF, FIELD_OF, LABELS, Words, sentence, stored
from portal.operations.entries import finish, lead_to_write_on
from portal.operations.reassigning import contact_logged
from portal.operations.transaction import operation
from portal.operations.writes import Row, Writes
from portal.permissions import may_work_on
from portal.queries.clock import database_time
from portal.queries.conversion import first_status

MOST_NOTE = 5_000
KINDS = (TimelineKind.CONVERSION, TimelineKind.CONTACT_ATTEMPT)


class ConversionChanges(TypedDict, total=False):
    """What people and programs set; what is left out stays. `status` and `lost_reason` by id or by name."""

    contact_status: str
    status: str
    expected_value: str | Decimal | None
    currency: str | None
    expected_close_on: str | date | None
    actual_value: str | Decimal | None
    won_on: str | date | None
    lost_reason: str | None
    note: str | None


@dataclass(frozen=True, slots=True)
class Clash:
    """A field two people changed: what the other one made of it, who and when, and what was sent now; in words."""

    field: str
    theirs: str
    yours: str
    by: str
    at: datetime
    ago: str

    def __str__(self) -> str:
        return (
            f"Changed by {self.by} {self.ago}: it is “{self.theirs}” now, and you wrote “{self.yours}”. "
            "Save again to keep yours."
        )


class ChangedMeanwhile(Conflict):
    """Somebody else saved the same field first. Nothing was stored.

    Args:
        version: what the next save has to name as seen.
        together: the columns as they would be if this save were insisted on: its own changes, and theirs in all else.
            Whoever saves again has to send these, or what the other one set elsewhere would be undone.
    """

    def __init__(self, clashes: list[Clash], version: int, together: Row) -> None:
        self.clashes, self.version, self.together = clashes, version, together
        first = clashes[0]
        super().__init__(
            f"{LABELS[COLUMN_OF[first.field]]}: changed by {first.by} {first.ago}. Nothing of yours was saved yet.",
            [FieldError(clash.field, str(clash)) for clash in clashes],
        )


@operation
def save_conversion(lead_id: UUID, *, by: User, seen: int | None = None, **changes: Unpack[ConversionChanges]) -> None:
    """Say what became of a lead. What changed stands in one timeline entry, before and after.

    Args:
        seen: the version `by` had on the screen; None = whatever there is now.
        changes: amounts in digits with a point, days as 2026-05-31.

    Raises:
        NotFound: `by` does not see the lead.
        Forbidden: it is neither theirs nor do they manage.
        Invalid: a field makes no sense, or no sense with the status.
        ChangedMeanwhile: somebody changed the same field after `seen`.
    """
    refuse_unknown(changes, ConversionChanges.__annotations__)
    lead = lead_to_write_on(lead_id, by, with_pools=True)
    if not may_work_on(by, lead):
        raise Forbidden("What became of a lead is said by its owner and by managers.")
    words = Words.load()
    row = conversion_row(lead)
    wrong = Complaints()
    wanted = _read(changes, words, values_of(row), wrong)
    wrong.raise_if_any()
    base, changed_since = _as_seen(lead, row, seen)
    mine = {column: value for column, value in wanted.items() if value != base[column]}
    _refuse_clashes(mine, base, row, changed_since, words)
    new = _in_order(values_of(row) | mine, mine, words, lead.company_id)
    apply(lead, row, new, TimelineKind.CONVERSION, Writes(lead.company_id, database_time()), by=by, words=words)


def conversion_row(lead: Lead) -> Conversion:
    """The feedback on a lead locked by this transaction; a row not yet stored when nobody has given any."""
    row = db.session.get(Conversion, (lead.company_id, lead.id), populate_existing=True)
    if row is not None:
        return row
    return Conversion(
        company_id=lead.company_id,
        lead_id=lead.id,
        contact_status=ContactStatus.NOT_CONTACTED.value,
        status_id=first_status().id,
        version=0,
    )


def values_of(row: Conversion) -> Row:
    """The columns people change."""
    return {column: getattr(row, column) for column in LABELS}


def apply(
    lead: Lead,
    row: Conversion,
    new: Row,
    kind: TimelineKind,
    writes: Writes,
    *,
    by: User,
    words: Words,
    told: Row | None = None,
    text: str | None = None,
    form_key: UUID | None = None,
) -> UUID | None:
    """Bring the feedback to `new`, and write the one entry that tells of it.

    Args:
        row: of `conversion_row`.
        told: what else the entry says under `after`; with it there is an entry even when no column changes.

    Returns:
        The id of the entry, or None when there was nothing to tell.
    """
    old = values_of(row)
    changed = [column for column in LABELS if new[column] != old[column]]
    if not changed and told is None:
        return None
    if kind is TimelineKind.CONTACT_ATTEMPT or _is_contact(new, changed):
        contact_logged(lead, by)
    before, after = words.data(old, changed), words.data(new, changed) | (told or {})
    if changed:
        for column in changed:
            setattr(row, column, new[column])
        row.version, row.changed_by, row.changed_at = row.version + 1, by.id, writes.at
        after["version"] = row.version
        db.session.add(row)
    sentences = [text] if text else []
    is_told = {"expected_value", "actual_value"} & {*changed}  # a value is told with its currency
    sentences += [sentence(column, old, new, words) for column in changed if column != "currency" or not is_told]
    entry = writes.record(
        lead.id, kind, Actor.user(by), text=" ".join(sentences), before=before or None, after=after, form_key=form_key
    )
    finish(lead, writes)
    return entry


def _is_contact(new: Row, changed: Collection[str]) -> bool:
    """Whether the change says that somebody tried to reach the customer."""
    return "contact_status" in changed and new["contact_status"] != ContactStatus.NOT_CONTACTED


def _read(changes: ConversionChanges, words: Words, present: Row, wrong: Complaints) -> Row:
    """The columns that are wanted; complaints by the names people use."""
    given: Mapping[str, Any] = changes
    wanted: Row = {}
    for name, value in given.items():
        match name:
            case "contact_status":
                wanted[name] = wrong.one_of(name, value, ContactStatus)
            case "status":
                wanted["status_id"] = _in_list(name, value, words.statuses, present["status_id"], wrong)
            case "lost_reason":
                wanted["lost_reason_id"] = (
                    _in_list(name, value, words.reasons, present["lost_reason_id"], wrong) if value else None
                )
            case "expected_value" | "actual_value":
                wanted[name] = wrong.amount(name, value)
            case "expected_close_on" | "won_on":
                wanted[name] = wrong.day(name, value)
            case "currency":
                wanted[name] = wrong.currency(name, value) if value else None
            case "note":
                wanted[name] = wrong.text(name, value.replace("\r\n", "\n") if value else value, most=MOST_NOTE) or None
    # A currency says nothing without an amount.
    if wanted.get("expected_value") is None and wanted.get("actual_value") is None:
        wanted.pop("currency", None)
    return wanted


def _in_list(
    field: str,
    named: str | None,
    listed: Mapping[UUID, ConversionStatus] | Mapping[UUID, LostReason],
    present: UUID | None,
    wrong: Complaints,
) -> UUID | None:
    """An entry of one of the company's lists; one that is out of use only where it is the present one."""
    for each in listed.values():
        is_meant = named is not None and (str(each.id) == named or each.name.casefold() == named.strip().casefold())
        if is_meant and (each.active or each.id == present):
            return each.id
    wrong.add(field, f"Use one of: {', '.join(each.name for each in listed.values() if each.active)}.")
    return None


def _as_seen(lead: Lead, row: Conversion, seen: int | None) -> tuple[Row, dict[str, TimelineItem]]:
    """The values at the version that was seen, and who changed which column last since."""
    base: Row = values_of(row)
    if seen is None or seen == row.version:
        return base, {}
    if not 0 <= seen < row.version:
        raise Invalid.field("version", "This is not a version of this lead's feedback. Look at it again.")
    last: dict[str, TimelineItem] = {}
    for entry in _changes_since(lead, seen):
        for column in LABELS:
            if column in (entry.before or {}):
                base[column] = stored(column, entry.before[column])  # type: ignore[index]
                last.setdefault(column, entry)
    return base, last


def _changes_since(lead: Lead, seen: int) -> list[TimelineItem]:
    """The entries that changed the feedback after a version, the newest first."""
    item = TimelineItem
    version = item.after["version"].astext.cast(Integer)
    statement = select(item).where(
        item.company_id == lead.company_id, item.lead_id == lead.id, item.kind.in_(KINDS), version > seen
    )
    return list(db.session.scalars(statement.order_by(version.desc())))


def _refuse_clashes(
    mine: Row, base: Row, row: Conversion, changed_since: Mapping[str, TimelineItem], words: Words
) -> None:
    present, now = values_of(row), database_time()
    clashes = []
    for column, value in mine.items():
        if column not in changed_since or value == present[column] or present[column] == base[column]:
            continue
        entry = changed_since[column]
        clashes.append(
            Clash(
                field=FIELD_OF[column],
                theirs=words.said(column, present),
                yours=words.said(column, present | mine),
                by=entry.actor_name,
                at=entry.at,
                ago=telling.ago(now - entry.at),
            )
        )
    if clashes:
        raise ChangedMeanwhile(clashes, row.version, present | mine)


def _in_order(new: Row, mine: Row, words: Words, company_id: UUID) -> Row:
    """The values as they belong together: what fits the old status only goes with it."""
    wrong, group = Complaints(), words.group(new["status_id"])
    for column, needs in (
        ("actual_value", StatusGroup.WON),
        ("won_on", StatusGroup.WON),
        ("lost_reason_id", StatusGroup.LOST),
    ):
        if group != needs:
            if mine.get(column) is not None:
                hint = f"This is for leads that are {needs}. Choose a status of that group, or leave it empty."
                wrong.add(FIELD_OF[column], hint)
            new[column] = None
    if group == StatusGroup.LOST and new["lost_reason_id"] is None:
        reasons = ", ".join(each.name for each in words.reasons.values() if each.active)
        wrong.add("lost_reason", f"Say why it was lost: {reasons}.")
    wrong.raise_if_any()
    if new["expected_value"] is None and new["actual_value"] is None:
        new["currency"] = None
    elif new["currency"] is None:
        new["currency"] = db.session.get_one(Company, company_id).currency
    return new
