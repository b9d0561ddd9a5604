"""Flask in eight threads, and the live-update streams on the event loop beside it.

An open stream must not hold one of Flask's threads, or eight open pages would stop the site; so ``/events`` never
reaches Flask.
"""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Awaitable, Callable, Iterable, MutableMapping
from types import FrameType
from typing import Any, cast

from a2wsgi import WSGIMiddleware
from werkzeug.exceptions import ClientDisconnected

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
StartResponse = Callable[..., Any]

FLASK_THREADS = 8
KEEP_ALIVE_SECONDS = 15.0
"""Proxies drop a connection that is silent for 30 to 60 s."""
RECONNECT_MILLISECONDS = 3000


class PortalAsgi:
    """The ASGI application.

    Args:
        flask: the WSGI application that answers everything but the streams.
    """

    def __init__(self, flask: Callable[[dict[str, Any], StartResponse], Iterable[bytes]]) -> None:
        # a2wsgi types every message by itself; ours are the plain mappings of the ASGI specification.
        self._pages: Any = WSGIMiddleware(cast(Any, _with_chunked_bodies(flask)), workers=FLASK_THREADS)
        self._closing = asyncio.Event()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await self._live(receive, send)
        elif scope["type"] == "http" and scope["path"] == "/events":
            await self._stream(scope, receive, send)
        else:
            await self._pages(_without_ambiguous_headers(scope), _whole_bodies(receive), send)

    async def _live(self, receive: Receive, send: Send) -> None:
        await receive()
        self._hear_signals(asyncio.get_running_loop())
        await send({"type": "lifespan.startup.complete"})
        await receive()
        self._closing.set()
        await send({"type": "lifespan.shutdown.complete"})

    def _hear_signals(self, loop: asyncio.AbstractEventLoop) -> None:
        """Close the streams as soon as the server is told to stop.

        The server waits for open requests before it tells us (lifespan.shutdown), and a stream never ends by itself.
        The loop learns of signals through its wake-up file descriptor, so a handler beside it takes nothing from it.
        """
        for number in (signal.SIGTERM, signal.SIGINT):
            before = signal.getsignal(number)

            def handle(number: int, frame: FrameType | None, before: object = before) -> None:
                loop.call_soon_threadsafe(self._closing.set)
                if callable(before):
                    before(number, frame)

            signal.signal(number, handle)
            # Back to what the loop had set; signal.signal makes system calls interruptible again.
            signal.siginterrupt(number, False)

    async def _stream(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One stream of server-sent events (WHATWG HTML, section 9.2): so far only comments that keep it open."""
        if scope["method"] != "GET":
            headers = [(b"allow", b"GET"), (b"content-length", b"0")]
            await send({"type": "http.response.start", "status": 405, "headers": headers})
            await send({"type": "http.response.body", "body": b""})
            return
        headers = [
            (b"content-type", b"text/event-stream; charset=utf-8"),
            (b"cache-control", b"no-store"),
            # nginx would otherwise collect the stream before passing it on.
            (b"x-accel-buffering", b"no"),
        ]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await _write(send, f"retry: {RECONNECT_MILLISECONDS}\n\n")
        gone = asyncio.ensure_future(_disconnected(receive))
        closing = asyncio.ensure_future(self._closing.wait())
        try:
            while not (gone.done() or closing.done()):
                await asyncio.wait({gone, closing}, timeout=KEEP_ALIVE_SECONDS, return_when=asyncio.FIRST_COMPLETED)
                if not gone.done():
                    await _write(send, ": still here\n\n")
            await send({"type": "http.response.body", "body": b"", "more_body": False})
        finally:
            gone.cancel()
            closing.cancel()


async def _write(send: Send, text: str) -> None:
    await send({"type": "http.response.body", "body": text.encode(), "more_body": True})


async def _disconnected(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass


def _whole_bodies(receive: Receive) -> Receive:
    """A ``receive`` that is a coroutine function and never passes half a body off as a whole one.

    a2wsgi hands ``receive()`` to ``run_coroutine_threadsafe``, which takes coroutines only; granian's gives a future,
    and every POST would be a 500. And a2wsgi takes a client that went away for the end of the body.
    """

    async def receive_message() -> Message:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise ClientDisconnected
        return message

    return receive_message


def _without_ambiguous_headers(scope: Scope) -> Scope:
    """Drop header names with an underscore: in WSGI ``X_Forwarded_For`` could not be told from ``X-Forwarded-For``."""
    scope["headers"] = [(name, value) for name, value in scope["headers"] if b"_" not in name]
    return scope


def _with_chunked_bodies(
    flask: Callable[[dict[str, Any], StartResponse], Iterable[bytes]],
) -> Callable[[dict[str, Any], StartResponse], Iterable[bytes]]:
    """Let Werkzeug read a body that came without Content-Length; it ignores one unless told that it has an end."""

    def application(environ: dict[str, Any], start_response: StartResponse) -> Iterable[bytes]:
        if "CONTENT_LENGTH" not in environ:
            environ["wsgi.input_terminated"] = True
        return flask(environ, start_response)

    return application
