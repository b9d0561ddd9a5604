"""Flask in eight threads, and the live-update streams on the event loop beside it.

An open stream must not hold one of Flask's threads, or eight open pages would stop the site; so ``/events`` never
reaches Flask.
"""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Callable, Iterable
from types import FrameType
from typing import Any, cast

from a2wsgi import WSGIMiddleware
from werkzeug.exceptions import ClientDisconnected

from portal.live.events import Events, Message, Receive, Scope, Send
from portal.live.hub import Hub

StartResponse = Callable[..., Any]

FLASK_THREADS = 8


class PortalAsgi:
    """The ASGI application.

    Args:
        flask: the WSGI application that answers everything but the streams.
        redis_url: where changes are told.
        secret_key: what the streams' tokens are signed with.
    """

    def __init__(
        self,
        flask: Callable[[dict[str, Any], StartResponse], Iterable[bytes]],
        redis_url: str | None,
        secret_key: str,
    ) -> None:
        # a2wsgi types every message by itself; ours are the plain mappings of the ASGI specification.
        self._pages: Any = WSGIMiddleware(cast(Any, _with_chunked_bodies(flask)), workers=FLASK_THREADS)
        self._hub = Hub(redis_url)
        self._events = Events(self._hub, secret_key)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await self._live(receive, send)
        elif scope["type"] == "http" and scope["path"] == "/events":
            await self._events(scope, receive, send)
        else:
            await self._pages(_without_ambiguous_headers(scope), _whole_bodies(receive), send)

    async def _live(self, receive: Receive, send: Send) -> None:
        await receive()
        self._hear_signals(asyncio.get_running_loop())
        listening = asyncio.create_task(self._hub.run())
        await send({"type": "lifespan.startup.complete"})
        await receive()
        self._hub.close_all()
        listening.cancel()
        await send({"type": "lifespan.shutdown.complete"})

    def _hear_signals(self, loop: asyncio.AbstractEventLoop) -> None:
        """Close the streams as soon as the server is told to stop.

        The server waits for open requests before it tells us (lifespan.shutdown), and a stream never ends by itself.
        The loop learns of signals through its wake-up file descriptor, so a handler beside it takes nothing from it.
        """
        for number in (signal.SIGTERM, signal.SIGINT):
            before = signal.getsignal(number)

            def handle(number: int, frame: FrameType | None, before: object = before) -> None:
                loop.call_soon_threadsafe(self._hub.close_all)
                if callable(before):
                    before(number, frame)

            signal.signal(number, handle)
            # Back to what the loop had set; signal.signal makes system calls interruptible again.
            signal.siginterrupt(number, False)


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
