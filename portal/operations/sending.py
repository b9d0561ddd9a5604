"""Messages on their way out: claiming them, and what became of each.

A claim is a lease of 30 seconds with a fencing number in the message's row of due work. Whoever was held up past its
lease finds another number there, and changes nothing any more.

How often a message was tried is counted twice: `due_work.attempts` when an attempt begins, `messages.attempts` when it
is known how it went. The difference is attempts that may have been delivered without our knowing: a crash between
sending and recording, a server that fell silent after taking the message. After two of them there may be two copies,
and there must not be a third.
"""

from __future__ import annotations

import random
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import Interval, and_, delete, func, literal, or_, select, update
from sqlalchemy.sql import ColumnElement

from portal.extensions import db
from portal.integrations.errors import DeliveryError
from portal.metrics import MESSAGES
from portal.models import DueWork, Message, MessageState, WorkKind
from portal.operations.transaction import after_commit, operation

LEASE = timedelta(seconds=30)
MOST_ATTEMPTS = 8
MOST_UNKNOWN = 2
_NEVER_CONFIRMED = "It was handed over twice without an answer, so it may have arrived; it is not sent a third time."


@dataclass(frozen=True, slots=True)
class Claim:
    """One message that is ours to send while `fence` is the number in its row."""

    company_id: UUID
    work_id: UUID
    message_id: UUID
    fence: int


@dataclass(frozen=True, slots=True)
class Outgoing:
    """What is sent to whom; its words are made from `queries.message_facts`."""

    message_id: UUID
    channel: str
    to: str
    written_at: datetime


@operation
def claim(company_id: UUID, work_ids: Sequence[UUID]) -> list[Claim]:
    """Take those of the due messages that nobody holds.

    Args:
        company_id: the company entered.
        work_ids: rows of due work, as `across.work_due` gave them.
    """
    now = func.clock_timestamp()
    free = (
        select(DueWork.id)
        .where(
            DueWork.company_id == company_id,
            DueWork.id.in_(list(work_ids)),
            DueWork.kind == WorkKind.SEND_MESSAGE,
            DueWork.due_at <= now,
            or_(DueWork.leased_until.is_(None), DueWork.leased_until <= now),
        )
        .with_for_update(skip_locked=True)
    )
    taken = db.session.execute(
        update(DueWork)
        .where(DueWork.company_id == company_id, DueWork.id.in_(free))
        .values(leased_until=_lease_end(), fence=DueWork.fence + 1)
        .returning(DueWork.id, DueWork.subject_id, DueWork.fence)
        .execution_options(synchronize_session=False)
    )
    return [Claim(company_id, row.id, row.subject_id, row.fence) for row in taken]


@operation
def begin(claim: Claim) -> Outgoing | None:
    """The message to send now, with a fresh lease; None when it is no longer ours or must not be sent again.

    To be called right before sending: from here on the attempt counts, however it ends.
    """
    begun = _renewed(claim, attempts=DueWork.attempts + 1)
    message = db.session.get(Message, (claim.company_id, claim.message_id), populate_existing=True)
    if begun is None or message is None:
        return None
    if message.state != MessageState.PENDING:
        _remove_work(claim)
        return None
    if begun - 1 - message.attempts >= MOST_UNKNOWN:
        _end(claim, message.channel, _NEVER_CONFIRMED)
        return None
    return Outgoing(message.id, message.channel, message.to, message.created_at)


@operation
def renew(claim: Claim) -> bool:
    """Hold it for another lease while sending takes its time. False when it is no longer ours."""
    return _renewed(claim) is not None


@operation
def sent(claim: Claim) -> bool:
    """Record that it went out. False, and nothing changed, when it is no longer ours."""
    attempts = _remove_work(claim)
    if attempts is None:
        return False
    channel = db.session.scalar(
        update(Message)
        .where(_is_pending(claim))
        .values(state=MessageState.SENT, sent_at=func.clock_timestamp(), attempts=attempts, error=None)
        .returning(Message.channel)
        .execution_options(synchronize_session=False)
    )
    _count(channel, MessageState.SENT)
    return True


