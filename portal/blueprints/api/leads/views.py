"""Leads: taking them in, reading them, handing them out, closing them."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from apiflask import APIBlueprint
from flask import Blueprint, Response, request

from portal.blueprints.api.access import acting_user, holder, open_to_intake
from portal.blueprints.api.answers import answers, json_answer
from portal.blueprints.api.fields import NothingForm
from portal.blueprints.api.json_body import read_json
from portal.blueprints.api.leads.arriving import arriving_from
from portal.blueprints.api.leads.feedback import changes_from
from portal.blueprints.api.leads.forms import (
    AssignForm,
    AttemptForm,
    CloseForm,
    ConversionForm,
    EditForm,
    EntryForm,
    HandOutForm,
    LeadChangesForm,
    LeadForm,
    LeadsForm,
    ReassignForm,
    TimelineForm,
)
from portal.blueprints.api.leads.shapes import (
    DecisionsShape,
    EntryShape,
    HandedOutShape,
    LeadShape,
    LeadsShape,
    TakenShape,
    TimelineShape,
    decision_shape,
    entry_shape,
    lead_shape,
    taken_shape,
)
from portal.blueprints.api.repeats import Answered, named_request, repeatable
from portal.blueprints.api.takes import describe, takes
from portal.errors import Forbidden, Invalid
from portal.models import KeyScope, TimelineKind, Visibility
from portal.operations import (
    assignment,
    attempts,
    closing,
    conversion,
    entries,
    intake,
    lead_changes,
    reassigning,
    releasing,
    taking,
)
from portal.operations.arrival import Keep, KeptTaken, Taken
from portal.operations.bulk_hand_out import hand_out_unassigned
from portal.queries.conversion import conversion_of, conversions_of
from portal.queries.decisions import decisions_of, eyes_of
from portal.queries.lead_views import LeadView
from portal.queries.leads import LeadFilters, bucket_page, lead_after, lead_for
from portal.queries.reassignments import reassignments_shown
from portal.queries.timeline import entry_written, timeline_page

blueprint: Blueprint = APIBlueprint("leads", __name__, url_prefix="/leads", tag="Leads")


@blueprint.post("")
@open_to_intake
@answers((201, TakenShape), (200, TakenShape))
@describe(LeadForm)
def take_in() -> Response:
    """Take in a lead

    201 for a new lead; 200 when it was joined to an open lead of the same contact, or updated one by its external id.
    Once answered, it is on disk.
    """
    sender = holder()
    arriving = arriving_from(read_json(request))

    def answer_of(taken: Taken) -> tuple[int, dict[str, Any]]:
        brief = sender.scope == KeyScope.INTAKE
        # Nothing is asked of the sender's rights where all may read all names.
        names = brief or taken.masked_reason is None or eyes_of(acting_user()) is None
        return 201 if taken.created else 200, taken_shape(taken, brief=brief, names=names)

    asked = named_request()
    # The key is claimed, and the answer kept, by the same statements that take the lead in.
    kept = Keep(sender.key_id, asked.name, asked.fingerprint, answer_of) if asked else None
    taken = intake.take_in(arriving, holder=sender, kept=kept)
    if isinstance(taken, KeptTaken):
        return json_answer(taken.answer, taken.status)
    status, body = answer_of(taken)
    return json_answer(body, status)


@blueprint.get("")
@takes(LeadsForm, "query")
@answers((200, LeadsShape))
def list_leads(query: dict[str, Any]) -> Response:
    """List leads, the newest first: a bucket, or all the user sees

    Quarantined leads are listed only with `status=quarantined`.
    """
    bucket, cursor, limit = query.pop("bucket"), query.pop("cursor"), query.pop("limit")
    page = bucket_page(acting_user(), bucket, LeadFilters(**query), cursor, limit)
    conversions = conversions_of(acting_user(), [view.id for view in page.items if not view.masked])
    running = reassignments_shown([view.id for view in page.items])
    items = [lead_shape(view, conversions.get(view.id), running.get(view.id)) for view in page.items]
    return json_answer({"items": items, "next": page.next})


@blueprint.post("/hand-out")
@repeatable
@takes(HandOutForm)
@answers((200, HandedOutShape))
def hand_out(asked: dict[str, Any]) -> Answered:
    """Hand out many unassigned leads at once

    The same turns are played as one by one. A lead nobody can get now stays as it is.
    """
    filters = LeadFilters(**{name: asked[name] for name in ("pool", "source", "tag", "q", "since")})
    done = hand_out_unassigned(
        by=acting_user(), filters=filters, pool_id=asked["pool_id"], most=asked["most"], after=asked["after"]
    )
    return {"looked_at": done.looked_at, "went": done.went, "stayed": done.stayed, "last": done.last}, 200


@blueprint.get("/<uuid:lead_id>")
@answers((200, LeadShape))
def show_lead(lead_id: UUID) -> Response:
    """Show one lead"""
    return json_answer(_told(lead_for(acting_user(), lead_id)))


@blueprint.patch("/<uuid:lead_id>")
@takes(LeadChangesForm)
@answers((200, LeadShape))
def change_lead(lead_id: UUID, asked: dict[str, Any]) -> Response:
    """Correct what is known about a lead

    For its owner, and for those who hand out leads.
    """
    user = acting_user()
    if lead_for(user, lead_id).masked:
        raise Forbidden("This lead is on offer; only its owner or somebody who hands out leads may change it.")
    if asked.get("fields", ...) is None:
        asked["fields"] = {}
    lead_changes.change_lead(lead_id, asked, by=user)
    return json_answer(_now(lead_id))


@blueprint.post("/<uuid:lead_id>/assign")
@repeatable
@takes(AssignForm)
@answers((200, LeadShape))
def assign(lead_id: UUID, asked: dict[str, Any]) -> Answered:
    """Give a lead to a user, or with null back to Unassigned"""
    user = acting_user()
    lead_for(user, lead_id)
    assignment.assign(lead_id, asked["user_id"], by=user)
    return _now(lead_id), 200


@blueprint.post("/<uuid:lead_id>/route")
@repeatable
@takes(NothingForm)
@answers((200, LeadShape))
def route(lead_id: UUID, asked: dict[str, Any]) -> Answered:
    """Send an unassigned lead through the rules again

    Who was asked before is not asked again.
    """
    user = acting_user()
    lead_for(user, lead_id)
    taking.route_again(lead_id, by=user)
    return _now(lead_id), 200


@blueprint.post("/<uuid:lead_id>/release")
@repeatable
@takes(NothingForm)
@answers((200, LeadShape))
def release(lead_id: UUID, asked: dict[str, Any]) -> Answered:
    """Let go a lead that is held or quarantined: the rules say who gets it"""
    user = acting_user()
    lead_for(user, lead_id)
    releasing.release(lead_id, by=user)
    return _now(lead_id), 200


@blueprint.post("/<uuid:lead_id>/close")
@repeatable
@takes(CloseForm)
@answers((200, LeadShape))
def close(lead_id: UUID, asked: dict[str, Any]) -> Answered:
    """Close a lead

    Running offers are withdrawn. The reason `other` needs a note.
    """
    user = acting_user()
    lead_for(user, lead_id)
    closing.close(lead_id, reason=asked["reason"], note=asked["note"], by=user)
    return _now(lead_id), 200


@blueprint.post("/<uuid:lead_id>/take")
@repeatable
@takes(NothingForm)
@answers((200, LeadShape))
def take(lead_id: UUID, asked: dict[str, Any]) -> Answered:
    """Take a waiting lead oneself"""
    user = acting_user()
    lead_for(user, lead_id)
    taking.take(lead_id, by=user)
    return _now(lead_id), 200


@blueprint.post("/<uuid:lead_id>/reopen")
@repeatable
@takes(NothingForm)
@answers((200, LeadShape))
def reopen(lead_id: UUID, asked: dict[str, Any]) -> Answered:
    """Open a closed lead again: back to its owner, if still active. An open one stays as it is"""
    user = acting_user()
    lead_for(user, lead_id)
    closing.reopen(lead_id, by=user)
    return _now(lead_id), 200


@blueprint.post("/<uuid:lead_id>/reassign")
@repeatable
@takes(ReassignForm)
@answers((202, LeadShape))
def reassign(lead_id: UUID, asked: dict[str, Any]) -> Answered:
    """Hand an owned lead to a pool for reassignments

    Its owner keeps it until somebody takes it, and nobody else can be made its owner meanwhile. The first offer exists
    when this answers. Where nobody could get it, `reassignment` is null and the timeline says why.
    """
    user = acting_user()
    lead_for(user, lead_id)
    reassigning.reassign(lead_id, asked["pool_id"], by=user)
    return _now(lead_id), 202


@blueprint.delete("/<uuid:lead_id>/reassign")
@answers((200, LeadShape))
def cancel_reassignment(lead_id: UUID) -> Response:
    """Cancel a reassignment: the owner keeps the lead"""
    user = acting_user()
    lead_for(user, lead_id)
    reassigning.cancel(lead_id, by=user)
    return json_answer(_now(lead_id))


@blueprint.post("/<uuid:lead_id>/entries")
@repeatable
@takes(EntryForm)
@answers((201, EntryShape))
def write_entry(lead_id: UUID, asked: dict[str, Any]) -> Answered:
    """Write a comment or a memo

    A comment of the owner tells those who manage, one of theirs tells the owner. A memo tells nobody; with the
    visibility `managers` only those who manage read it.
    """
    user, text = acting_user(), asked["text"] or ""
    if asked["kind"] == TimelineKind.COMMENT:
        if asked["visibility"] != Visibility.EVERYONE:
            raise Invalid.field("visibility", "Only memos can be for managers alone. Comments are told to the owner.")
        entry = entries.write_comment(lead_id, text, by=user)
    else:
        entry = entries.write_memo(lead_id, text, visibility=asked["visibility"], by=user)
    return entry_shape(entry_written(user, lead_id, entry)), 201


@blueprint.patch("/<uuid:lead_id>/entries/<uuid:entry_id>")
@takes(EditForm)
@answers((200, EntryShape))
def edit_entry(lead_id: UUID, entry_id: UUID, asked: dict[str, Any]) -> Response:
    """Write one's own comment or memo anew, within 15 minutes"""
    user = acting_user()
    entries.edit_entry(lead_id, entry_id, asked["text"] or "", by=user)
    return json_answer(entry_shape(entry_written(user, lead_id, entry_id)))


