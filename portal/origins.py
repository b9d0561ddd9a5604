"""Telling the log of changes where a request comes from."""

from __future__ import annotations

from flask import Flask, request

from portal.operations.auditing import come_from


def bind(app: Flask) -> None:
    """Every request is a page's until the API has found the key it came with."""
    app.before_request(lambda: come_from(f"page, from {address()}"))


def address() -> str:
    """Whose request this is, as far as the network says."""
    return request.remote_addr or "an unknown address"
