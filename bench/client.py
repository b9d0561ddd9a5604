"""One client that posts leads over one connection, as cheaply as Python can: prepared bytes over a raw socket.

A program of its own, started once per client, so that it takes no turn of the interpreter the server runs in.
Standard library only.

    python -S bench/client.py < {"port", "key", "numbers": [from, to], "rate"}

With a rate it keeps to a schedule (leads a second), and each answer's time counts from when the lead was due: a slow
answer also delays the ones behind it, and that shows. Without one it posts as fast as it is answered. Prints one line
of JSON: start and end (monotonic), milliseconds per answer, statuses, processor seconds used.
"""

from __future__ import annotations

import json
import resource
import socket
import sys
import time
from typing import Any

BODY = (
    '{{"name": "Carla Customer {n}", "phone": "+49151{n:08d}", "email": "carla.{n}@example.com", '
    '"text": "Hello, we would like an offer for solar panels on our roof, about 60 square metres, facing south. '
    'Please call in the afternoon.", "source": "website", "channel": "web", "lead_type": "solar", '
    '"fields": {{"roof": "tiles", "storage": true}}, "location": {{"country": "DE", "city": "Freiburg"}}}}'
)
PATH = "/api/v1/leads"


def body_of(number: int) -> bytes:
    """The lead with this number; no two have the same contact."""
    return BODY.format(n=number).encode()


def request_of(number: int, key: str) -> bytes:
    """The whole request, with an idempotency key, as careful senders send it."""
    body = body_of(number)
    head = (
        f"POST {PATH} HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Bearer {key}\r\n"
        f"Content-Type: application/json\r\nIdempotency-Key: lead-{number}\r\nContent-Length: {len(body)}\r\n\r\n"
    )
    return head.encode() + body


def main() -> None:
    task: dict[str, Any] = json.load(sys.stdin)
    requests = [request_of(number, task["key"]) for number in range(*task["numbers"])]
    connection = socket.create_connection(("127.0.0.1", task["port"]))
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    start = max(time.monotonic(), task["start_at"])
    pause = 1 / task["rate"] if task["rate"] else 0.0
    milliseconds, statuses = [], {}
    used = _processor_seconds()
    for place, request in enumerate(requests):
        due = start + place * pause
        if pause or not place:
            time.sleep(max(0.0, due - time.monotonic()))
        else:
            due = time.monotonic()
        connection.sendall(request)
        status = _answer(connection)
        milliseconds.append(round((time.monotonic() - due) * 1000, 3))
        statuses[status] = statuses.get(status, 0) + 1
    told = {
        "start": start,
        "end": time.monotonic(),
        "milliseconds": milliseconds,
        "statuses": statuses,
        "processor_seconds": _processor_seconds() - used,
    }
    print(json.dumps(told), flush=True)


def _answer(connection: socket.socket) -> str:
    """Read one whole answer; its status, and for a refusal what it says."""
    received = connection.recv(65536)
    while b"\r\n\r\n" not in received:
        received += _more(connection)
    head, _, body = received.partition(b"\r\n\r\n")
    length = int(head.lower().partition(b"content-length:")[2].split(b"\r\n", 1)[0])
    while len(body) < length:
        body += _more(connection)
    status = head[9:12].decode()
    return status if status[0] == "2" else f"{status} {body[:300].decode(errors='replace')}"


def _more(connection: socket.socket) -> bytes:
    chunk = connection.recv(65536)
    if not chunk:
        raise ConnectionError("the server closed the connection before its answer was complete")
    return chunk


def _processor_seconds() -> float:
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


if __name__ == "__main__":
    main()
