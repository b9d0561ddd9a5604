"""The database's clock: the one that decides."""

from __future__ import annotations

from datetime import datetime

from portal.extensions import db


def database_time() -> datetime:
    """Now."""
    at: datetime = db.session.connection().exec_driver_sql("SELECT clock_timestamp()").scalar_one()
    return at
