"""How a replay is told."""

from __future__ import annotations

from typing import Any

from portal.blueprints.api.fields import Choice, Form, Free, Id, Moment, Text, Whole
from portal.models import Replay, ReplayState

RESULT = """`today` and `draft`, each with `leads`, `people` (`user_id`, `name`, `received`, `missed`, `declined`),
`rules` (`name`, `team`, `leads`), `ladder` (leads nobody in the line took), `stages` and
`outcomes`. null until it is done."""


class ReplayShape(Form):
    """Past leads through today's set-up and a drafted one."""

    id = Id(required=True)
    state = Choice(ReplayState, required=True)
    since = Moment(data_key="from", required=True)
    until = Moment(data_key="to", required=True)
    total = Whole(allow_none=True, required=True)
    played = Whole(required=True)
    result = Free(allow_none=True, required=True, metadata={"description": RESULT})
    error = Text(allow_none=True, required=True)
    created_at = Moment(required=True)
    ended_at = Moment(allow_none=True, required=True)


def replay_shape(replay: Replay) -> dict[str, Any]:
    """A replay as the API tells it."""
    return {
        "id": replay.id,
        "state": replay.state,
        "from": replay.since,
        "to": replay.until,
        "total": replay.total,
        "played": replay.played,
        "result": replay.result,
        "error": replay.error,
        "created_at": replay.created_at,
        "ended_at": replay.ended_at,
    }
