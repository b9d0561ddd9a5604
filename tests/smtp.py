"""A real SMTP server on a free port of this machine, that keeps what it takes and refuses what it is told to."""

from __future__ import annotations

import asyncio
import socket
import threading
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from email import message_from_bytes, policy
from email.message import EmailMessage

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session
from flask import Flask

from portal.config import Settings
from portal.extensions import mail

TAKEN = "250 OK"
DROP = "drop"
"""Instead of an answer: the line goes dead after everything was handed over."""

Answer = str


class MailServer:
    """What arrived, and how the server answers."""

    def __init__(self) -> None:
        self.messages: list[EmailMessage] = []
        self.connections = 0
        self.answers: deque[Answer] = deque()
        """To the next messages at the end of DATA; TAKEN when there is none left."""
        self.refused: dict[str, str] = {}
        """Address → answer to RCPT TO."""
        self.before_answer: Callable[[], None] | None = None
        """Called when a message was handed over, before it is answered."""
        self._arrived = threading.Condition()
        self.port = 0

    @property
    def ids(self) -> list[str]:
        """The Message-IDs in order of arrival."""
        return [message["Message-ID"] for message in self.messages]

    def wait_for(self, count: int, seconds: float = 10.0) -> list[EmailMessage]:
        """The messages, once there are that many."""
        with self._arrived:
            assert self._arrived.wait_for(lambda: len(self.messages) >= count, seconds), f"{len(self.messages)} came"
        return self.messages

    async def handle_EHLO(
        self, server: SMTP, session: Session, envelope: Envelope, hostname: str, responses: list[str]
    ) -> list[str]:
        self.connections += 1
        session.host_name = hostname
        return responses

    async def handle_RCPT(
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        if address in self.refused:
            return self.refused[address]
        envelope.rcpt_tos.append(address)
        return TAKEN

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        assert isinstance(envelope.content, bytes)
        answer = self.answers.popleft() if self.answers else TAKEN
        if self.before_answer is not None:
            await asyncio.get_running_loop().run_in_executor(None, self.before_answer)
        if answer in (TAKEN, DROP):
            with self._arrived:
                self.messages.append(message_from_bytes(envelope.content, policy=policy.default))  # type: ignore[arg-type]
                self._arrived.notify_all()
        if answer == DROP:
            assert server.transport is not None
            server.transport.abort()  # type: ignore[attr-defined]
        return answer


@contextmanager
def mail_server() -> Iterator[MailServer]:
    """The server, running."""
    kept = MailServer()
    controller = _started(kept)
    try:
        yield kept
    finally:
        controller.stop()


def send_through(app: Flask, port: int, monkeypatch: pytest.MonkeyPatch) -> Settings:
    """Settings of the running application with a mail server on this port, for one test."""
    settings: Settings = replace(
        app.extensions["settings"],
        mail_server="127.0.0.1",
        mail_port=port,
        mail_default_sender="Our Leads <leads@example.com>",
    )
    monkeypatch.setitem(app.extensions, "settings", settings)
    monkeypatch.setitem(app.config, "MAIL_SERVER", "127.0.0.1")
    monkeypatch.setitem(app.config, "MAIL_PORT", port)
    monkeypatch.setitem(app.extensions, "mail", mail.init_mail(app.config))
    return settings


def _started(kept: MailServer) -> Controller:
    for _ in range(5):
        # The controller cannot be given port 0; between looking and taking, somebody else may take this one.
        kept.port = free_port()
        controller = Controller(kept, hostname="127.0.0.1", port=kept.port, ready_timeout=10)
        with suppress(OSError):
            controller.start()
            return controller
    raise AssertionError("no free port")


def free_port() -> int:
    """A port nobody listens on at the moment."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port: int = taken.getsockname()[1]
    return port
