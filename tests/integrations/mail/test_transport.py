"""Handing an e-mail to a real SMTP server, and what is made of its answers."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from datetime import UTC, datetime
from threading import Event, Timer

import pytest
from apiflask import APIFlask

from portal.integrations.errors import DeliveryError
from portal.integrations.mail import transport
from portal.integrations.mail.transport import Mail, Sender
from portal.messages import Rendered
from portal.models import new_id
from tests.smtp import DROP, MailServer, free_port, mail_server, send_through

WRITTEN = datetime(2026, 11, 21, 13, 0, tzinfo=UTC)


@pytest.fixture
def server() -> Iterator[MailServer]:
    with mail_server() as running:
        yield running


@pytest.fixture
def sender(app: APIFlask, server: MailServer, monkeypatch: pytest.MonkeyPatch) -> Iterator[Sender]:
    yield from sender_to(app, server.port, monkeypatch)


def sender_to(app: APIFlask, port: int, monkeypatch: pytest.MonkeyPatch) -> Iterator[Sender]:
    settings = send_through(app, port, monkeypatch)
    with app.app_context():
        sender = Sender(settings)
        yield sender
        sender.close()


def letter(to: str = "ana@example.com", subject: str = "Grüße") -> Mail:
    return Mail(new_id(), to, WRITTEN, Rendered(subject, "Straße\n", "<p>Straße</p>", ()))


def test_a_letter_arrives_as_text_and_html(sender: Sender, server: MailServer) -> None:
    sent = letter()
    sender.send(sent)
    (message,) = server.messages
    assert message["Subject"] == "Grüße"
    assert message["To"] == "ana@example.com"
    assert message["From"] == "Our Leads <leads@example.com>"
    assert message["Message-ID"] == f"<{sent.id}@localhost>"
    assert message["Auto-Submitted"] == "auto-generated"
    text, html = message.get_body(("plain",)), message.get_body(("html",))
    assert text is not None
    assert html is not None
    assert text.get_content().strip() == "Straße"
    assert html.get_content().strip() == "<p>Straße</p>"


def test_both_copies_of_a_letter_are_the_same_message(sender: Sender, server: MailServer) -> None:
    sent = letter()
    sender.send(sent)
    sender.send(sent)
    first, second = server.messages
    assert first["Message-ID"] == second["Message-ID"]
    assert first["Date"] == second["Date"]


def test_many_letters_share_a_connection(sender: Sender, server: MailServer) -> None:
    for _ in range(5):
        sender.send(letter())
    assert len(server.messages) == 5
    assert server.connections == 1


def test_a_temporary_refusal_is_worth_another_try(sender: Sender, server: MailServer) -> None:
    server.answers.append("451 4.7.1 Greylisted, please try again")
    with pytest.raises(DeliveryError) as refusal:
        sender.send(letter())
    assert not refusal.value.permanent
    assert not refusal.value.unconfirmed
    assert not refusal.value.provider_is_down
    assert refusal.value.words == "451 4.7.1 Greylisted, please try again"
    sender.send(letter())
    assert len(server.messages) == 1


def test_a_final_refusal_is_not(sender: Sender, server: MailServer) -> None:
    server.refused["gone@example.com"] = "550 5.1.1 No such user here"
    with pytest.raises(DeliveryError) as refusal:
        sender.send(letter("gone@example.com"))
    assert refusal.value.permanent
    assert refusal.value.words == "550 5.1.1 No such user here"


def test_a_refused_address_leaves_the_line_open_for_others(sender: Sender, server: MailServer) -> None:
    server.refused["gone@example.com"] = "550 No such user here"
    sender.send(letter())
    with pytest.raises(DeliveryError):
        sender.send(letter("gone@example.com"))
    sender.send(letter())
    assert len(server.messages) == 2
    assert server.connections == 1


def test_a_line_that_dies_after_the_letter_was_handed_over_is_unconfirmed(sender: Sender, server: MailServer) -> None:
    server.answers.append(DROP)
    with pytest.raises(DeliveryError) as failure:
        sender.send(letter())
    assert failure.value.unconfirmed
    assert not failure.value.permanent
    assert not failure.value.provider_is_down


def test_a_server_that_is_not_there_is_down(app: APIFlask, monkeypatch: pytest.MonkeyPatch) -> None:
    for sender in sender_to(app, free_port(), monkeypatch):
        with pytest.raises(DeliveryError) as failure:
            sender.send(letter())
        assert failure.value.provider_is_down
        assert not failure.value.unconfirmed
        assert "could not be reached" in failure.value.words


def test_a_server_that_says_it_is_closing_is_down(sender: Sender, server: MailServer) -> None:
    server.refused["ana@example.com"] = "421 4.3.2 Closing for maintenance"
    with pytest.raises(DeliveryError) as failure:
        sender.send(letter())
    assert failure.value.provider_is_down
    server.refused.clear()
    sender.send(letter())
    assert len(server.messages) == 1


def test_a_server_that_never_answers_ends_in_time(app: APIFlask, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(transport, "TIMEOUT", 0.2)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        for sender in sender_to(app, silent.getsockname()[1], monkeypatch):
            with pytest.raises(DeliveryError) as failure:
                sender.send(letter())
            assert failure.value.provider_is_down


def test_a_line_that_hangs_can_be_cut_from_outside(sender: Sender, server: MailServer) -> None:
    let_go = Event()
    server.before_answer = lambda: let_go.wait(10) and None
    Timer(0.3, sender.abort).start()
    with pytest.raises(DeliveryError) as failure:
        sender.send(letter())
    let_go.set()
    assert failure.value.unconfirmed


def test_a_line_the_server_closed_meanwhile_is_opened_again(sender: Sender, server: MailServer) -> None:
    sender.send(letter())
    sender.abort()
    sender.send(letter())
    assert len(server.messages) == 2
    assert server.connections == 2


def test_a_line_break_in_a_header_is_refused_for_good(sender: Sender, server: MailServer) -> None:
    with pytest.raises(DeliveryError) as refusal:
        sender.send(letter(subject="Hello\r\nBcc: everybody@example.com"))
    assert refusal.value.permanent
    assert server.messages == []
