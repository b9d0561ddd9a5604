"""Leads in words: states, reasons, times, places and money as people say them. Pure."""

from __future__ import annotations

from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any
from urllib.parse import quote
from zoneinfo import ZoneInfo

from portal.messages import telling
from portal.models import ActorType, CloseReason, ContactStatus, LeadState, TimelineKind, Visibility
from portal.operations import conversion_words
from portal.operations.attempts import Way
from portal.queries.lead_views import LeadView
from portal.routing.facts import WaitingFor

BUCKET_NAMES = {"unassigned": "Unassigned", "mine": "Mine", "assigned": "Assigned", "closed": "Closed"}

# The way back from a lead to its list.
BUCKET_LEADS = {
    "unassigned": "Unassigned leads",
    "mine": "My leads",
    "assigned": "Assigned leads",
    "closed": "Closed leads",
}

STATE_NAMES = {
    LeadState.QUARANTINED: "Quarantined",
    LeadState.HELD: "Held",
    LeadState.UNASSIGNED: "Unassigned",
    LeadState.OFFERING: "On offer",
    LeadState.OWNED: "Owned",
    LeadState.CLOSED: "Closed",
}

CLOSE_REASONS = {
    CloseReason.WON: "Won",
    CloseReason.DECLINED: "Declined by the customer",
    CloseReason.OPTED_OUT: "Asked not to be contacted",
    CloseReason.DUPLICATE: "Duplicate",
    CloseReason.NOT_VALID: "Not a valid lead",
    CloseReason.NO_ANSWER: "No answer",
    CloseReason.OTHER: "Another reason",
}

WAITING = {
    WaitingFor.ROUTING: ("Waiting for somebody free", "warn"),
    WaitingFor.CATCH_ALL: ("Default assignees told", "warn"),
    WaitingFor.PERSON: ("Unassigned", ""),
}

FLAGS = {
    "possible_duplicate": "Possible duplicate: phone and e-mail belong to two customers.",
    "doubtful_phone": "The phone number may be wrong.",
    "doubtful_email": "The e-mail address may be wrong.",
}

KIND_NAMES = {
    TimelineKind.CREATED: "Came in",
    TimelineKind.TOUCH: "Message",
    TimelineKind.HELD: "Held",
    TimelineKind.RELEASED: "Released",
    TimelineKind.QUARANTINED: "Quarantined",
    TimelineKind.DECISION: "Decision",
    TimelineKind.OFFERED: "Offered",
    TimelineKind.ACCEPTED: "Accepted",
    TimelineKind.DECLINED: "Declined",
    TimelineKind.MISSED: "Missed",
    TimelineKind.WITHDRAWN: "Offer withdrawn",
    TimelineKind.ASSIGNED: "Assigned",
    TimelineKind.UNASSIGNED: "Unassigned",
    TimelineKind.REASSIGNMENT_STARTED: "Reassignment started",
    TimelineKind.REASSIGNMENT_ENDED: "Reassignment ended",
    TimelineKind.TRANSFERRED: "Transferred",
    TimelineKind.COMMENT: "Comment",
    TimelineKind.MEMO: "Memo",
    TimelineKind.STATUS: "Status",
    TimelineKind.CONVERSION: "Conversion",
    TimelineKind.CONTACT_ATTEMPT: "Contact attempt",
    TimelineKind.CLOSED: "Closed",
    TimelineKind.REOPENED: "Reopened",
    TimelineKind.SHARED: "Shared",
    TimelineKind.MERGED: "Merged",
    TimelineKind.MESSAGE: "Sent",
}

# The filter of the timeline: a few groups people think in, not two dozen kinds.
KIND_GROUPS: dict[str, tuple[str, tuple[TimelineKind, ...]]] = {
    "words": ("Comments and memos", (TimelineKind.COMMENT, TimelineKind.MEMO)),
    "customer": ("Customer", (TimelineKind.CREATED, TimelineKind.TOUCH, TimelineKind.CONTACT_ATTEMPT)),
    "handout": (
        "Hand-out",
        (
            TimelineKind.DECISION,
            TimelineKind.OFFERED,
            TimelineKind.ACCEPTED,
            TimelineKind.DECLINED,
            TimelineKind.MISSED,
            TimelineKind.WITHDRAWN,
            TimelineKind.ASSIGNED,
            TimelineKind.UNASSIGNED,
            TimelineKind.REASSIGNMENT_STARTED,
            TimelineKind.REASSIGNMENT_ENDED,
            TimelineKind.TRANSFERRED,
        ),
    ),
    "feedback": ("Feedback", (TimelineKind.CONVERSION, TimelineKind.CONTACT_ATTEMPT)),
    "state": (
        "State",
        (
            TimelineKind.HELD,
            TimelineKind.RELEASED,
            TimelineKind.QUARANTINED,
            TimelineKind.STATUS,
            TimelineKind.CLOSED,
            TimelineKind.REOPENED,
        ),
    ),
}

MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)


