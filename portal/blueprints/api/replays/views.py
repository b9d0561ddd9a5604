"""Replays: past leads through a draft, played in a worker."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from apiflask import APIBlueprint
from flask import Blueprint, Response

from portal.blueprints.api.access import acting_user
from portal.blueprints.api.answers import answers, json_answer
from portal.blueprints.api.repeats import Answered, repeatable
from portal.blueprints.api.replays.forms import NewReplayForm
from portal.blueprints.api.replays.shapes import ReplayShape, replay_shape
from portal.blueprints.api.takes import takes
from portal.errors import Invalid
from portal.operations import replays
from portal.permissions import Right, require_company_wide
from portal.queries.replays import draft_now, replay_named

blueprint: Blueprint = APIBlueprint("replays", __name__, url_prefix="/replays", tag="Replays")


@blueprint.post("")
@repeatable
@takes(NewReplayForm)
@answers((202, ReplayShape))
def start_replay(asked: dict[str, Any]) -> Answered:
    """Replay past leads through today's set-up and a draft; ask for it again to see how far it is"""
    draft = asked.get("draft")
    if draft is None:
        kept = draft_now()
        if kept is None:
            raise Invalid.field("draft", "There is no draft. Send one, or begin one on the settings pages.")
        draft = kept.data
    return replay_shape(replays.start_replay(draft, asked["since"], asked["until"], by=acting_user())), 202


@blueprint.get("/<uuid:replay_id>")
@answers((200, ReplayShape))
def show_replay(replay_id: UUID) -> Response:
    """Show how far a replay is, and what came of it"""
    require_company_wide(acting_user(), Right.DISTRIBUTION)
    return json_answer(replay_shape(replay_named(replay_id)))
