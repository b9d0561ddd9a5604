"""What a list is narrowed to, in the address: read strictly, written back, shown as chips that can be taken off."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any, TypeVar
from uuid import UUID
from zoneinfo import ZoneInfo

from flask import url_for

from portal.blueprints.leads.wording import STATE_NAMES
from portal.errors import Invalid
from portal.models import LeadState
from portal.queries.leads import Bucket, LeadFilters

Value = TypeVar("Value")

LONGEST_VALUE = 200
NAMES = ("q", "status", "source", "owner", "pool", "tag", "since")


def bucket_named(name: str | None, default: Bucket) -> Bucket:
    """The bucket an address names.

    Raises:
        Invalid: there is no such bucket.
    """
    try:
        return Bucket(name) if name else default
    except ValueError:
        raise Invalid.field("bucket", f"The buckets are {', '.join(Bucket)}.") from None


def filters_from(values: Mapping[str, str], zone: ZoneInfo) -> LeadFilters:
    """The filters an address holds; blank ones do not narrow.

    Args:
        zone: the company's; a bare date means the start of that day there.

    Raises:
        Invalid: a value makes no sense, with the field's name.
    """
    given = {name: _plain(name, values[name]) for name in NAMES if values.get(name, "").strip()}
    return LeadFilters(
        q=given.get("q"),
        status=_read(given, "status", LeadState, f"Use one of {', '.join(LeadState)}."),
        source=given.get("source"),
        owner=_read(given, "owner", UUID, "This is not the id of a person."),
        pool=_read(given, "pool", UUID, "This is not the id of a pool."),
        tag=given.get("tag"),
        since=_read(given, "since", lambda value: _moment(value, zone), "Use a date such as 2026-05-31."),
    )


def chips(bucket: Bucket, values: Mapping[str, str], names: Mapping[str, str]) -> list[tuple[str, str]]:
    """Each filter in words, with the address of the list without it.

    Args:
        values: the filters as the address has them.
        names: better words for a value than the value itself: a person's name for an id.
    """
    given: dict[str, Any] = {name: values[name] for name in NAMES if values.get(name, "").strip()}
    return [
        (
            f"{_TITLES[name]}: {names.get(value) or _said(name, value)}",
            url_for("leads.list_leads", bucket=bucket.value, **{k: v for k, v in given.items() if k != name}),
        )
        for name, value in given.items()
        if name != "q"
    ]


_TITLES = {
    "q": "Search",
    "status": "State",
    "source": "Source",
    "owner": "Owner",
    "pool": "Pool",
    "tag": "Tag",
    "since": "Since",
}


def _said(name: str, value: str) -> str:
    return STATE_NAMES[LeadState(value)] if name == "status" else value


def _plain(name: str, value: str) -> str:
    value = value.strip()
    # PostgreSQL stores no NUL, and UTF-8 no lone surrogate: nothing stored can ever match them.
    if len(value) > LONGEST_VALUE or "\0" in value or any("\ud800" <= sign <= "\udfff" for sign in value):
        raise Invalid.field(name, f"Use at most {LONGEST_VALUE} plain characters.")
    return value


def _read(given: Mapping[str, str], name: str, read: Callable[[str], Value], hint: str) -> Value | None:
    if name not in given:
        return None
    try:
        return read(given[name])
    except (ValueError, OverflowError):
        raise Invalid.field(name, hint) from None


def _moment(value: str, zone: ZoneInfo) -> datetime:
    moment = datetime.fromisoformat(value)
    return (moment if moment.tzinfo else moment.replace(tzinfo=zone)).astimezone(UTC)
