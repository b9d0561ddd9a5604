"""How leads, and what happened to them, are told."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Any

from portal.blueprints.api.fields import Choice, Figure, Flag, Form, Free, Id, Moment, Part, Several, Text, Whole
from portal.models import (
    ActorType,
    Channel,
    CloseReason,
    ContactStatus,
    LeadState,
    StatusGroup,
    TimelineKind,
    Trigger,
    Visibility,
)
from portal.operations.arrival import Taken
from portal.queries.buckets import Bucket
from portal.queries.contacts import ContactView
from portal.queries.conversion import ConversionView
from portal.queries.decisions import DecisionView
from portal.queries.lead_views import LeadView
from portal.queries.pools import in_leads
from portal.queries.reassignments import ReassignmentView
from portal.queries.timeline import TimelineView
from portal.routing.facts import Outcome, Stage, WaitingFor

OUTCOMES = ("assigned", "offered", "attached", "updated", "held", "quarantined", "unassigned")


class WarningShape(Form):
    """Something to know although the lead was taken."""

    code = Text(required=True)
    message = Text(required=True)


class RoutingShape(Form):
    """What became of a lead. With an intake key, the outcome only."""

    outcome = Choice(OUTCOMES, required=True)
    owner_id = Id(allow_none=True)
    offers = Several(Id())
    decision_id = Id(allow_none=True)
    pool_id = Id(allow_none=True)
    rule_id = Id(allow_none=True)
    reason = Text()


class TakenShape(Form):
    """The answer to a lead. With an intake key: id, state, outcome and warnings."""

    id = Id(required=True)
    state = Choice(LeadState, required=True)
    waiting_for = Choice(WaitingFor, allow_none=True)
    owner_id = Id(allow_none=True)
    contact_id = Id()
    tags_found = Several(Text())
    routing = Part(RoutingShape, required=True)
    warnings = Several(Part(WarningShape), required=True)


class HandedOutShape(Form):
    """How many leads were looked at, went to somebody and stayed as they were; and the last one, to go on behind."""

    looked_at = Whole(required=True)
    went = Whole(required=True)
    stayed = Whole(required=True)
    last = Id(allow_none=True, required=True)


class ContactShape(Form):
    """The customer. Empty while the lead is masked."""

    id = Id(allow_none=True, required=True)
    name = Text(allow_none=True, required=True)
    phones = Several(Text(), required=True)
    emails = Several(Text(), required=True)


class MoneyShape(Form):
    """Money."""

    amount = Text(required=True)
    currency = Text(required=True)


class ConversionShape(Form):
    """What became of a lead. `version` grows with each change, from 0. Empty while the lead is masked."""

    contact_status = Choice(ContactStatus)
    status_id = Id()
    status = Text()
    status_group = Choice(StatusGroup)
    expected_value = Part(MoneyShape, allow_none=True)
    expected_close_on = Text(allow_none=True, metadata={"format": "date"})
    actual_value = Part(MoneyShape, allow_none=True)
    won_on = Text(allow_none=True, metadata={"format": "date"})
    lost_reason_id = Id(allow_none=True)
    lost_reason = Text(allow_none=True)
    note = Text(allow_none=True)
    version = Whole()
    changed_at = Moment(allow_none=True)
    changed_by = Text(allow_none=True)


class ReassignmentShape(Form):
    """A reassignment that runs. `from` owns the lead until it ends; `started_by` is null where nobody logged a contact
    in time."""

    id = Id(required=True)
    pool_id = Id(required=True)
    pool = Text(required=True)
    trigger = Choice(Trigger, required=True)
    from_user_id = Id(required=True, data_key="from", attribute="from")
    started_by = Id(allow_none=True, required=True)
    started_at = Moment(required=True)


class LeadShape(Form):
    """A lead, as the key's user may see it. While `masked`, nothing of the customer is told."""

    id = Id(required=True)
    external_id = Text(allow_none=True, required=True)
    team_id = Id(allow_none=True, required=True)
    state = Choice(LeadState, required=True)
    waiting_for = Choice(WaitingFor, allow_none=True, required=True)
    held_until = Moment(allow_none=True, required=True)
    needs_attention = Flag(required=True)
    masked = Flag(required=True)
    bucket = Choice(Bucket, required=True)
    owner_id = Id(allow_none=True, required=True)
    pool_id = Id(allow_none=True, required=True)
    roles = Free(required=True)
    contact = Part(ContactShape, required=True)
    text = Text(allow_none=True, required=True)
    source = Text(allow_none=True, required=True)
    channel = Choice(Channel, required=True)
    lead_type = Text(allow_none=True, required=True)
    fields = Free(required=True)  # type: ignore[assignment]  # a declared field never shadows the attribute
    location = Free(allow_none=True, required=True)
    price = Free(allow_none=True, required=True)
    language = Text(allow_none=True, required=True)
    tags_found = Several(Text(), required=True)
    flags = Several(Text(), required=True)
    match_score = Whole(allow_none=True, required=True)
    conversion = Part(ConversionShape, required=True)
    reassignment = Part(ReassignmentShape, allow_none=True, required=True)
    received_at = Moment(allow_none=True, required=True)
    created_at = Moment(required=True)
    last_activity_at = Moment(required=True)
    assigned_at = Moment(allow_none=True, required=True)
    closed_at = Moment(allow_none=True, required=True)
    close_reason = Choice(CloseReason, allow_none=True, required=True)
    close_note = Text(allow_none=True, required=True)


