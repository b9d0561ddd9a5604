"""Sending messages that are due: claimed a hundred at a time, sent by a few threads, recorded one by one."""

from __future__ import annotations

import threading
import time
from collections import defaultdict, deque
from collections.abc import Callable
from dataclasses import dataclass
from uuid import UUID

import structlog
from flask import Flask
from sqlalchemy.exc import DBAPIError

from portal.config import Settings
from portal.extensions import db
from portal.integrations.breaker import Breaker
from portal.integrations.errors import DeliveryError
from portal.integrations.mail.transport import Mail, Sender
from portal.jobs.shell import application, job, stopping
from portal.messages import Rendered, render
from portal.models import MessageChannel, WorkKind
from portal.models.tenancy import inside_company
from portal.operations import sending
from portal.operations.sending import Claim
from portal.queries import across
from portal.queries.across import Due
from portal.queries.message_facts import facts_of
from portal.queue import OUTSIDE, Job, work_queue

THREADS = 8
AT_ONCE = 100
LONGEST_SEND = 20.0
"""Seconds one message may take, whatever the server does; less than a lease."""
_RUN_FOR = 20.0
_LOOK_AGAIN = 0.05
_RENEW_EVERY = 8.0
_GRACE = 3.0
"""Seconds that messages on the line get when the process is asked to end."""

SENDING = Job("send", OUTSIDE, "portal.jobs.messages.send_messages", seconds=120)

_log = structlog.get_logger(__name__)


@job
def send_messages() -> int:
    """Send all messages that are due, for a while. Gives how many were taken on, sent or not."""
    queue = work_queue()
    queue.started(SENDING.name)
    until = time.monotonic() + _RUN_FOR
    taken = 0
    while time.monotonic() < until and not stopping.is_set():
        due = across.work_due([WorkKind.SEND_MESSAGE], AT_ONCE)
        db.session.rollback()
        breaker = Breaker(MessageChannel.EMAIL, queue)
        if not due or breaker.is_open:
            break
        claims = _claimed(due)
        if claims:
            Delivery(application(), claims, breaker).run()
        taken += len(claims)
    return taken


def _claimed(due: list[Due]) -> list[Claim]:
    """Those of the due messages that are ours now. Without a mail server there are none: they stay in the outbox."""
    settings: Settings = application().extensions["settings"]
    by_company: defaultdict[UUID, list[UUID]] = defaultdict(list)
    for work in due:
        by_company[work.company_id].append(work.id)
    claims: list[Claim] = []
    for company_id, work_ids in by_company.items():
        with inside_company(company_id):
            if settings.mail_server is None:
                sending.leave_in_outbox(company_id, work_ids)
            else:
                claims += sending.claim(company_id, work_ids)
    return claims


@dataclass(slots=True)
class _OnTheLine:
    """A message that is being handed over."""

    claim: Claim
    sender: Sender
    began: float
    renewed: float


class Delivery:
    """A batch of claimed messages on its way out over a few connections.

    Args:
        app: the application; each thread works in a context of its own.
        claims: what to send. What is not begun when it ends early is given back.
        breaker: the channel's.
    """

    def __init__(self, app: Flask, claims: list[Claim], breaker: Breaker) -> None:
        self._app = app
        self._settings: Settings = app.extensions["settings"]
        self._left = deque(claims)
        self._breaker = breaker
        self._on_the_line: dict[int, _OnTheLine] = {}
        # After a failure one message goes ahead alone; the others keep their attempts.
        self._width = 1 if breaker.is_suspect else min(THREADS, len(claims))

    def run(self) -> None:
        """Send until nothing is left, the provider is down, or the process shall end."""
        threads = [threading.Thread(target=self._carry, daemon=True) for _ in range(self._width)]
        for thread in threads:
            thread.start()
        asked_to_end_at: float | None = None
        while any(thread.is_alive() for thread in threads):
            threads[0].join(_LOOK_AGAIN) if threads[0].is_alive() else time.sleep(_LOOK_AGAIN)
            if stopping.is_set() and asked_to_end_at is None:
                asked_to_end_at = time.monotonic()
            self._watch(asked_to_end_at)
        self._give_back()

    def _carry(self) -> None:
        with self._app.app_context():
            sender = Sender(self._settings)
            try:
                while (claim := self._next()) is not None:
                    self._deliver(claim, sender)
            except DBAPIError as error:
                # The database is away; the lease runs out and somebody takes the message again.
                _log.warning("sending_interrupted", error=str(error.orig))
            finally:
                sender.close()

    def _next(self) -> Claim | None:
        if stopping.is_set() or self._breaker.is_open:
            return None
        try:
            return self._left.popleft()
        except IndexError:
            return None

    def _deliver(self, claim: Claim, sender: Sender) -> None:
        with inside_company(claim.company_id):
            outgoing = sending.begin(claim)
        if outgoing is None:
            return
        try:
            # No database connection is held from here to the server's answer.
            letter = Mail(outgoing.message_id, outgoing.to, outgoing.written_at, _words(claim))
            self._hand_over(claim, letter, sender)
        except DeliveryError as error:
            self._breaker.failed() if error.provider_is_down else self._breaker.answered()
            failure = error
            _recorded(claim, lambda: sending.failed(claim, failure))
        except Exception as error:  # noqa: BLE001 (said below)
            # One message that cannot be written must not hold up the others; it ends as failed like any other.
            _log.exception("message_not_written", message_id=str(claim.message_id))
            unwritten = DeliveryError(f"It could not be written: {type(error).__name__}")
            _recorded(claim, lambda: sending.failed(claim, unwritten))
        else:
            self._breaker.answered()
            _recorded(claim, lambda: sending.sent(claim))

    def _hand_over(self, claim: Claim, letter: Mail, sender: Sender) -> None:
        now = time.monotonic()
        self._on_the_line[threading.get_ident()] = _OnTheLine(claim, sender, now, now)
        try:
            sender.send(letter)
        finally:
            del self._on_the_line[threading.get_ident()]

    def _watch(self, asked_to_end_at: float | None) -> None:
        """Keep leases alive, and cut lines that hang."""
        now = time.monotonic()
        is_over = asked_to_end_at is not None and now - asked_to_end_at > _GRACE
        for held in list(self._on_the_line.values()):
            if is_over or now - held.began > LONGEST_SEND:
                held.sender.abort()
            elif now - held.renewed > _RENEW_EVERY:
                held.renewed = now
                with inside_company(held.claim.company_id):
                    sending.renew(held.claim)

    def _give_back(self) -> None:
        by_company: defaultdict[UUID, list[Claim]] = defaultdict(list)
        for claim in self._left:
            by_company[claim.company_id].append(claim)
        for company_id, claims in by_company.items():
            with inside_company(company_id):
                sending.give_back(claims)


def _words(claim: Claim) -> Rendered:
    with inside_company(claim.company_id):
        return render(facts_of([claim.message_id])[claim.message_id])


def _recorded(claim: Claim, record: Callable[[], object]) -> None:
    """Write down how it went; a database that is away for a moment must not cost a second copy."""
    for pause in (0.5, 2.0, 5.0):
        try:
            with inside_company(claim.company_id):
                record()
            return
        except DBAPIError as error:
            _log.warning("sending_not_recorded", message_id=str(claim.message_id), error=str(error.orig))
            stopping.wait(pause)
    with inside_company(claim.company_id):
        record()