@blueprint.post("/<uuid:lead_id>/attempts")
@repeatable
@takes(AttemptForm)
@answers((201, EntryShape))
def log_attempt(lead_id: UUID, asked: dict[str, Any]) -> Answered:
    """Log an attempt to reach the customer

    It moves the contact status on to `tried` or `contacted`, never back.
    """
    user = acting_user()
    entry = attempts.log_attempt(lead_id, by=user, **asked)
    return entry_shape(entry_written(user, lead_id, entry)), 201


@blueprint.put("/<uuid:lead_id>/conversion")
@takes(ConversionForm)
@answers((200, LeadShape))
def save_conversion(lead_id: UUID, asked: dict[str, Any]) -> Response:
    """Say what became of a lead

    For its owner and those who manage. Fields that are left out stay as they are.
    """
    seen = asked.pop("version", None)
    conversion.save_conversion(lead_id, by=acting_user(), seen=seen, **changes_from(asked))
    return json_answer(_now(lead_id))


@blueprint.get("/<uuid:lead_id>/timeline")
@takes(TimelineForm, "query")
@answers((200, TimelineShape))
def show_timeline(lead_id: UUID, query: dict[str, Any]) -> Response:
    """Show what happened to a lead, the newest first"""
    kinds = [query["kind"]] if query["kind"] else None
    page = timeline_page(acting_user(), lead_id, kinds, query["cursor"], query["limit"])
    return json_answer({"items": [entry_shape(view) for view in page.items], "next": page.next})


@blueprint.get("/<uuid:lead_id>/decisions")
@answers((200, DecisionsShape))
def show_decisions(lead_id: UUID) -> Response:
    """Show why a lead went where it went, the newest decision first"""
    decisions = decisions_of(acting_user(), lead_id)
    return json_answer({"items": [decision_shape(view) for view in decisions], "next": None})


def _now(lead_id: UUID) -> dict[str, Any]:
    """The lead as the user sees it after what they did."""
    return _told(lead_after(acting_user(), lead_id))


def _told(view: LeadView) -> dict[str, Any]:
    conversion = None if view.masked else conversion_of(acting_user(), view.id)
    return lead_shape(view, conversion, reassignments_shown([view.id]).get(view.id))