def state_badge(state: str, waiting_for: str | None, close_reason: str | None) -> tuple[str, str]:
    """A lead's state as a badge: its text and its tone."""
    match state:
        case LeadState.UNASSIGNED:
            return WAITING[WaitingFor(waiting_for or WaitingFor.PERSON)]
        case LeadState.OFFERING:
            return STATE_NAMES[LeadState.OFFERING], "accent"
        case LeadState.QUARANTINED:
            return STATE_NAMES[LeadState.QUARANTINED], "bad"
        case LeadState.CLOSED if close_reason:
            return f"Closed: {CLOSE_REASONS[CloseReason(close_reason)].lower()}", ""
        case LeadState.OWNED:
            return STATE_NAMES[LeadState.OWNED], "good"
        case _:
            return STATE_NAMES[LeadState(state)], ""


def kept_back(lead: LeadView, now: datetime, zone: ZoneInfo) -> str:
    """Why a lead is held or quarantined, and until when."""
    if lead.state == LeadState.QUARANTINED:
        return "In quarantine: nobody is told of it until somebody lets it go."
    if lead.held_until is None:
        return "Held until a manager lets it go."
    if lead.held_until <= now:
        return "Held until it is its turn: held leads go out one after the other, the oldest first."
    return f"Held until you open on {exact(lead.held_until, zone)}; held leads then go out one after the other."


def ago(at: datetime, now: datetime) -> str:
    """How long ago, in the coarsest unit that still says something."""
    gone = now - at
    if gone < MINUTE:
        return "just now"
    if gone < HOUR:
        return f"{gone // MINUTE} min ago"
    if gone < DAY:
        return f"{gone // HOUR} h ago"
    days = gone // DAY
    return "1 day ago" if days == 1 else f"{days} days ago"


def left(seconds: float) -> str:
    """How long is left of a window, rounded down so that nobody is promised too much."""
    whole = int(seconds)
    if whole < 60:
        return f"{whole} s left"
    if whole < 3600:
        return f"{whole // 60} min left"
    return f"{whole // 3600} h {whole % 3600 // 60} min left"


def exact(at: datetime, zone: ZoneInfo) -> str:
    """The moment on the company's wall clock, to the second, the zone named."""
    local = at.astimezone(zone)
    day = f"{local.day} {MONTHS[local.month - 1]} {local.year}"
    return f"{day}, {local.hour:02}:{local.minute:02}:{local.second:02} {local.tzname()}"


# The page shows a day as the timeline tells of it.
day = conversion_words.day


def clock(at: datetime, zone: ZoneInfo) -> str:
    """The time of day on the company's wall clock, to the second, the zone named."""
    local = at.astimezone(zone)
    return f"{local:%H:%M:%S} {local.tzname()}"


def hour(at: datetime, zone: ZoneInfo) -> str:
    """The same to the minute, where there is little room; the page says elsewhere which zone."""
    return f"{at.astimezone(zone):%H:%M}"


def actor(kind: str, name: str) -> str:
    """Who did something. A rule is called one, since its name may be any words."""
    if kind == ActorType.CONTACT:
        return "the customer"
    return f"the rule “{name}”" if kind == ActorType.RULE else name


def place(location: dict[str, Any] | None) -> str | None:
    """A place in one line, as much as is known of it."""
    known = location or {}
    parts = [str(known[part]) for part in ("address", "postcode", "city", "region", "country") if known.get(part)]
    return ", ".join(parts) or None


def map_link(location: dict[str, Any] | None) -> str | None:
    """Where any phone or desk opens its map of the place (Google's Maps URLs, universal cross-platform syntax)."""
    if location is None or not location.get("address"):
        return None
    return f"https://www.google.com/maps/search/?api=1&query={quote(place(location) or '')}"


def budget(price: dict[str, Any] | None) -> str | None:
    """A price or budget range: "1,000 to 2,000 EUR"."""
    return telling.budget(price) if price else None


# The dot of an entry in the stream; what is not named here is calm.
KIND_TONES = {
    TimelineKind.COMMENT: "accent",
    TimelineKind.ACCEPTED: "good",
    TimelineKind.ASSIGNED: "good",
    TimelineKind.MISSED: "warn",
    TimelineKind.DECLINED: "warn",
    TimelineKind.QUARANTINED: "bad",
}

CONTACT_STATUSES = {
    ContactStatus.NOT_CONTACTED: "Not yet",
    ContactStatus.TRIED: "Tried",
    ContactStatus.CONTACTED: "Contacted",
}

WAYS = {Way.CALL: "Call", Way.TEXT: "Text", Way.MAIL: "Mail"}

# A text longer than this is folded on the page.
FOLDED_FROM = 400


def beginning(text: str) -> str:
    """The first lines of a text that is folded."""
    start = text[:FOLDED_FROM].rsplit(" ", 1)[0].rstrip()
    return f"{start}…"


def entry_name(kind: str, visibility: str) -> str:
    """What an entry of the stream is."""
    if visibility == Visibility.MANAGERS:
        return f"{KIND_NAMES[TimelineKind(kind)]} for managers"
    return KIND_NAMES[TimelineKind(kind)]


def amount(value: Decimal | None) -> str:
    """An amount of money as it is typed again: without a point where there are no cents."""
    if value is None:
        return ""
    return f"{value:.0f}" if value == value.to_integral_value() else f"{value:.2f}"
