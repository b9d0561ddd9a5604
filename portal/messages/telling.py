"""Times, areas and budgets in plain words."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from decimal import Decimal, InvalidOperation
from typing import Any
from zoneinfo import ZoneInfo

from portal.messages.facts import AboutLead, Customer
from portal.messages.letter import one_line

_LONGEST_VALUE = 300
_LONGEST_QUOTE = 2000


def moment(at: datetime, zone: ZoneInfo) -> str:
    """`14:05 on Saturday, 21 November (Europe/Berlin)`."""
    local = at.astimezone(zone)
    return f"{local:%H:%M} on {local:%A}, {local.day} {local:%B} ({zone.key})"


def exact_moment(at: datetime, zone: ZoneInfo) -> str:
    """The same with seconds, for the end of a window that may be five seconds long."""
    local = at.astimezone(zone)
    return f"{local:%H:%M:%S} on {local:%A}, {local.day} {local:%B} ({zone.key})"


def length(window: timedelta) -> str:
    """`5 minutes`, `1 hour 30 minutes`, `45 seconds`."""
    seconds = round(window.total_seconds())
    parts = [(seconds // 86400, "day"), (seconds // 3600 % 24, "hour"), (seconds // 60 % 60, "minute")]
    parts += [(seconds % 60, "second")] if seconds < 600 else []
    said = [f"{count} {unit}{'' if count == 1 else 's'}" for count, unit in parts if count]
    return " ".join(said) or "0 seconds"


def known(lead: AboutLead) -> tuple[tuple[str, str], ...]:
    """What is known of a lead without naming the customer."""
    said = (
        ("Type", lead.lead_type),
        ("Area", area(lead.location)),
        ("Budget", budget(lead.price)),
        ("Language", lead.language),
        ("Tags", ", ".join(lead.tags)),
        ("Source", lead.source),
    )
    return tuple((name, one_line(value, _LONGEST_VALUE)) for name, value in said if value)


def reachable(customer: Customer) -> tuple[tuple[str, str], ...]:
    """Who the customer is and how to reach them; for the owner only."""
    said = (
        ("Name", customer.name),
        ("Phone", ", ".join(customer.phones)),
        ("E-mail", ", ".join(customer.emails)),
        ("Address", customer.address),
    )
    return tuple((name, one_line(value, _LONGEST_VALUE)) for name, value in said if value)


def customer_name(name: str | None) -> tuple[tuple[str, str], ...]:
    """Which customer it is about, if they gave a name."""
    return (("Customer", one_line(name, _LONGEST_VALUE)),) if name else ()


def shortened(text: str | None) -> str | None:
    """The customer's words, cut where a mail would become a scroll."""
    if not text or not text.strip():
        return None
    text = text.strip()
    return text if len(text) <= _LONGEST_QUOTE else text[:_LONGEST_QUOTE].rstrip() + "…"


def area(location: Mapping[str, Any]) -> str | None:
    """Town, region, country. The postcode only where no town is known: some name a single house."""
    names = ("city", "region", "country") if location.get("city") else ("postcode", "region", "country")
    # Berlin is a town and a region; once is enough.
    return ", ".join(dict.fromkeys(str(location[name]) for name in names if location.get(name))) or None


def budget(price: Mapping[str, Any]) -> str | None:
    """`350,000 to 420,000 USD`, `from 350,000`, `up to 420,000`."""
    least, most = _amount(price.get("min")), _amount(price.get("max"))
    if least is None and most is None:
        return None
    if least is not None and most is not None:
        said = least if least == most else f"{least} to {most}"
    else:
        said = f"from {least}" if most is None else f"up to {most}"
    return " ".join((said, *_currency(price)))


def _currency(price: Mapping[str, Any]) -> Iterator[str]:
    if price.get("currency"):
        yield str(price["currency"])


def _amount(value: object) -> str | None:
    if value is None or isinstance(value, bool):
        return None
    try:
        amount = Decimal(str(value))
    except InvalidOperation:
        return None
    if not amount.is_finite():
        return None
    return f"{amount:,.0f}" if amount == amount.to_integral_value() else f"{amount:,.2f}"


def ago(gone: timedelta) -> str:
    """`a moment ago`, `a minute ago`, `5 minutes ago`, `2 hours ago`, `3 days ago`."""
    minutes = gone // timedelta(minutes=1)
    if minutes < 1:
        return "a moment ago"
    if minutes < 2:
        return "a minute ago"
    size, unit = next((size, unit) for size, unit in ((1440, "day"), (60, "hour"), (1, "minute")) if minutes >= size)
    return f"{minutes // size} {unit}{'' if minutes // size == 1 else 's'} ago"
