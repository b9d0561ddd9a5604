"""Replays: past leads through today's set-up and a drafted one. Asked for here, played in a worker, told as counts.

A replay is claimed with a lease and a fencing number, as all work outside is: a worker that was killed is followed by
another, and whoever was held up past their lease changes nothing any more.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import delete, func, or_, select, update

from portal.errors import Conflict, FieldError, Invalid, ProductError
from portal.extensions import db
from portal.models import DueWork, Pool, Replay, ReplayState, User, WorkKind, new_id
from portal.operations.one_at_a_time import hold_still
from portal.operations.setup_apply import carried_out_for_a_moment, plan_setup
from portal.operations.transaction import operation
from portal.operations.writes import Writes
from portal.permissions import Right, require_company_wide
from portal.queries import routing_facts, setup
from portal.queries.clock import database_time
from portal.queries.past_leads import count_past_leads, past_leads
from portal.queries.replays import is_one_running
from portal.routing import replay as routing
from portal.routing.facts import Rule, Stage

LEASE = timedelta(seconds=30)
LONGEST = timedelta(days=366)
MOST_ATTEMPTS = 3
_GIVEN_UP = "It was begun three times and never came to an end. Choose fewer days."


@operation
def start_replay(draft: Any, since: datetime, until: datetime, *, by: User) -> Replay:
    """Have the leads of a time replayed through today's set-up and `draft`, in a worker.

    Args:
        draft: as `setup_file` reads it.
        since, until: leads that came in from the one on, and before the other; a year at most.

    Raises:
        Forbidden: no right to.
        Invalid: the draft or the time makes no sense; the draft's places begin with `draft`.
        Conflict: another one is under way.
    """
    require_company_wide(by, Right.DISTRIBUTION)
    if not since < until:
        raise Invalid.field("to", "The end must lie after the beginning.")
    if until - since > LONGEST:
        raise Invalid.field("from", "Choose a year at most.")
    hold_still("replays")
    if is_one_running():
        raise Conflict("A replay is under way. Wait until it has ended.")
    _refuse_nonsense(draft, by)
    asked = Replay(
        company_id=by.company_id, id=new_id(), asked_by=by.id, since=since, until=until, draft=draft
    )  # fmt: skip
    db.session.add(asked)
    db.session.flush()
    writes = Writes(by.company_id, database_time())
    writes.work(WorkKind.REPLAY, asked.id, writes.at)
    writes.flush()
    db.session.refresh(asked)
    return asked


def _refuse_nonsense(draft: Any, by: User) -> None:
    try:
        plan_setup(draft, by=by)
    except Invalid as error:
        errors = [FieldError(f"draft.{each.field}", each.message) for each in error.errors]
        raise Invalid(error.detail, errors) from error


@dataclass(frozen=True, slots=True)
class Claim:
    """A replay that is ours to play while `fence` is the number in its row of due work."""

    company_id: UUID
    replay_id: UUID
    fence: int


@operation
def claim_replay(company_id: UUID, replay_id: UUID) -> Claim | None:
    """Take a replay nobody holds; None when somebody does, or it is over."""
    now = func.clock_timestamp()
    free = or_(DueWork.leased_until.is_(None), DueWork.leased_until <= now)
    taken = db.session.execute(
        update(DueWork)
        .where(*_work_of(company_id, replay_id), free)
        .values(leased_until=now + LEASE, fence=DueWork.fence + 1, attempts=DueWork.attempts + 1)
        .returning(DueWork.fence, DueWork.attempts)
    ).one_or_none()
    if taken is None:
        return None
    claim = Claim(company_id, replay_id, taken.fence)
    if taken.attempts > MOST_ATTEMPTS:
        _end(claim, ReplayState.FAILED, error=_GIVEN_UP)
        return None
    return claim


def play(claim: Claim) -> None:
    """Play a claimed replay to its end. What goes wrong in it is its own visible end."""
    try:
        _play(claim)
    except ProductError as error:
        db.session.rollback()
        _finish(claim, ReplayState.FAILED, error=error.detail)


def _play(claim: Claim) -> None:
    asked = db.session.get_one(Replay, (claim.company_id, claim.replay_id))
    by = db.session.get_one(User, (claim.company_id, asked.asked_by))
    since, until, draft = asked.since, asked.until, asked.draft
    ready = setup.setup_of(claim.company_id)
    today = _setup_now(claim.company_id)
    drafted, tagger = carried_out_for_a_moment(
        draft,
        lambda _: (_setup_now(claim.company_id), setup.setup_of(claim.company_id).tagger),
        by=by,
    )
    runs = routing.Replay(today), routing.Replay(drafted)
    total, played = count_past_leads(claim.company_id, since, until), 0
    for page in past_leads(claim.company_id, since, until, ready):
        for past in page:
            runs[0].route(past)
            # What a tag is worth is part of the draft.
            lead = replace(past.lead, found=tagger.named(past.lead.tags)) if past.lead.tags else past.lead
            runs[1].route(replace(past, lead=lead))
        played += len(page)
        db.session.rollback()
        if not _progress(claim, total, played):
            return
    result = {"today": _told(runs[0].tally, today), "draft": _told(runs[1].tally, drafted)}
    _finish(claim, ReplayState.DONE, result=result)


def _setup_now(company_id: UUID) -> routing.Setup:
    """Rules, pools with their people as they stand, and everybody, as a replay takes them."""
    ready = setup.setup_of(company_id)
    pools = db.session.scalars(select(Pool.id).where(Pool.company_id == company_id, Pool.deleted_at.is_(None))).all()
    facts = {pool_id: routing_facts.pool_facts(company_id, pool_id, ready) for pool_id in pools}
    people = {team_id: routing_facts.team_facts(company_id, team_id, ready) for team_id in ready.teams}
    everyone = routing_facts.everyone(company_id, ready)
    return routing.Setup(ready.rules, facts, everyone, ready.policy, ready.teams, people)


@operation
def _progress(claim: Claim, total: int, played: int) -> bool:
    """Note how far it is, and hold it for another lease. False when it is no longer ours."""
    held = db.session.execute(
        update(DueWork)
        .where(*_work_of(claim.company_id, claim.replay_id), DueWork.fence == claim.fence)
        .values(leased_until=func.clock_timestamp() + LEASE)
        .returning(DueWork.id)
    ).one_or_none()
    if held is None:
        return False
    _change(claim, state=ReplayState.RUNNING.value, total=total, played=played)
    return True


@operation
def _finish(claim: Claim, state: ReplayState, **columns: Any) -> None:
    _end(claim, state, **columns)


def _end(claim: Claim, state: ReplayState, **columns: Any) -> None:
    """The last word, unless somebody else has the work by now."""
    ours = db.session.execute(
        delete(DueWork)
        .where(*_work_of(claim.company_id, claim.replay_id), DueWork.fence == claim.fence)
        .returning(DueWork.id)
    ).one_or_none()
    if ours is not None:
        _change(claim, state=state.value, ended_at=func.clock_timestamp(), **columns)


def _change(claim: Claim, **columns: Any) -> None:
    its = (Replay.company_id == claim.company_id, Replay.id == claim.replay_id)
    db.session.execute(update(Replay).where(*its).values(**columns))


def _work_of(company_id: UUID, replay_id: UUID) -> tuple[Any, ...]:
    return DueWork.company_id == company_id, DueWork.kind == WorkKind.REPLAY, DueWork.subject_id == replay_id


def _told(tally: routing.Tally, played: routing.Setup) -> dict[str, Any]:
    """A tally as JSON: people and rules by id and name, as they are called in the set-up that was played."""
    names = {one.user_id: one.name for pool in played.pools.values() for one in pool.members}
    names |= {one.user_id: one.name for one in played.everyone}
    people = tally.received.keys() | tally.missed.keys() | tally.declined.keys()
    by_rule = [{"name": rule.name, "team": team, "leads": tally.by_rule[rule.id]} for team, rule in _lists(played)]
    line = tally.stages[Stage.LINE]
    return {
        "leads": sum(tally.stages.values()),
        "people": sorted(
            (
                {
                    "user_id": str(user_id),
                    "name": names.get(user_id, "somebody who left"),
                    "received": tally.received[user_id],
                    "missed": tally.missed[user_id],
                    "declined": tally.declined[user_id],
                }
                for user_id in people
            ),
            key=lambda row: (-int(row["received"]), str(row["name"])),
        ),
        "rules": by_rule,
        "ladder": sum(tally.stages.values()) - line,
        "stages": _plain(tally.stages),
        "outcomes": _plain(tally.outcomes),
    }


def _lists(played: routing.Setup) -> Iterator[tuple[str | None, Rule]]:
    """All rules, each with the name of the team whose list it stands in."""
    yield from ((None, rule) for rule in played.rules)
    for team in sorted(played.teams.values(), key=lambda team: team.name):
        yield from ((team.name, rule) for rule in team.rules)


def _plain(counts: Mapping[Any, int] | Counter[Any]) -> dict[str, int]:
    return {str(name): count for name, count in counts.items()}
