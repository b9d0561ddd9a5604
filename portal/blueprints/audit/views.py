"""The log of changes, newest first, narrowed by who and what and when; and the same as a file."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime, time, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from flask import Response, render_template, request, url_for
from flask.typing import ResponseReturnValue

from portal.blueprints.audit.blueprint import blueprint
from portal.blueprints.audit.wording import ACTION_NAMES, SUBJECT_NAMES, changes_of
from portal.blueprints.csv_answers import csv_answer
from portal.errors import Invalid, NotFound
from portal.models import AuditEntry
from portal.permissions import Right
from portal.queries.audit import Narrowing, audit_entries, audit_page
from portal.queries.choices import people_by_name
from portal.queries.people import teams
from portal.queries.roles import own_role_names
from portal.sign_in import current_company, right_required, signed_in_user

ENTRIES_SHOWN = 30
NAMES = ("who", "what", "since", "until")


@blueprint.get("")
@right_required(Right.AUDIT)
def listed() -> ResponseReturnValue:
    """Entries with what was and what is."""
    viewer, asked = signed_in_user(), _asked()
    page = audit_page(viewer, _narrowing(asked), request.args.get("cursor"), ENTRIES_SHOWN)
    names = _names()
    return render_template(
        "audit/list.html",
        entries=[(entry, changes_of(entry, names)) for entry in page.items],
        people=[("", "Everybody"), *people_by_name(viewer.company_id)],
        subjects=[("", "Everything"), *SUBJECT_NAMES.items()],
        subject_names=SUBJECT_NAMES,
        action_names=ACTION_NAMES,
        asked=asked,
        is_narrowed=any(asked.values()),
        file=_address("audit.as_file", asked),
        older=_address("audit.listed", asked, cursor=page.next) if page.next else None,
        newest=_address("audit.listed", asked) if request.args.get("cursor") else None,
    )


@blueprint.get("/log.csv")
@right_required(Right.AUDIT)
def as_file() -> Response:
    """The same, all of it, as CSV."""
    head = ["When (UTC)", "Who", "From where", "What", "Which", "Done", "Field", "Before", "After"]
    narrowing = _narrowing(_asked())
    return csv_answer(
        "baton-changes.csv", head, signed_in_user(), lambda viewer: _lines(audit_entries(viewer, narrowing))
    )


def _address(endpoint: str, asked: dict[str, str], **more: Any) -> str:
    wanted: dict[str, Any] = {name: value for name, value in asked.items() if value}
    return url_for(endpoint, **wanted, **more)


def _lines(entries: Iterator[AuditEntry]) -> Iterator[list[Any]]:
    names = _names()
    for entry in entries:
        told = [entry.at.isoformat(timespec="seconds"), entry.actor_name, entry.origin]
        told += [SUBJECT_NAMES[entry.subject], entry.subject_name, ACTION_NAMES[entry.action]]
        for change in changes_of(entry, names):
            yield [*told, change.field, change.before or "", change.after or ""]


def _names() -> dict[str, str]:
    return {str(team.id): team.name for team in teams()} | own_role_names()


def _asked() -> dict[str, str]:
    return {name: request.args.get(name, "").strip() for name in NAMES}


def _narrowing(asked: dict[str, str]) -> Narrowing:
    zone = ZoneInfo(current_company().time_zone)
    since, until = _day(asked, "since"), _day(asked, "until")
    if asked["what"] and asked["what"] not in SUBJECT_NAMES:
        raise NotFound
    return Narrowing(
        actor_id=_id(asked["who"]),
        subject=asked["what"] or None,
        since=datetime.combine(since, time(), zone) if since else None,
        until=datetime.combine(until + timedelta(days=1), time(), zone) if until else None,
    )


def _day(asked: dict[str, str], name: str) -> date | None:
    try:
        found = date.fromisoformat(asked[name]) if asked[name] else None
    except ValueError:
        found = date.min
    if found is not None and not 1970 <= found.year <= 9000:
        raise Invalid.field(name, "Type a day such as 2026-11-26.")
    return found


def _id(text: str) -> UUID | None:
    try:
        return UUID(text) if text else None
    except ValueError:
        raise NotFound from None
