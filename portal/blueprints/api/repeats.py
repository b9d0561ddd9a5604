"""The Idempotency-Key of a POST, and which request it stands for."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from functools import wraps
from typing import Any, ParamSpec
from uuid import UUID

from flask import Response, request

from portal.blueprints.api.access import holder
from portal.blueprints.api.answers import json_answer, to_json
from portal.error_pages import PROBLEM_JSON, problem
from portal.errors import Invalid
from portal.operations.kept_answers import LONGEST_NAME, Repeatable, answer_once

P = ParamSpec("P")

HEADER = "Idempotency-Key"
Answered = tuple[dict[str, Any], int]


def named_request() -> Repeatable | None:
    """The running request as its sender named it; None when they did not.

    Raises:
        Invalid: the name is empty, too long, or not printable.
    """
    name = request.headers.get(HEADER)
    if name is None:
        return None
    if not name or len(name) > LONGEST_NAME or not name.isascii() or not name.isprintable():
        raise Invalid.field(HEADER, f"Use 1 to {LONGEST_NAME} printable ASCII characters.")
    asked = hashlib.sha256(f"{request.method} {request.full_path}\n".encode())
    asked.update(request.get_data())
    return Repeatable(name, asked.digest())


def repeatable(view: Callable[P, Answered]) -> Callable[P, Response]:
    """A POST that may be sent again: with the same Idempotency-Key it is done once and answered the same.

    The view gives a body and a status; the whole of it is one transaction with the answer that is kept.
    """

    @wraps(view)
    def run(*args: P.args, **kwargs: P.kwargs) -> Response:
        asked = named_request()
        if asked is None:
            body, status = view(*args, **kwargs)
            return json_answer(body, status)

        return kept_answer(asked, lambda _claim_id: view(*args, **kwargs))

    return run


def kept_answer(
    asked: Repeatable,
    work: Callable[[UUID], Answered],
    complete: Callable[[dict[str, Any], UUID], dict[str, Any]] | None = None,
) -> Response:
    """The answer to a named request, from the work or as it was kept.

    Args:
        work: does what is asked; given the id under which its answer is kept.
        complete: adds to a good answer what must not be kept.
    """

    def reversed_pair(claim_id: UUID) -> tuple[int, dict[str, Any]]:
        body, status = work(claim_id)
        return status, body

    answer = answer_once(asked, holder=holder(), work=reversed_pair, refused=problem, to_json=to_json)
    if answer.status >= 400:
        return json_answer(answer.body, answer.status, PROBLEM_JSON)
    body = complete(answer.body, answer.claim_id) if complete else answer.body
    return json_answer(body, answer.status)
