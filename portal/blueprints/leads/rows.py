"""The list as markup: what stands above the rows, and each row, are pure functions of what they show. So each is made
once and kept.

Nothing about who looks is an argument beyond what the database has left in the row for them, and the row's own values
are the key it is kept under: two leads, or two companies, can share markup only where every word of it is the same.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime
from functools import lru_cache
from typing import NamedTuple
from zoneinfo import ZoneInfo

from flask import current_app
from markupsafe import Markup

from portal.blueprints.leads import wording
from portal.models import CloseReason, LeadState
from portal.queries.lead_rows import SentRow
from portal.queries.lead_views import called_without_customer
from portal.routing.facts import WaitingFor

TAGS_SHOWN = 1
ROWS_KEPT = 4096
HEADS_KEPT = 512

# Stands for the moment a page is made in markup that is kept longer. No text in the database can hold this sign.
_NOW = "\0"

# A row has less room than a lead's page: the short word, and the whole one beside it as a title.
_WAITING = {
    WaitingFor.ROUTING: "Waiting",
    WaitingFor.CATCH_ALL: "Defaults told",
    WaitingFor.PERSON: "Unassigned",
}
_CLOSED = {
    CloseReason.DECLINED: "Declined",
    CloseReason.OPTED_OUT: "Opted out",
    CloseReason.NOT_VALID: "Not valid",
    CloseReason.OTHER: "Closed",
}


class Badge(NamedTuple):
    """A lead's state: a short word, its tone, and the whole of it."""

    text: str
    tone: str
    whole: str


def body(rows: Iterable[SentRow], now: datetime, zone: ZoneInfo) -> Markup:
    """The rows of a page, one after the other.

    Args:
        now: by the database's clock or close to it; times are told from here.
        zone: the company's, for moments told exactly.
    """
    at, key = int(now.timestamp()), zone.key
    made = "".join([_row(row, _ago(at - row.arrived), _ago(at - row.active), key) for row in rows])
    return Markup(made.replace(_NOW, now.isoformat()))  # noqa: S704  (rows come escaped from their template)


@lru_cache(maxsize=HEADS_KEPT)
def head(
    bucket: str,
    tabs: tuple[tuple[str, str, str, str], ...],
    given: tuple[tuple[str, str], ...],
    states: tuple[tuple[str, str, str, bool], ...],
    chips: tuple[tuple[str, str], ...],
    narrow_url: str,
    clear_url: str,
) -> Markup:
    """Tabs, search and filters.

    Args:
        bucket: the one that is shown.
        tabs, states, chips: as `narrowing` makes them.
        given: the filters in the address.
    """
    template = current_app.jinja_env.get_template("leads/_list_head.html")
    words = dict(given).get("q", "")
    made = template.module.head(bucket, tabs, given, words, states, chips, narrow_url, clear_url)  # type: ignore[attr-defined]
    return Markup(made)  # noqa: S704  (escaped by its template)


def badge(state: str, waiting_for: str | None, close_reason: str | None) -> Badge:
    """A lead's state, in the words a row has room for."""
    whole, tone = wording.state_badge(state, waiting_for, close_reason)
    if state == LeadState.UNASSIGNED:
        return Badge(_WAITING[WaitingFor(waiting_for or WaitingFor.PERSON)], tone, whole)
    if state == LeadState.CLOSED and close_reason:
        reason = CloseReason(close_reason)
        return Badge(
            _CLOSED.get(reason, wording.CLOSE_REASONS[reason]), "good" if reason == CloseReason.WON else "", whole
        )
    return Badge(whole, tone, whole)


@lru_cache(maxsize=ROWS_KEPT)
def _row(sent: SentRow, arrived: str, active: str, zone: str) -> str:
    row = sent.whole
    template = current_app.jinja_env.get_template("leads/_row.html")
    whose = ZoneInfo(zone)
    ends = datetime.fromtimestamp(row.offer_ends / 1000, UTC) if row.offer_ends else None
    return str(
        template.module.row(  # type: ignore[attr-defined]
            row,
            called=row.called or (called_without_customer(row.lead_type, row.city) if row.masked else "No name given"),
            badge=badge(row.state, row.waiting_for, row.close_reason),
            tags=row.tags_found[:TAGS_SHOWN],
            arrived=arrived,
            arrived_exact=wording.exact(datetime.fromtimestamp(row.arrived, UTC), whose),
            active=active,
            active_exact=wording.exact(datetime.fromtimestamp(row.active, UTC), whose),
            accepted=None if row.accepted_after is None else _span(max(0, row.accepted_after)),
            now=_NOW,
            ends=ends and ends.isoformat(),
            until=ends and f"until {wording.hour(ends, whose)}",
        )
    )


def _ago(seconds: int) -> str:
    return "just now" if seconds < 60 else _span(seconds)


def _span(seconds: int) -> str:
    """A length of time in the coarsest unit that still says something."""
    if seconds < 60:
        return "< 1 min"
    if seconds < 3600:
        return f"{seconds // 60} min"
    if seconds < 86400:
        return f"{seconds // 3600} h"
    days = seconds // 86400
    return "1 day" if days == 1 else f"{days} days"
