"""A real SMTP server on the loopback that keeps what it takes, as a provider would."""

from __future__ import annotations

import asyncio
import threading
import time
from collections import Counter
from dataclasses import dataclass
from email import message_from_bytes, policy
from email.message import EmailMessage
from typing import Self

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session

from tests.faults.stack import free_port

PATIENCE = 30.0


@dataclass(frozen=True)
class Letter:
    """One copy of one message, as the server took it."""

    to: str
    message: EmailMessage
    taken_at: float
    """Seconds since the epoch."""

    @property
    def id(self) -> str:
        return str(self.message["Message-ID"])

    @property
    def subject(self) -> str:
        return str(self.message["Subject"])

    @property
    def text(self) -> str:
        part = self.message.get_body(("plain",))
        assert part is not None, "the message has no plain text"
        return str(part.get_content())

    @property
    def html(self) -> str:
        part = self.message.get_body(("html",))
        assert part is not None, "the message has no HTML"
        return str(part.get_content())


class Mailbox:
    """Use as a context manager: the server listens while it is entered.

    Attributes:
        hold: seconds the server thinks about a message after it has it all, before it answers.
        hold_for: the same for the first, second … copy of a message to a single address; later ones take no time.
    """

    def __init__(self) -> None:
        self.port = free_port()
        self.letters: list[Letter] = []
        self.hold = 0.0
        self.hold_for: dict[str, tuple[float, ...]] = {}
        self._changed = threading.Condition()

    def __enter__(self) -> Self:
        self._server = Controller(self, hostname="127.0.0.1", port=self.port)
        self._server.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.stop()

    async def handle_DATA(self, _server: SMTP, _session: Session, envelope: Envelope) -> str:
        message = message_from_bytes(envelope.original_content or b"", policy=policy.default)
        with self._changed:
            copies_before = self.copies()[str(message["Message-ID"])]
            self.letters += [Letter(to, message, time.time()) for to in envelope.rcpt_tos]
            self._changed.notify_all()
        # The copy is taken before the answer is sent: what a client that dies in between cannot know.
        for to in envelope.rcpt_tos:
            holds = self.hold_for.get(to, (self.hold,))
            await asyncio.sleep(holds[copies_before] if copies_before < len(holds) else 0.0)
        return "250 Taken"

    def wait_for(
        self, to: str, subject: str = "", *, text: str = "", number: int = 1, within: float = PATIENCE
    ) -> Letter:
        """The newest letter to this address with these words in subject and text, once there are so many of them."""
        until = time.monotonic() + within
        with self._changed:
            while len(found := self.found(to, subject, text)) < number:
                left = until - time.monotonic()
                assert left > 0, f"no mail to {to} about {subject!r}; there is: {self.summary()}"
                self._changed.wait(left)
        return found[-1]

    def found(self, to: str, subject: str = "", text: str = "") -> list[Letter]:
        """All letters to this address with these words in subject and text, oldest first."""
        return [
            letter
            for letter in list(self.letters)
            if letter.to == to and subject in letter.subject and text in letter.text
        ]

    def copies(self) -> Counter[str]:
        """How often each message was taken, by its Message-ID."""
        return Counter(letter.id for letter in list(self.letters))

    def summary(self) -> list[tuple[str, str]]:
        return [(letter.to, letter.subject) for letter in self.letters]
