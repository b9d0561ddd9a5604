"""Repeated requests: the same idempotency key gets the same answer for 24 hours, and the work is done once."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from portal.errors import Invalid, ProductError
from portal.extensions import db
from portal.models import new_id
from portal.operations.transaction import operation
from portal.queries.across import KeyHolder

LONGEST_NAME = 255


@dataclass(frozen=True, slots=True)
class Repeatable:
    """A request that names itself: the sender's key for it, and a SHA-256 over what is asked."""

    name: str
    fingerprint: bytes


@dataclass(frozen=True, slots=True)
class Answer:
    """A status and a body. `claim_id` is the id under which it is kept."""

    status: int
    body: dict[str, Any]
    claim_id: UUID


# One statement for a new key, and for one whose answer is a day old and forgotten. It waits for a request that runs
# with the same key: its row is locked until that request is over.
_CLAIM = """
INSERT INTO kept_answers AS kept (company_id, id, key_id, idempotency_key, fingerprint)
VALUES (%(company_id)s, %(id)s, %(key_id)s, %(name)s, %(fingerprint)s)
ON CONFLICT (company_id, key_id, idempotency_key) DO UPDATE
    SET id = excluded.id, fingerprint = excluded.fingerprint, status = NULL, answer = NULL,
        created_at = clock_timestamp()
    WHERE kept.created_at < clock_timestamp() - interval '24 hours'
RETURNING id
"""
_KEPT = """
SELECT id, fingerprint, status, answer FROM kept_answers
WHERE company_id = %(company_id)s AND key_id = %(key_id)s AND idempotency_key = %(name)s
"""
_STORE = "UPDATE kept_answers SET status = %s, answer = %s::jsonb WHERE company_id = %s AND id = %s"


@operation
def answer_once(
    request: Repeatable,
    *,
    holder: KeyHolder,
    work: Callable[[UUID], tuple[int, dict[str, Any]]],
    refused: Callable[[ProductError], tuple[int, dict[str, Any]]],
    to_json: Callable[[dict[str, Any]], bytes],
) -> Answer:
    """Do the work and keep its answer in the same transaction; or give the answer that was kept.

    Args:
        request: which request this is.
        holder: whose API key it came with; names belong to a key.
        work: does what is asked, joining this transaction; given the claim's id, gives status and body.
        refused: the answer to a product error. What the work wrote before it is undone; the answer is kept.
        to_json: how bodies are written.

    Raises:
        Invalid: the name belongs to another request.
    """
    connection = db.session.connection()
    facts = {"company_id": holder.company_id, "key_id": holder.key_id, "name": request.name}
    claim_id = connection.exec_driver_sql(
        _CLAIM, facts | {"id": new_id(), "fingerprint": request.fingerprint}
    ).scalar_one_or_none()
    if claim_id is None:
        kept = connection.exec_driver_sql(_KEPT, facts).one()
        if kept.fingerprint != request.fingerprint:
            raise Invalid.field(
                "Idempotency-Key", "This key was used for another request; use a new one for each request."
            )
        return Answer(kept.status, kept.answer, kept.id)
    try:
        with db.session.begin_nested():
            status, body = work(claim_id)
    except ProductError as error:
        status, body = refused(error)
    connection.exec_driver_sql(_STORE, (status, to_json(body).decode(), holder.company_id, claim_id))
    return Answer(status, body, claim_id)