@operation
def failed(claim: Claim, error: DeliveryError) -> bool:
    """Record that it did not go out: it is tried again later, or ends as failed with the provider's words.

    Returns:
        Whether it is tried again. False as well when it is no longer ours; then nothing changed.
    """
    message = db.session.get(Message, (claim.company_id, claim.message_id), populate_existing=True)
    begun = db.session.scalar(
        select(DueWork.attempts).where(_is_ours(claim)).with_for_update().execution_options(populate_existing=True)
    )
    if message is None or begun is None:
        return False
    known = message.attempts + (0 if error.unconfirmed else 1)
    if error.permanent or begun >= MOST_ATTEMPTS:
        _end(claim, message.channel, error.words)
        return False
    if begun - known >= MOST_UNKNOWN:
        _end(claim, message.channel, f"{error.words} {_NEVER_CONFIRMED}")
        return False
    _try_later(claim, begun, known, error.words)
    return True


@operation
def give_back(claims: Iterable[Claim]) -> None:
    """Let go of messages that were not begun; they are due as before."""
    for held in claims:
        db.session.execute(
            update(DueWork).where(_is_ours(held)).values(leased_until=None).execution_options(synchronize_session=False)
        )


@operation
def leave_in_outbox(company_id: UUID, work_ids: Sequence[UUID]) -> None:
    """Nothing can be sent without a channel: the messages stay pending, to be read on the outbox page."""
    db.session.execute(
        delete(DueWork)
        .where(
            DueWork.company_id == company_id,
            DueWork.id.in_(list(work_ids)),
            DueWork.kind == WorkKind.SEND_MESSAGE,
        )
        .execution_options(synchronize_session=False)
    )


def pause_before(attempt: int) -> timedelta:
    """How long to wait before trying again: 5 s, 15 s, 45 s … at most an hour, each a fifth more or less.

    The jitter keeps messages that failed together from coming back together.

    Args:
        attempt: how many attempts there were, from 1.
    """
    seconds = min(5.0 * 3 ** (attempt - 1), 3600.0)
    return timedelta(seconds=seconds * random.uniform(0.8, 1.2))  # noqa: S311 (no secret depends on it)


def _lease_end() -> ColumnElement[datetime]:
    return func.clock_timestamp() + literal(LEASE, Interval)


def _renewed(claim: Claim, **changes: ColumnElement[int]) -> int | None:
    """The attempts begun, if it is still ours."""
    return db.session.scalar(
        update(DueWork)
        .where(_is_ours(claim))
        .values(leased_until=_lease_end(), **changes)
        .returning(DueWork.attempts)
        .execution_options(synchronize_session=False)
    )


def _is_ours(claim: Claim) -> ColumnElement[bool]:
    return and_(DueWork.company_id == claim.company_id, DueWork.id == claim.work_id, DueWork.fence == claim.fence)


def _is_pending(claim: Claim) -> ColumnElement[bool]:
    return and_(
        Message.company_id == claim.company_id,
        Message.id == claim.message_id,
        Message.state == MessageState.PENDING,
    )


def _remove_work(claim: Claim) -> int | None:
    """The attempts begun, if it was still ours to remove."""
    return db.session.scalar(
        delete(DueWork).where(_is_ours(claim)).returning(DueWork.attempts).execution_options(synchronize_session=False)
    )


def _end(claim: Claim, channel: str, words: str) -> None:
    attempts = _remove_work(claim)
    if attempts is None:
        return
    db.session.execute(
        update(Message)
        .where(_is_pending(claim))
        .values(state=MessageState.FAILED, attempts=attempts, error=words)
        .execution_options(synchronize_session=False)
    )
    _count(channel, MessageState.FAILED)


def _try_later(claim: Claim, begun: int, known: int, words: str) -> None:
    due_at = func.clock_timestamp() + literal(pause_before(begun), Interval)
    db.session.execute(
        update(DueWork)
        .where(_is_ours(claim))
        .values(due_at=due_at, leased_until=None, last_error=words)
        .execution_options(synchronize_session=False)
    )
    db.session.execute(
        update(Message)
        .where(_is_pending(claim))
        .values(attempts=known, error=words)
        .execution_options(synchronize_session=False)
    )


def _count(channel: str | None, state: MessageState) -> None:
    if channel is not None:
        after_commit(lambda: MESSAGES.labels(channel, state.value).inc())
