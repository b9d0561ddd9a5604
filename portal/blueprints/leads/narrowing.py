"""What a list is narrowed to, in the address: read strictly, written back, shown as chips that can be taken off."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import TypeVar
from urllib.parse import urlencode
from uuid import UUID
from zoneinfo import ZoneInfo

from portal.blueprints.leads.wording import BUCKET_NAMES, STATE_NAMES
from portal.errors import Invalid
from portal.models import LeadState
from portal.queries.buckets import Bucket, Count
from portal.queries.leads import LeadFilters, Needs

Value = TypeVar("Value")

LONGEST_VALUE = 200
NAMES = ("q", "status", "source", "owner", "pool", "tag", "since", "needs")

NEEDS_NAMES = {
    Needs.HANDING_OUT: "nobody could get it",
    Needs.CATCH_ALL: "nobody took it",
    Needs.ATTENTION: "with somebody who has left",
}

# States that stand above the list as chips, in the order of what wants to be done first.
CHIP_NAMES = {
    LeadState.OFFERING: "On offer",
    LeadState.UNASSIGNED: "Waiting",
    LeadState.HELD: "Held",
    LeadState.QUARANTINED: "Quarantined",
}


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
        needs=_read(given, "needs", Needs, f"Use one of {', '.join(Needs)}."),
    )


def given_in(values: Mapping[str, str]) -> dict[str, str]:
    """The filters an address has, as it has them."""
    return {name: values[name] for name in NAMES if values.get(name, "").strip()}


def address(
    bucket: Bucket, given: Mapping[str, str] | None = None, cursor: str | None = None, at: str = "/leads"
) -> str:
    """The address of the list: a bucket, its filters, and from where on.

    Args:
        at: another page that takes the same filters.
    """
    if not (given or cursor):
        return f"{at}?bucket={bucket}"
    query = {"bucket": bucket.value, **(given or {}), **({"cursor": cursor} if cursor else {})}
    return f"{at}?{urlencode(query)}"


def tabs(counts: Mapping[Bucket, Count], given: Mapping[str, str]) -> list[tuple[str, str, str, str]]:
    """Each bucket with its name, its count and its address. What was searched for is searched for there too.

    A state and an owner belong to the bucket they were chosen in.
    """
    kept = {name: value for name, value in given.items() if name not in ("status", "owner")}
    return [
        (bucket.value, BUCKET_NAMES[bucket.value], str(count), address(bucket, kept))
        for bucket, count in counts.items()
    ]


def state_chips(
    bucket: Bucket, given: Mapping[str, str], counts: Mapping[LeadState, Count | None]
) -> list[tuple[str, str, str, bool]]:
    """The states one may narrow a bucket to: name, count, address, whether it is chosen (then pressing takes it off).

    Args:
        counts: how many leads of each state there are, None where that was not counted; empty = nothing to choose.
    """
    chosen = given.get("status")
    rest = {name: value for name, value in given.items() if name != "status"}
    shown = [(state, count) for state, count in counts.items() if count is None or count.value or state == chosen]
    # Quarantined leads are in no list but their own, so the way there is always shown.
    is_only_list = len(shown) < 2 and LeadState.QUARANTINED not in dict(shown)
    if is_only_list and not chosen:
        return []
    return [
        (
            CHIP_NAMES[state],
            "" if count is None else str(count),
            address(bucket, rest if state == chosen else {**rest, "status": state.value}),
            state == chosen,
        )
        for state, count in shown
    ]


def chips(bucket: Bucket, given: Mapping[str, str], names: Mapping[str, str]) -> list[tuple[str, str]]:
    """Each filter in words, with the address of the list without it.

    Args:
        given: the filters as the address has them.
        names: better words for a value than the value itself: a person's name for an id.
    """
    return [
        (
            f"{_TITLES[name]}: {names.get(value) or _said(name, value)}",
            address(bucket, {other: kept for other, kept in given.items() if other != name}),
        )
        for name, value in given.items()
        if name != "q" and not (name == "status" and bucket == Bucket.UNASSIGNED and value.strip() in CHIP_NAMES)
    ]


_TITLES = {
    "q": "Search",
    "status": "State",
    "source": "Source",
    "owner": "Owner",
    "pool": "Pool",
    "tag": "Tag",
    "since": "Since",
    "needs": "Needs somebody",
}


def _said(name: str, value: str) -> str:
    match name:
        case "status":
            return STATE_NAMES[LeadState(value.strip())]
        case "needs":
            return NEEDS_NAMES[Needs(value.strip())]
        case _:
            return value


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
