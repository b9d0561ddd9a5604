"""A draft the demo's owner is at, and a replay of two weeks that she asked for: the worker plays it at the start."""

from __future__ import annotations

from copy import deepcopy
from datetime import datetime, timedelta

from portal.demo.cast import EVERYDAY
from portal.models import User
from portal.operations.draft_changes import with_pool
from portal.operations.drafts import begin_draft, save_draft
from portal.operations.replays import start_replay

_BACK = timedelta(days=14)


def try_other_weights(by: User, until: datetime) -> None:
    """Have the first two of the everyday pool get twice as many leads, in a draft, and see what that comes to."""
    data = deepcopy(begin_draft(by=by).data)
    place = [pool["name"] for pool in data["pools"]].index(EVERYDAY.name)
    weights = [member["weight"] for member in data["pools"][place]["members"]]
    changed = with_pool(data, place, {}, [*(2 * weight for weight in weights[:2]), *weights[2:]])
    save_draft(changed, by=by)
    start_replay(changed, until - _BACK, until, by=by)
