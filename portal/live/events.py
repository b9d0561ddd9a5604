"""`/events`: a stream of server-sent events for one open page (WHATWG HTML, section 9.2).

The page brings a token that says whose it is. It is told ids and versions, and fetches what it shows itself.
"""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any
from urllib.parse import parse_qs

from portal.errors import NotFound
from portal.live.hub import Hub, Stream
from portal.tokens import LIVE_SECONDS, Reader, read_live_token

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]

KEEP_ALIVE_SECONDS = 15.0
"""Proxies drop a connection that is silent for 30 to 60 s."""
RECONNECT_MILLISECONDS = (2000, 4000)
"""When a stream breaks, its page comes back after so long: not all of them in the same moment."""
_WRITE_SECONDS = 30.0

_KEEP_ALIVE = b": still here\n\n"
_RENEW = b"event: renew\ndata: {}\n\n"


class Events:
    """Answers requests for a stream.

    Args:
        hub: where the news comes from.
        secret_key: what tokens are signed with.
    """

    def __init__(self, hub: Hub, secret_key: str) -> None:
        self._hub = hub
        self._secret_key = secret_key

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["method"] != "GET":
            await _refuse(send, 405, b"", (b"allow", b"GET"))
            return
        try:
            reader, since = read_live_token(_token(scope), self._secret_key)
        except NotFound:
            await _refuse(send, 403, b"This address of the event stream was not made here.\n")
            return
        seconds = since + LIVE_SECONDS - time.time()
        if seconds <= 0:
            await _refuse(send, 401, b"This address of the event stream is too old; ask for a new one.\n")
            return
        await self._stream(reader, since, seconds, receive, send)

    async def _stream(self, reader: Reader, since: float, seconds: float, receive: Receive, send: Send) -> None:
        headers = [
            (b"content-type", b"text/event-stream; charset=utf-8"),
            (b"cache-control", b"no-store"),
            # nginx would otherwise collect the stream before passing it on.
            (b"x-accel-buffering", b"no"),
        ]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        stream = self._hub.open(reader, since)
        gone = asyncio.ensure_future(_disconnected(receive, stream))
        try:
            await _write(send, f"retry: {random.randint(*RECONNECT_MILLISECONDS)}\n\n".encode())  # noqa: S311
            await _tell_until_over(stream, seconds, send)
            if not gone.done():
                await send({"type": "http.response.body", "body": b"", "more_body": False})
        except asyncio.CancelledError:
            # Cut off for being slow; anything else that cancels us means it.
            if not stream.is_over:
                raise
        finally:
            gone.cancel()
            self._hub.close(stream)


async def _tell_until_over(stream: Stream, seconds: float, send: Send) -> None:
    """Tell what there is to tell, or that we are still here, until somebody ends it or the token is too old."""
    ends_at = time.monotonic() + seconds
    while not stream.is_over:
        left = ends_at - time.monotonic()
        if left <= 0:
            await _write(send, _RENEW)
            return
        told = await stream.next(within=min(KEEP_ALIVE_SECONDS, left))
        if not stream.is_over:
            await _write(send, told or _KEEP_ALIVE)


async def _write(send: Send, body: bytes) -> None:
    async with asyncio.timeout(_WRITE_SECONDS):
        await send({"type": "http.response.body", "body": body, "more_body": True})


async def _refuse(send: Send, status: int, body: bytes, *headers: tuple[bytes, bytes]) -> None:
    said = [*headers, (b"content-type", b"text/plain; charset=utf-8"), (b"content-length", b"%d" % len(body))]
    await send({"type": "http.response.start", "status": status, "headers": [*said, (b"cache-control", b"no-store")]})
    await send({"type": "http.response.body", "body": body})


async def _disconnected(receive: Receive, stream: Stream) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass
    stream.end()


def _token(scope: Scope) -> str:
    query: bytes = scope["query_string"]
    return parse_qs(query.decode("latin-1")).get("token", [""])[0]
