"""The web process on a real granian: pages through threads, streams beside them."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator

import httpx
import pytest
from apiflask import APIFlask

from portal.asgi_application import FLASK_THREADS
from portal.config import Settings
from portal.models import new_id
from portal.permissions import Sight
from portal.tokens import Reader
from tests.web import PATIENCE, Web, events_of, running_web


@pytest.fixture
def web(settings: Settings) -> Iterator[Web]:
    with running_web(settings, "tests.echo_asgi:app", answers_at="/forwarded") as running:
        yield running


@pytest.fixture
def events(app: APIFlask) -> str:
    """The address of a stream somebody may open."""
    return events_of(app, Reader(new_id(), Sight(new_id(), frozenset())))


def test_a_posted_form_arrives(web: Web) -> None:
    assert httpx.post(f"{web.url}/form", data={"name": "Ada"}).text == "Ada"


def test_a_large_body_arrives_whole_and_a_larger_one_is_refused(web: Web) -> None:
    body = os.urandom(900_000)
    assert httpx.post(f"{web.url}/echo", content=body).content == body
    assert httpx.post(f"{web.url}/echo", content=b"x" * 1_000_001).status_code == 413


def test_a_body_in_chunks_without_a_length_arrives_whole(web: Web) -> None:
    assert httpx.post(f"{web.url}/echo", content=iter([b"one ", b"two ", b"three"])).content == b"one two three"


def test_an_answer_in_pieces_arrives_whole(web: Web) -> None:
    assert httpx.get(f"{web.url}/long").content == b"x" * 200_000


def test_a_header_with_an_underscore_is_not_taken_for_another(web: Web) -> None:
    head = b"GET /forwarded HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n"
    assert web.raw(head, b"X_Forwarded_For: 6.6.6.6\r\n\r\n").endswith(b"nobody")
    assert web.raw(head, b"X-Forwarded-For: 6.6.6.6\r\n\r\n").endswith(b"6.6.6.6")


def test_open_streams_take_no_thread_from_the_pages(web: Web, events: str) -> None:
    with httpx.Client(timeout=PATIENCE, limits=httpx.Limits(max_connections=None)) as client:
        streams = [client.stream("GET", f"{web.url}{events}") for _ in range(FLASK_THREADS * 2)]
        answers = [stream.__enter__() for stream in streams]
        try:
            assert {answer.headers["content-type"] for answer in answers} == {"text/event-stream; charset=utf-8"}
            assert {next(answer.iter_lines()).partition(" ")[0] for answer in answers} == {"retry:"}
            assert client.post(f"{web.url}/form", data={"name": "Ada"}).text == "Ada"
        finally:
            for stream in streams:
                stream.__exit__(None, None, None)


def test_a_stream_can_only_be_read(web: Web) -> None:
    answer = httpx.post(f"{web.url}/events", content=b"x")
    assert (answer.status_code, answer.headers["allow"]) == (405, "GET")


def test_an_open_stream_ends_in_order_when_the_server_is_told_to_stop(web: Web, events: str) -> None:
    ended: list[str] = []
    opened = threading.Event()

    def read() -> None:
        with httpx.stream("GET", f"{web.url}{events}", timeout=PATIENCE) as answer:
            for line in answer.iter_lines():
                opened.set()
                ended.append(line)
        # A stream that was cut instead of ended raises before this.
        ended.append("ended in order")

    reader = threading.Thread(target=read)
    reader.start()
    assert opened.wait(PATIENCE)
    web.program.terminate()
    reader.join(PATIENCE)
    assert ended[-1] == "ended in order"
    assert web.program.wait(timeout=PATIENCE) == 0
