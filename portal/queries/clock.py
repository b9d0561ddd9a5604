"""The database's clock: the one that decides."""

from __future__ import annotations

from datetime import datetime

from portal.models.statements import rows


def database_time() -> datetime:
    """Now."""
    ((at,),) = rows("SELECT clock_timestamp()")
    return at  # type: ignore[no-any-return]
