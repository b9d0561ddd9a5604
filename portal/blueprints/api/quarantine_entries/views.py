"""The lists of the quarantine: what new leads are let through by, and what they are stopped by."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from apiflask import APIBlueprint
from flask import Blueprint, Response

from portal.blueprints.api.access import acting_user, require_insight
from portal.blueprints.api.answers import answers, json_answer, nothing
from portal.blueprints.api.paging import PageForm
from portal.blueprints.api.quarantine_entries.forms import NewEntryForm
from portal.blueprints.api.quarantine_entries.shapes import QuarantineEntriesShape, QuarantineEntryShape, entry_shape
from portal.blueprints.api.repeats import Answered, repeatable
from portal.blueprints.api.takes import takes
from portal.operations import quarantine_lists
from portal.queries.quarantine import entries_page, entry_named

blueprint: Blueprint = APIBlueprint(
    "quarantine_entries", __name__, url_prefix="/quarantine-entries", tag="Quarantine entries"
)


@blueprint.get("")
@takes(PageForm, "query")
@answers((200, QuarantineEntriesShape))
def list_entries(query: dict[str, Any]) -> Response:
    """List what stands on the allow list and the block list, the newest first"""
    require_insight()
    page = entries_page(query["cursor"], query["limit"])
    return json_answer({"items": [entry_shape(entry) for entry in page.items], "next": page.next})


@blueprint.post("")
@repeatable
@takes(NewEntryForm)
@answers((201, QuarantineEntryShape))
def add_entry(asked: dict[str, Any]) -> Answered:
    """Let leads through, or stop them, by an address, a domain, a phone number or words

    New leads that hold nothing of the allow list but something of the block list are quarantined: kept, shown to
    managers, and handed out only once somebody releases them.
    """
    return entry_shape(quarantine_lists.add_entry(by=acting_user(), **asked)), 201


@blueprint.get("/<uuid:quarantine_entry_id>")
@answers((200, QuarantineEntryShape))
def show_entry(quarantine_entry_id: UUID) -> Response:
    """Show one line of the lists"""
    require_insight()
    return json_answer(entry_shape(entry_named(quarantine_entry_id)))


@blueprint.delete("/<uuid:quarantine_entry_id>")
@answers(nothing=True)
def remove_entry(quarantine_entry_id: UUID) -> Response:
    """Take a line off its list; leads in quarantine stay there until they are released"""
    quarantine_lists.remove_entry(quarantine_entry_id, by=acting_user())
    return nothing()
