"""The web process around a tiny application, for tests/test_asgi_application.py."""

from __future__ import annotations

from flask import Flask, Response, request

from portal.asgi_application import PortalAsgi
from portal.config import Settings

echo = Flask(__name__)
echo.config["MAX_CONTENT_LENGTH"] = 1_000_000


@echo.post("/echo")
def give_back() -> Response:
    return Response(request.get_data(), mimetype="application/octet-stream")


@echo.post("/form")
def name_in_form() -> str:
    return request.form["name"]


@echo.get("/forwarded")
def forwarded() -> str:
    return request.headers.get("X-Forwarded-For", "nobody")


@echo.get("/long")
def in_pieces() -> Response:
    return Response((b"x" * 10_000 for _ in range(20)), mimetype="application/octet-stream")


settings = Settings.from_environ()
app = PortalAsgi(echo, settings.redis_url, settings.secret_key)
