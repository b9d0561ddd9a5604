"""A web program that, like the real one, has a child process of its own holding the port."""

from __future__ import annotations

import os
import signal
import sys
from http.server import BaseHTTPRequestHandler, HTTPServer


class Answer(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        body = str(os.getpid()).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_arguments: object) -> None:
        pass


server = HTTPServer(("127.0.0.1", int(sys.argv[1])), Answer)
child = os.fork()
if child == 0:
    server.serve_forever()


def stop(_number: int, _frame: object) -> None:
    os.kill(child, signal.SIGTERM)
    os.waitpid(child, 0)
    print("web stopped politely", flush=True)
    sys.exit(0)


signal.signal(signal.SIGTERM, stop)
print("web started", flush=True)
os.waitpid(child, 0)