class LeadsShape(Form):
    """A page of leads, the newest first."""

    items = Several(Part(LeadShape), required=True)
    next = Text(allow_none=True, required=True)


class ActorShape(Form):
    """Who did it."""

    type = Choice(ActorType, required=True)
    id = Id(allow_none=True, required=True)
    name = Text(required=True)


class EntryShape(Form):
    """An entry of a timeline."""

    id = Id(required=True)
    at = Moment(required=True)
    kind = Choice(TimelineKind, required=True)
    actor = Part(ActorShape, required=True)
    text = Text(allow_none=True, required=True)
    before = Free(allow_none=True, required=True)
    after = Free(allow_none=True, required=True)
    visibility = Choice(Visibility, required=True)
    edited_at = Moment(allow_none=True, required=True)


class TimelineShape(Form):
    """A page of a lead's timeline, the newest entry first."""

    items = Several(Part(EntryShape), required=True)
    next = Text(allow_none=True, required=True)


class RuleCheckShape(Form):
    """One rule held against the lead."""

    id = Id(required=True)
    name = Text(required=True)
    met = Flag(required=True)
    why = Text(required=True)
    team = Text(allow_none=True, required=True, metadata={"description": "Whose list it is in; null = the company's."})
    sends_to = Text(allow_none=True, required=True, metadata={"description": "The team whose list came next."})


class CandidateShape(Form):
    """One person looked at. Credits in leads; null where no turn is played. Where names are masked, `name` is a mask
    and `user_id` null for everybody else than the key's user, and `chosen` leaves them out."""

    user_id = Id(required=True, allow_none=True)
    name = Text(required=True)
    stage = Choice(Stage, required=True)
    eligible = Flag(required=True)
    gate = Text(allow_none=True, required=True)
    reason = Text(allow_none=True, required=True)
    tags = Several(Text(), required=True)
    score = Whole(allow_none=True, required=True)
    weight = Whole(allow_none=True, required=True)
    credit_before = Figure(allow_none=True, required=True)
    credit_after = Figure(allow_none=True, required=True)


class StepShape(Form):
    """A step of routing: what was decided, and why."""

    at = Moment(required=True)
    pool_id = Id(allow_none=True, required=True)
    rule_id = Id(allow_none=True, required=True)
    rules = Several(Part(RuleCheckShape), required=True)
    candidates = Several(Part(CandidateShape), required=True)
    chosen = Several(Id(), required=True)
    stage = Choice(Stage, required=True)
    outcome = Choice(Outcome, required=True)
    why = Text(required=True)


class DecisionShape(StepShape):
    """A stored decision on a lead. `sentences` tell the whole story."""

    id = Id(required=True)
    lead_id = Id(required=True)
    sentences = Several(Text(), required=True)
    # The version of the set-up it was made under; null before anything was changed.
    rule_set = Whole(allow_none=True, required=True)


class DecisionsShape(Form):
    """The decisions on a lead, the newest first."""

    items = Several(Part(DecisionShape), required=True)
    next = Text(allow_none=True, required=True)


def taken_shape(taken: Taken, *, brief: bool, names: bool = True) -> dict[str, Any]:
    """What became of a lead, as the API tells it.

    Args:
        brief: for an intake key: no names, no reasons.
        names: whether the reason may name others.
    """
    warnings = [{"code": code, "message": message} for code, message in taken.warnings]
    if brief:
        routing: dict[str, Any] = {"outcome": taken.outcome}
        return {"id": taken.lead_id, "state": taken.state, "routing": routing, "warnings": warnings}
    routing = {
        "outcome": taken.outcome,
        "owner_id": taken.owner_id,
        "offers": taken.offers,
        "decision_id": taken.decision_id,
        "pool_id": taken.pool_id,
        "rule_id": taken.rule_id,
        "reason": taken.reason_told(names=names),
    }
    return {
        "id": taken.lead_id,
        "state": taken.state,
        "waiting_for": taken.waiting_for,
        "owner_id": taken.owner_id,
        "contact_id": taken.contact_id,
        "tags_found": taken.tags_found,
        "routing": routing,
        "warnings": warnings,
    }


