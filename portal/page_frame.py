"""What every page needs around its content: navigation, the viewer, links to files that may be cached for long."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache, lru_cache
from hashlib import sha256
from pathlib import Path
from typing import Any
from urllib.parse import quote
from zoneinfo import ZoneInfo

from flask import Flask, current_app, g, request, session

from portal.config import Settings
from portal.form_tokens import bind_form_tokens, form_token
from portal.linked import linked
from portal.models import User
from portal.page_top import page_top
from portal.permissions import DASHBOARD, Right
from portal.queries.viewers import Viewer
from portal.rights import Powers, powers_of
from portal.sign_in import current_company


@dataclass(frozen=True, slots=True)
class NavigationItem:
    """One way in the bar. `current` is what aria-current says: this page, or one below it."""

    text: str
    href: str
    icon: str
    current: str | None
    # Too many for the bar of a phone: there the way leads through Settings, which lists them.
    on_desk_only: bool = False
    # A heading above this one.
    group: str | None = None


@dataclass(frozen=True, slots=True)
class Place:
    """Somewhere the bar leads. One of `rights` is needed; none = open to all."""

    text: str
    path: str
    icon: str
    rights: frozenset[Right] = frozenset()
    group: str | None = None
    on_desk_only: bool = False
    # Only where the right reaches the whole company.
    company_wide: bool = False


SET_UP = "Set up"

_PLACES = (
    Place("Offers", "/offers", "offers", frozenset({Right.RECEIVE})),
    Place("Dashboard", "/dashboard", "dashboard", DASHBOARD),
    Place("Leads", "/leads", "leads"),
    Place("Me", "/me", "me"),
    Place("People", "/people", "people", frozenset({Right.PEOPLE}), SET_UP, on_desk_only=True),
    Place("Pools", "/pools", "pools", frozenset({Right.DISTRIBUTION}), SET_UP, on_desk_only=True),
    Place(
        "Allocations",
        "/allocations",
        "allocations",
        frozenset({Right.DISTRIBUTION}),
        SET_UP,
        on_desk_only=True,
        company_wide=True,
    ),
    Place("Outbox", "/outbox", "outbox", frozenset({Right.COMPANY}), SET_UP, on_desk_only=True),
    Place("Settings", "/settings", "settings", frozenset({Right.COMPANY, Right.PEOPLE, Right.DISTRIBUTION}), SET_UP),
)

LOOKS = ("light", "dark")
LOOK_COOKIE = "look"


def bind_page_frame(app: Flask) -> None:
    """Give templates their filters and the frame of signed-in pages."""
    app.jinja_env.trim_blocks = app.jinja_env.lstrip_blocks = True
    app.jinja_env.filters.update(initials=initials, local_time=local_time, first_text=first_text, linked=linked)
    app.jinja_env.globals.update(static_url=static_url, page_top=page_top)
    bind_form_tokens(app)
    app.context_processor(_frame)


def _frame() -> dict[str, Any]:
    user: User | Viewer | None = g.get("signed_in_user") or g.get("signed_in_viewer")
    if user is None:
        return {"viewer": None, "look": chosen_look()}
    company = user.company if isinstance(user, Viewer) else current_company()
    return {
        "viewer": user,
        "company_name": company.name,
        "is_demo": company.is_demo,
        "may_wipe": company.is_demo and Right.OWNERSHIP in powers_of(user.roles).held,
        "zone": company.time_zone,
        "several_companies": session.get("several_companies", False),
        "navigation": navigation(user, request.path),
        "look": chosen_look(),
        "csrf_token": form_token,
        # Where choosing another look leads back to. A page that came from a POST has no address of its own.
        "here": request.full_path.rstrip("?") if request.method == "GET" else "/",
    }


def chosen_look() -> str:
    """Light or dark, as the person chose; empty while the system decides."""
    look = request.cookies.get(LOOK_COOKIE, "")
    return look if look in LOOKS else ""


def navigation(user: User | Viewer, path: str) -> tuple[NavigationItem, ...]:
    """The places a user may go, the one they are in marked."""
    return _places_of(powers_of(user.roles, user.own_grants), path, outbox_exists())


@lru_cache(maxsize=512)
def _places_of(powers: Powers, path: str, with_outbox: bool) -> tuple[NavigationItem, ...]:
    shown = [
        place
        for place in _PLACES
        if (not place.rights or place.rights & (powers.whole if place.company_wide else powers.held))
        and (place.path != "/outbox" or with_outbox)
    ]
    groups = [place.group for place in shown]
    return tuple(
        NavigationItem(
            place.text,
            place.path,
            place.icon,
            _current(place.path, path),
            place.on_desk_only,
            place.group if place.group not in groups[:number] else None,
        )
        for number, place in enumerate(shown)
    )


def _current(href: str, path: str) -> str | None:
    if path == href:
        return "page"
    return "true" if path.startswith(f"{href}/") else None


def outbox_exists() -> bool:
    """Messages are shown on /outbox only while no real channel carries them."""
    settings: Settings = current_app.extensions["settings"]
    return settings.mail_server is None


def initials(name: str) -> str:
    """The first letters of the first and last word, for the round mark of a person."""
    words = [word for word in name.split() if word[:1].isalnum()] or [name[:1] or "?"]
    return "".join(word[0] for word in dict.fromkeys((words[0], words[-1]))).upper()


def first_text(errors: Any) -> str:
    """The first sentence among a field's errors, which are lists of lists where the field holds rows of fields."""
    if isinstance(errors, str):
        return errors
    values = errors.values() if isinstance(errors, dict) else errors
    return next((text for text in map(first_text, values) if text), "")


def local_time(at: datetime, zone: str = "UTC") -> str:
    """A moment on the wall clock of `zone`, the zone named: 21 Nov 2026, 21:27 UTC."""
    local = at.astimezone(ZoneInfo(zone))
    year = "" if local.year == datetime.now(UTC).astimezone(ZoneInfo(zone)).year else f" {local.year}"
    return f"{local.day} {local:%b}{year}, {local:%H:%M} {local.tzname()}"


def static_url(name: str) -> str:
    """The address of a static file with its fingerprint, so that browsers may keep it for ever."""
    return _with_fingerprint(str(current_app.static_folder), name)


@cache
def _with_fingerprint(folder: str, name: str) -> str:
    fingerprint = sha256((Path(folder) / name).read_bytes()).hexdigest()[:12]
    return f"/static/{quote(name)}?v={fingerprint}"
