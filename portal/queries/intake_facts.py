"""What intake asks the database before it decides what a message is."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from portal.models.statements import rows
from portal.permissions import Right, holds_sql
from portal.queries.setup import Setup, setup_of
from portal.routing.recognise import ContactKey, KeyKind, KeyMatch

# One statement, two effects: the sender's idempotency key is claimed, and everybody who writes about the same person
# (or with the same external id) waits here for the one before. Locks are taken in the order of the numbers.
_CLAIM_AND_LOCK = """
    WITH claim AS (
        INSERT INTO kept_answers (company_id, id, key_id, idempotency_key, fingerprint)
        SELECT %(company)s, %(claim)s, %(key)s, %(idempotency_key)s, %(fingerprint)s
        WHERE %(idempotency_key)s::text IS NOT NULL
        ON CONFLICT DO NOTHING RETURNING 1
    )
    SELECT (SELECT count(*) FROM claim), count(pg_advisory_xact_lock(k.number))
    FROM (SELECT unnest(%(locks)s::bigint[]) AS number ORDER BY 1) k"""

_KEPT = """
    SELECT fingerprint, status, answer FROM kept_answers
    WHERE company_id = %(company)s AND key_id = %(key)s AND idempotency_key = %(idempotency_key)s"""

# A contact may have had many leads: its open ones and the last closed one with an owner are all that counts.
_RECOGNISE = f"""
    SELECT
        (SELECT coalesce(jsonb_agg(jsonb_build_array(
                    k.kind, k.contact_id, l.id, l.state, l.last_activity_at, l.owner_id)), '[]')
         FROM contact_keys k
         LEFT JOIN LATERAL (
             (SELECT id, state, last_activity_at, owner_id FROM leads l
              WHERE l.company_id = k.company_id AND l.contact_id = k.contact_id AND l.state <> 'closed'
              ORDER BY id DESC LIMIT 20)
             UNION ALL
             (SELECT id, state, last_activity_at, owner_id FROM leads l
              WHERE l.company_id = k.company_id AND l.contact_id = k.contact_id AND l.state = 'closed'
                AND l.owner_id IS NOT NULL
              ORDER BY id DESC LIMIT 1)
         ) l ON true
         WHERE k.company_id = %(company)s AND (k.kind, k.value) IN (
             SELECT * FROM unnest(%(kinds)s::text[], %(values)s::text[]))),
        (SELECT lead_id FROM lead_aliases
         WHERE company_id = %(company)s AND source = %(source)s AND external_id = %(external_id)s),
        (SELECT jsonb_build_array(id, name, active, {holds_sql(Right.RECEIVE)})
         FROM users
         WHERE company_id = %(company)s AND (id = %(assignee_id)s OR email = %(assignee_email)s) LIMIT 1),
        (SELECT setup_version FROM companies WHERE id = %(company)s),
        (SELECT count(*) FROM sources WHERE company_id = %(company)s AND name = %(source)s)"""


@dataclass(frozen=True, slots=True)
class Assignee:
    """The user a sender named."""

    user_id: UUID
    name: str
    active: bool
    receives: bool


@dataclass(frozen=True, slots=True)
class Known:
    """What the database knows about an arriving message."""

    matches: tuple[KeyMatch, ...]
    # The lead that already carries this external id.
    updates: UUID | None
    assignee: Assignee | None
    setup: Setup
    source_exists: bool


def claim_and_lock(
    company_id: UUID, locks: Sequence[int], *, claim: UUID, key_id: UUID | None, name: str | None, fingerprint: bytes
) -> bool:
    """Take the locks in order and claim the sender's idempotency key, waiting for whoever holds it.

    Returns:
        Whether the claim is ours; False means the request was answered before (or there is no key).
    """
    parameters = {
        "company": company_id,
        "claim": claim,
        "key": key_id,
        "idempotency_key": name,
        "fingerprint": fingerprint,
        "locks": sorted(locks),
    }
    return bool(rows(_CLAIM_AND_LOCK, parameters)[0][0])


def kept_answer(company_id: UUID, key_id: UUID, name: str) -> tuple[bytes, int, dict[str, Any]]:
    """What the request that claimed this idempotency key was answered: fingerprint, status, answer.

    A claim is seen only once its transaction, and so the answer, is committed.
    """
    parameters = {"company": company_id, "key": key_id, "idempotency_key": name}
    ((fingerprint, status, answer),) = rows(_KEPT, parameters)
    return bytes(fingerprint), status, answer


def known(
    company_id: UUID, keys: Sequence[ContactKey], *, source: str, external_id: str | None, assignee: str | None
) -> Known:
    """Everything intake needs to recognise a message, in one statement. Read after the locks are held."""
    parameters = {
        "company": company_id,
        "kinds": [key.kind for key in keys],
        "values": [key.value for key in keys],
        "source": source,
        "external_id": external_id,
        **_named(assignee),
    }
    ((matches, updates, named, version, sources),) = rows(_RECOGNISE, parameters)
    return Known(
        tuple(_match(row) for row in matches),
        updates,
        Assignee(UUID(named[0]), *named[1:]) if named else None,
        setup_of(company_id, version),
        bool(sources),
    )


def _named(assignee: str | None) -> dict[str, Any]:
    """A user is named by id or by e-mail address."""
    try:
        return {"assignee_id": UUID(assignee or ""), "assignee_email": None}
    except ValueError:
        return {"assignee_id": None, "assignee_email": assignee and assignee.strip().lower()}


def _match(row: list[Any]) -> KeyMatch:
    kind, contact_id, lead_id, state, active_at, owner_id = row
    return KeyMatch(
        KeyKind(kind),
        UUID(contact_id),
        UUID(lead_id) if lead_id else None,
        state is not None and state != "closed",
        datetime.fromisoformat(active_at) if active_at else None,
        UUID(owner_id) if owner_id else None,
    )
