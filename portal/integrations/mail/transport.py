"""Hands one e-mail after the other to the SMTP server, over one connection, and says in our terms how it went."""

from __future__ import annotations

import smtplib
import socket
import ssl
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING
from urllib.parse import urlsplit
from uuid import UUID

import flask_mail
from flask import current_app

from portal.config import Settings
from portal.integrations.errors import DeliveryError
from portal.messages import Rendered

if TYPE_CHECKING:
    from _typeshed import ReadableBuffer as Buffer

TIMEOUT = 10.0
"""Seconds the server may be silent in the middle of anything."""
_CLOSING = 421  # "Service not available, closing transmission channel"; other answers are about one message.
_END_OF_DATA = b"\r\n.\r\n"


@dataclass(frozen=True, slots=True)
class Mail:
    """One e-mail, ready to go. `id` is the message row's: all copies of it carry the same Message-ID and date."""

    id: UUID
    to: str
    written_at: datetime
    words: Rendered


class Sender:
    """One connection to the SMTP server, opened when needed and again when it broke. For one thread at a time."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._connection = _Connection(current_app.extensions["mail"])

    def send(self, letter: Mail) -> None:
        """Hand one e-mail over.

        Raises:
            DeliveryError: it was refused, or the server could not be reached or fell silent.
        """
        message = as_message(letter, self._settings)
        is_used = self._connection.host is not None
        try:
            self._try(message)
        except DeliveryError as error:
            # Servers end a connection after so many messages or seconds; that says nothing about a new one.
            if not (is_used and error.provider_is_down):
                raise
            self._try(message)

    def _try(self, message: flask_mail.Message) -> None:
        with _in_our_terms(self._connection):
            self._connection.open()
            # flask_mail.Connection.send also refuses headers with line breaks.
            self._connection.send(message)

    def abort(self) -> None:
        """End what hangs, from another thread; the running `send` then fails."""
        self._connection.cut()

    def close(self) -> None:
        """Say goodbye to the server, if it is still there."""
        self._connection.close()


def as_message(letter: Mail, settings: Settings) -> flask_mail.Message:
    """The e-mail as Flask-Mail sends it.

    The Message-ID follows from the row, so a copy sent again after a crash is recognised as the same message by every
    mail program. Auto-Submitted (RFC 3834) keeps holiday replies from answering us.
    """
    host = urlsplit(settings.public_url).hostname or "localhost"
    message = flask_mail.Message(
        subject=letter.words.subject,
        recipients=[letter.to],
        body=letter.words.text,
        html=letter.words.html,
        sender=settings.mail_default_sender,
        date=letter.written_at.timestamp(),
        extra_headers={"Auto-Submitted": "auto-generated"},
    )
    message.msgId = f"<{letter.id}@{host}>"
    return message


class _Smtp(smtplib.SMTP):
    """Remembers whether the whole of a message has been handed over: from then on it may have been taken."""

    was_handed_over = False

    def send(self, s: Buffer | str) -> None:
        if isinstance(s, bytes) and s.endswith(_END_OF_DATA):
            self.was_handed_over = True
        super().send(s)


class _Connection(flask_mail.Connection):
    """Flask-Mail's connection with time limits, checked certificates and a life longer than one `with` block."""

    host: _Smtp | None

    def open(self) -> None:
        """Connect unless connected."""
        if self.host is None:
            self.configure_host()
        assert self.host is not None
        self.host.was_handed_over = False

    def configure_host(self) -> _Smtp:
        # A given name for EHLO: the default asks DNS for our own, which may take as long as it likes.
        own_name = urlsplit(current_app.extensions["settings"].public_url).hostname or "localhost"
        self.host = host = _Smtp(self.mail.server, self.mail.port, local_hostname=own_name, timeout=TIMEOUT)
        if self.mail.use_tls:
            host.starttls(context=ssl.create_default_context())
        if self.mail.username and self.mail.password:
            host.login(self.mail.username, self.mail.password)
        return host

    def cut(self) -> None:
        """Break the line without a word; safe from any thread."""
        host = self.host
        if host is not None and host.sock is not None:
            with suppress(OSError):
                host.sock.shutdown(socket.SHUT_RDWR)

    def drop(self) -> None:
        """Forget a connection that is no longer good."""
        host, self.host = self.host, None
        if host is not None:
            host.close()

    def close(self) -> None:
        if self.host is not None:
            with suppress(OSError, smtplib.SMTPException):
                self.host.quit()
        self.drop()


@contextmanager
def _in_our_terms(connection: _Connection) -> Iterator[None]:
    """Every failure of SMTP as a DeliveryError (RFC 5321, section 4.2.1: 4yz try again, 5yz do not)."""
    try:
        yield
    except smtplib.SMTPRecipientsRefused as error:
        code, words = next(iter(error.recipients.values()))
        if code == _CLOSING:
            connection.drop()
        raise _answered(code, words) from error
    except smtplib.SMTPAuthenticationError as error:
        # A wrong password is ours to mend; the message is as good as before.
        connection.drop()
        raise DeliveryError(_spoken(error.smtp_code, error.smtp_error), provider_is_down=True) from error
    except smtplib.SMTPConnectError as error:
        connection.drop()
        raise DeliveryError(_spoken(error.smtp_code, error.smtp_error), provider_is_down=True) from error
    except smtplib.SMTPResponseException as error:
        connection.drop()
        raise _answered(error.smtp_code, error.smtp_error) from error
    except (OSError, smtplib.SMTPException) as error:
        handed_over = connection.host is not None and connection.host.was_handed_over
        connection.drop()
        raise DeliveryError(_silence(error), unconfirmed=handed_over, provider_is_down=not handed_over) from error
    except flask_mail.BadHeaderError as error:
        raise DeliveryError("A header of this message holds a line break.", permanent=True) from error


def _answered(code: int, words: bytes | str) -> DeliveryError:
    return DeliveryError(_spoken(code, words), permanent=500 <= code < 600, provider_is_down=code == _CLOSING)


def _spoken(code: int, words: bytes | str) -> str:
    text = words.decode("utf-8", "replace") if isinstance(words, bytes) else words
    return f"{code} {' '.join(text.split())}"[:500]


def _silence(error: Exception) -> str:
    if isinstance(error, TimeoutError):
        return f"The mail server was silent for {TIMEOUT:.0f} seconds."
    return f"The mail server could not be reached: {error or type(error).__name__}"[:500]
