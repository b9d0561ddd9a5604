"""One client that opens a page over and over on one connection, as cheaply as Python can. Standard library only.

    python -S bench/page_client.py < {"port", "path", "cookie", "count", "start_at", "holds"}

Every answer must be 200 and hold the text `holds`. Prints one line of JSON: start, end (monotonic), milliseconds.
"""

from __future__ import annotations

import json
import socket
import sys
import time


def main() -> None:
    task = json.load(sys.stdin)
    head = f"GET {task['path']} HTTP/1.1\r\nHost: 127.0.0.1\r\nAccept: text/html\r\n"
    head += f"Cookie: {task['cookie']}\r\n" if task["cookie"] else ""
    asked, holds = (head + "\r\n").encode(), task["holds"].encode()
    connection = socket.create_connection(("127.0.0.1", task["port"]))
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    time.sleep(max(0.0, task["start_at"] - time.monotonic()))
    start = time.monotonic()
    milliseconds = []
    for _ in range(task["count"]):
        before = time.monotonic()
        connection.sendall(asked)
        status, body = _answer(connection)
        milliseconds.append((time.monotonic() - before) * 1000)
        if status != b"200" or holds not in body:
            sys.exit(f"answered {status!r}: {body[:300]!r}")
    print(json.dumps({"start": start, "end": time.monotonic(), "milliseconds": milliseconds}), flush=True)


def _answer(connection: socket.socket) -> tuple[bytes, bytes]:
    received = connection.recv(65536)
    while b"\r\n\r\n" not in received:
        received += _more(connection)
    head, _, body = received.partition(b"\r\n\r\n")
    length = int(head.lower().partition(b"content-length:")[2].split(b"\r\n", 1)[0])
    while len(body) < length:
        body += _more(connection)
    return head[9:12], body


def _more(connection: socket.socket) -> bytes:
    chunk = connection.recv(65536)
    if not chunk:
        raise ConnectionError("the server closed the connection before its answer was complete")
    return chunk


if __name__ == "__main__":
    main()
