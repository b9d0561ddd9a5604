"""Writing the log of changes: who changed what, from what to what, and from where.

Operations that change rights, roles, keys, rules, pools, teams, people or settings note what was and what is; only
the fields that differ are kept, and a save that changed nothing leaves no entry. The entry is part of the operation's
transaction: a change without its entry cannot be.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import date
from decimal import Decimal
from enum import StrEnum
from typing import Any
from uuid import UUID

from portal.extensions import db
from portal.models import AuditEntry, User, new_id
from portal.operations.transaction import before_commit

Fields = Mapping[str, Any]

THE_PORTAL = "the portal itself"

_origin: ContextVar[str] = ContextVar("origin", default=THE_PORTAL)


class Subject(StrEnum):
    """What kinds of things the log is about."""

    PERSON = "person"
    ROLE = "role"
    TEAM = "team"
    KEY = "key"
    POOL = "pool"
    RULE = "rule"
    TAG = "tag"
    QUARANTINE_ENTRY = "quarantine_entry"
    SETTINGS = "settings"


class Action(StrEnum):
    """What was done."""

    ADDED = "added"
    CHANGED = "changed"
    REMOVED = "removed"


def come_from(origin: str) -> None:
    """Say where the acts of this request or command come from: a page, an API key, the command line."""
    _origin.set(origin)


@contextmanager
def coming_from(origin: str) -> Iterator[None]:
    """The same for a block of work."""
    token = _origin.set(origin)
    try:
        yield
    finally:
        _origin.reset(token)


def added(by: User, subject: Subject, subject_id: UUID, name: str, fields: Fields) -> None:
    """Something is new."""
    _write(by, subject, subject_id, name, Action.ADDED, None, _plain(fields))


def removed(by: User, subject: Subject, subject_id: UUID, name: str, fields: Fields) -> None:
    """Something is gone."""
    _write(by, subject, subject_id, name, Action.REMOVED, _plain(fields), None)


def changed(by: User, subject: Subject, subject_id: UUID, name: str, before: Fields, after: Fields) -> None:
    """Something is different. Does nothing where it is not.

    Args:
        before, after: all fields that could have changed, as they were and are.
    """
    was, now = _plain(before), _plain(after)
    differing = [field for field in now if now[field] != was.get(field)]
    if differing:
        was, now = {field: was.get(field) for field in differing}, {field: now[field] for field in differing}
        _write(by, subject, subject_id, name, Action.CHANGED, was, now)


def fields_of(row: Any, names: Mapping[str, object]) -> dict[str, Any]:
    """Some columns of a row, to be compared with themselves later."""
    return _plain({name: getattr(row, name) for name in names if hasattr(type(row), name)})


def _write(
    by: User, subject: Subject, subject_id: UUID, name: str, action: Action, before: Fields | None, after: Fields | None
) -> None:
    entry = AuditEntry(
        company_id=by.company_id,
        id=new_id(),
        actor_id=by.id,
        actor_name=by.name,
        origin=_origin.get(),
        subject=subject,
        subject_id=subject_id,
        subject_name=name,
        action=action,
        before=before,
        after=after,
    )
    db.session.add(entry)
    db.session.flush()
    if subject in _OF_THE_SETUP:
        before_commit("keep a version", lambda: _keep_version(by))


# What hands out leads otherwise than before.
_OF_THE_SETUP = frozenset({Subject.POOL, Subject.RULE, Subject.TAG, Subject.TEAM, Subject.SETTINGS})


def _keep_version(by: User) -> None:
    # A version is told by what operations can set, and these write to the log: a ring, were it read at the top.
    from portal.operations.versions import keep_version

    keep_version(by)


def _plain(fields: Fields) -> dict[str, Any]:
    return {name: _as_json(value) for name, value in fields.items()}


def _as_json(value: Any) -> Any:
    match value:
        case UUID() | date() | Decimal():
            return str(value)
        case StrEnum():
            return value.value
        case Mapping():
            return {str(key): _as_json(each) for key, each in value.items()}
        case list() | tuple() | set() | frozenset():
            return [_as_json(each) for each in value]
        case _:
            return value
