"""What a call answers: JSON in one manner, documented where the view stands."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

import msgspec
from apiflask.scaffold import APIScaffold
from flask import Response
from marshmallow import Schema

View = TypeVar("View", bound=Callable[..., Any])

# Ledger figures are exact decimals and stay so: as numbers, not as texts.
_encoder = msgspec.json.Encoder(decimal_format="number", uuid_format="canonical")

_documenting = APIScaffold()


def to_json(data: Any) -> bytes:
    """Plain data as JSON: ids as texts, moments as RFC 3339 in UTC, decimals as exact numbers."""
    return _encoder.encode(data)


def json_answer(data: Any, status: int = 200, mimetype: str = "application/json") -> Response:
    """An answer with a body."""
    return Response(to_json(data), status=status, mimetype=mimetype)


def nothing() -> Response:
    """204: done, and there is nothing to say."""
    return Response(status=204)


def answers(*forms: tuple[int, type[Schema]], nothing: bool = False) -> Callable[[View], View]:
    """Document the answers of a view.

    Args:
        forms: status and what its body looks like.
        nothing: the view may answer 204, without a body.
    """
    responses: dict[int, Any] = {
        status: {"description": _MEANING[status], "content": {"application/json": {"schema": form}}}
        for status, form in forms
    }
    if nothing:
        responses[204] = {"description": _MEANING[204]}

    def wrap(view: View) -> View:
        documented: View = _documenting.doc(responses=responses)(view)
        return documented

    return wrap


_MEANING = {200: "As asked", 201: "Made", 202: "Started", 204: "Done"}