def lead_shape(
    view: LeadView, conversion: ConversionView | None, reassignment: ReassignmentView | None = None
) -> dict[str, Any]:
    """A lead as the API tells it.

    Args:
        conversion: what became of it; None while it is masked.
        reassignment: the one that runs, if any.
    """
    return {
        "id": view.id,
        "external_id": view.external_id,
        "team_id": view.team_id,
        "state": view.state,
        "waiting_for": view.waiting_for,
        "held_until": view.held_until,
        "needs_attention": view.needs_attention,
        "masked": view.masked,
        "bucket": view.bucket,
        "owner_id": view.owner_id,
        "pool_id": view.pool_id,
        "roles": {},
        "contact": _contact_shape(view.contact),
        "text": view.text,
        "source": view.source,
        "channel": view.channel,
        "lead_type": view.lead_type,
        "fields": view.fields,
        "location": view.location,
        "price": view.price,
        "language": view.language,
        "tags_found": view.tags_found,
        "flags": view.flags,
        "match_score": None,
        "conversion": conversion_shape(conversion) if conversion else {},
        "reassignment": reassignment_shape(reassignment) if reassignment else None,
        "received_at": view.received_at,
        "created_at": view.created_at,
        "last_activity_at": view.last_activity_at,
        "assigned_at": view.assigned_at,
        "closed_at": view.closed_at,
        "close_reason": view.close_reason,
        "close_note": view.close_note,
    }


def reassignment_shape(view: ReassignmentView) -> dict[str, Any]:
    """A reassignment that runs as the API tells it."""
    return {
        "id": view.id,
        "pool_id": view.pool_id,
        "pool": view.pool,
        "trigger": view.trigger,
        "from": view.from_user_id,
        "started_by": view.started_by,
        "started_at": view.started_at,
    }


def conversion_shape(view: ConversionView) -> dict[str, Any]:
    """What became of a lead as the API tells it."""
    return {
        "contact_status": view.contact_status,
        "status_id": view.status_id,
        "status": view.status,
        "status_group": view.status_group,
        "expected_value": _money(view.expected_value, view.currency),
        "expected_close_on": view.expected_close_on,
        "actual_value": _money(view.actual_value, view.currency),
        "won_on": view.won_on,
        "lost_reason_id": view.lost_reason_id,
        "lost_reason": view.lost_reason,
        "note": view.note,
        "version": view.version,
        "changed_at": view.changed_at,
        "changed_by": view.changed_by,
    }


def _money(amount: Decimal | None, currency: str | None) -> dict[str, str | None] | None:
    return None if amount is None else {"amount": f"{amount:.2f}", "currency": currency}


def _contact_shape(contact: ContactView | None) -> dict[str, Any]:
    if contact is None:
        return {"id": None, "name": None, "phones": [], "emails": []}
    phones = [phone.value or phone.raw for phone in contact.phones]
    return {"id": contact.id, "name": contact.name, "phones": phones, "emails": contact.emails}


def entry_shape(view: TimelineView) -> dict[str, Any]:
    """An entry of a timeline as the API tells it."""
    return {
        "id": view.id,
        "at": view.at,
        "kind": view.kind,
        "actor": {"type": view.actor_type, "id": view.actor_id, "name": view.actor_name},
        "text": view.text,
        "before": view.before,
        "after": view.after,
        "visibility": view.visibility,
        "edited_at": view.edited_at,
    }


def decision_shape(view: DecisionView) -> dict[str, Any]:
    """A stored decision as the API tells it."""
    told = {"sentences": view.sentences, "rule_set": view.rule_set}
    return {"id": view.id, "lead_id": view.lead_id} | step_shape(view.told) | told


def step_shape(data: dict[str, Any]) -> dict[str, Any]:
    """A step of routing, from a decision's data."""
    told = ("pool_id", "rule_id", "chosen", "stage", "outcome", "why")
    rules = [{"team": None, "sends_to": None} | row for row in data["rules"]]
    candidates = [_candidate_shape(row) for row in data["candidates"]]
    at = datetime.fromisoformat(data["at"])
    return {"at": at} | {name: data[name] for name in told} | {"rules": rules, "candidates": candidates}


def _candidate_shape(row: dict[str, Any]) -> dict[str, Any]:
    told = ("user_id", "name", "stage", "eligible", "gate", "reason", "tags", "score", "weight")
    credit = {name: None if row[name] is None else in_leads(row[name]) for name in ("credit_before", "credit_after")}
    return {name: row[name] for name in told} | credit
