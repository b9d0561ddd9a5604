"""Drafts of how a company hands out leads, and replays of past leads through them."""

from __future__ import annotations

from enum import StrEnum
from typing import Any

from sqlalchemy import CheckConstraint, UniqueConstraint, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from portal.extensions import db
from portal.models.columns import CompanyId, Id, Json, Made, Moment, Ref, Str, of_company, one_of


class Draft(db.Model):  # type: ignore[name-defined,misc]
    """The company's draft, as `operations.setup_file` tells a set-up: one at a time, shared by its admins."""

    __tablename__ = "drafts"

    company_id: Mapped[CompanyId]
    id: Mapped[Id]
    data: Mapped[Json]
    # The number of the version it began with; None = there was none yet.
    based_on: Mapped[int | None]
    changed_by_name: Mapped[Str]
    changed_at: Mapped[Made]

    __table_args__ = (of_company(), UniqueConstraint("company_id"))


class ReplayState(StrEnum):
    """How far a replay is."""

    WAITING = "waiting"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"


class Replay(db.Model):  # type: ignore[name-defined,misc]
    """Past leads through today's set-up and a drafted one, as counts of who would have got what."""

    __tablename__ = "replays"

    company_id: Mapped[CompanyId]
    id: Mapped[Id]
    asked_by: Mapped[Ref]
    # Leads that came in from this moment on, and before that one.
    since: Mapped[Moment]
    until: Mapped[Moment]
    draft: Mapped[Json]
    state: Mapped[Str] = mapped_column(server_default=ReplayState.WAITING.value)
    # How many leads there are, and how many were played so far.
    total: Mapped[int | None]
    played: Mapped[int] = mapped_column(server_default=text("0"))
    # Counts for `today` and `draft`; see `operations.replays`.
    result: Mapped[dict[str, Any] | None] = mapped_column(JSONB(none_as_null=True))
    # Why it failed, as a sentence.
    error: Mapped[Str | None]
    created_at: Mapped[Made]
    ended_at: Mapped[Moment | None]

    __table_args__ = (
        of_company(),
        one_of("state", ReplayState),
        CheckConstraint("since < until", name="since"),
    )
