"""How pools and their ledgers are told."""

from __future__ import annotations

from typing import Any

from portal.blueprints.api.fields import Choice, Figure, Flag, Form, Free, Id, Moment, Part, Several, Text, Whole
from portal.blueprints.api.users.shapes import CapsShape
from portal.models import TagMember
from portal.queries.pools import PoolView, Standing, in_leads
from portal.routing.facts import DefaultMode, Delivery, Picker, Timer, WhenNobody
from portal.routing.route import Turn


class MemberShape(Form):
    """A user in a pool, or a tag that stands for all who carry it: one of the two."""

    user_id = Id()
    agent_tag = Text()
    weight = Whole(required=True)
    priority = Whole(required=True)
    caps = Part(CapsShape, required=True)


class PoolShape(Form):
    """A pool."""

    id = Id(required=True)
    name = Text(required=True)
    team_id = Id(allow_none=True, required=True)
    picker = Choice(Picker, required=True)
    single_user_id = Id(allow_none=True, required=True)
    delivery = Choice(Delivery, required=True)
    window_seconds = Whole(required=True)
    timer = Choice(Timer, required=True)
    hours = Free(allow_none=True, required=True)
    max_offers = Whole(required=True)
    default_assignee_ids = Several(Id(), required=True)
    default_mode = Choice(DefaultMode, allow_none=True, required=True)
    last_call_seconds = Whole(allow_none=True, required=True)
    next_pool_id = Id(allow_none=True, required=True)
    when_nobody_available = Choice(WhenNobody, required=True)
    forfeit_at_cap = Flag(required=True)
    pond_limit = Whole(allow_none=True, required=True)
    contact_within = Whole(allow_none=True, required=True)
    for_reassignment = Flag(required=True)
    members = Several(Part(MemberShape), required=True)
    created_at = Moment(required=True)


class PoolsShape(Form):
    """All pools, by name."""

    items = Several(Part(PoolShape), required=True)
    next = Text(allow_none=True, required=True)


class StandingShape(Form):
    """A member's place in the turn ledger; figures in leads."""

    user_id = Id(required=True)
    weight = Whole(required=True)
    share = Figure(required=True)
    credit = Figure(required=True)
    second_credit = Figure(required=True)
    entitled = Figure(required=True)
    received = Figure(required=True)


class LedgerShape(Form):
    """A pool's turn ledger."""

    items = Several(Part(StandingShape), required=True)
    next = Text(allow_none=True, required=True)


class TurnShape(Form):
    """A turn to come: who, and what they are owed by then, in leads."""

    user_id = Id(required=True)
    name = Text(required=True)
    owed = Figure(required=True)


class TurnsShape(Form):
    """The turns to come, for a plain lead, as things stand."""

    items = Several(Part(TurnShape), required=True)
    next = Text(allow_none=True, required=True)


def pool_shape(view: PoolView) -> dict[str, Any]:
    """A pool as the API tells it."""
    pool = view.pool
    return {
        "id": pool.id,
        "name": pool.name,
        "team_id": pool.team_id,
        "picker": pool.picker,
        "single_user_id": pool.single_user_id,
        "delivery": pool.delivery,
        "window_seconds": pool.window_seconds,
        "timer": pool.timer,
        "hours": pool.hours,
        "max_offers": pool.max_offers,
        "default_assignee_ids": view.default_assignee_ids,
        "default_mode": pool.default_mode,
        "last_call_seconds": pool.last_call_seconds,
        "next_pool_id": pool.next_pool_id,
        "when_nobody_available": pool.when_nobody_available,
        "forfeit_at_cap": pool.forfeit_at_cap,
        "pond_limit": pool.pond_limit,
        "contact_within": pool.contact_within,
        "for_reassignment": pool.for_reassignment,
        "members": [
            {"user_id": user_id} | _part(TagMember(weight, view.priorities[user_id], view.caps[user_id]))
            for user_id, weight in view.own
        ]
        + [{"agent_tag": text} | _part(part) for text, part in view.tags.items()],
        "created_at": pool.created_at,
    }


def _part(part: TagMember) -> dict[str, Any]:
    return {"weight": part.weight, "priority": part.priority, "caps": part.caps._asdict()}


def standing_shape(standing: Standing) -> dict[str, Any]:
    """A line of the ledger as the API tells it: decimals, not rounded."""
    return {
        "user_id": standing.user_id,
        "weight": standing.weight,
        "share": standing.share,
        "credit": standing.credit,
        "second_credit": standing.second_credit,
        "entitled": standing.entitled,
        "received": standing.received,
    }


def turn_shape(turn: Turn) -> dict[str, Any]:
    """A turn to come as the API tells it."""
    return {"user_id": turn.user_id, "name": turn.name, "owed": in_leads(turn.owed)}
