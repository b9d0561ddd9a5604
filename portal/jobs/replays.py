"""Playing replays that were asked for. Outside work: it may take a minute, and nobody's lead waits for it."""

from __future__ import annotations

from uuid import UUID

from portal.jobs.shell import job
from portal.models.tenancy import inside_company
from portal.operations import replays
from portal.queue import OUTSIDE, Job, work_queue


def playing(company_id: UUID, replay_id: UUID) -> Job:
    """The job that plays one replay."""
    ids = (str(company_id), str(replay_id))
    return Job(f"replay:{replay_id}", OUTSIDE, "portal.jobs.replays.play_replay", ids, seconds=900)


@job
def play_replay(company_id: str, replay_id: str) -> bool:
    """Play a replay unless somebody does already. Whether it was ours."""
    company, replay = UUID(company_id), UUID(replay_id)
    work_queue().started(playing(company, replay).name)
    with inside_company(company):
        claim = replays.claim_replay(company, replay)
        if claim is not None:
            replays.play(claim)
    return claim is not None
