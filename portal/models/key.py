"""API keys, and the answers kept so that a repeated request is answered the same."""

from __future__ import annotations

from enum import StrEnum
from typing import Any

from sqlalchemy import Index, LargeBinary, UniqueConstraint
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from portal.extensions import db
from portal.models.columns import CompanyId, Id, Made, Moment, Ref, Str, of_company, one_of, same_company


class KeyScope(StrEnum):
    """What a key may do: create leads, or act as its user."""

    INTAKE = "intake"
    FULL = "full"


class Key(db.Model):  # type: ignore[name-defined,misc]
    """An API key: shown once, stored hashed, acting as a named user."""

    __tablename__ = "keys"

    company_id: Mapped[CompanyId]
    id: Mapped[Id]
    user_id: Mapped[Ref]
    scope: Mapped[Str]
    # SHA-256 of the key: 256 random bits need no slow hash.
    digest: Mapped[bytes] = mapped_column(LargeBinary, unique=True)
    # The first characters, so that people can tell keys apart.
    hint: Mapped[Str]
    created_at: Mapped[Made]
    revoked_at: Mapped[Moment | None]

    __table_args__ = (
        of_company(),
        same_company("user_id", "users"),
        one_of("scope", KeyScope),
        Index(None, "company_id", "user_id"),
    )


class KeptAnswer(db.Model):  # type: ignore[name-defined,misc]
    """The answer to a POST with an Idempotency-Key, kept for 24 hours."""

    __tablename__ = "kept_answers"

    company_id: Mapped[CompanyId]
    id: Mapped[Id]
    # The API key it came with, and the sender's own key for this request.
    key_id: Mapped[Ref]
    idempotency_key: Mapped[Str]
    # SHA-256 over method, path and body: the same key for something else is refused.
    fingerprint: Mapped[bytes] = mapped_column(LargeBinary)
    # None while the first request still runs (it holds the row's lock).
    status: Mapped[int | None]
    answer: Mapped[dict[str, Any] | None] = mapped_column(JSONB)
    created_at: Mapped[Made]

    __table_args__ = (
        same_company("key_id", "keys", ondelete="CASCADE"),
        UniqueConstraint("company_id", "key_id", "idempotency_key"),
        Index(None, "created_at"),
    )
