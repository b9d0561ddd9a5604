"""The company's own words for what became of a lead: its conversion statuses and its reasons for losing one."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TypeVar
from uuid import UUID

from sqlalchemy import func, select, update

from portal.errors import Conflict, Invalid, NotFound
from portal.extensions import db
from portal.models import ConversionStatus, LostReason, StatusGroup, User, new_id
from portal.operations import auditing
from portal.operations.auditing import Subject
from portal.operations.complaints import Complaints
from portal.operations.one_at_a_time import hold_still
from portal.operations.transaction import operation
from portal.permissions import Right, manages, require

Word = TypeVar("Word", ConversionStatus, LostReason)

_KINDS: dict[type, str] = {ConversionStatus: "Conversion status", LostReason: "Reason for losing"}

MOST_WORDS = 50
LONGEST_WORD = 60


@operation
def add_status(*, by: User, name: str, group: str) -> ConversionStatus:
    """One more conversion status, at the end of the list. What its group says of leads stays for good.

    Raises:
        Forbidden: no right to.
        Invalid: a field makes no sense, or there is a status with this name.
        Conflict: the list is full.
    """
    require(by, Right.COMPANY)
    wrong = Complaints()
    known_group = wrong.one_of("group", group, StatusGroup)
    named = wrong.name("name", name, most=LONGEST_WORD)
    wrong.raise_if_any()
    status = ConversionStatus(name=named, status_group=known_group)
    return _added(status, by)


@operation
def add_reason(*, by: User, name: str) -> LostReason:
    """One more reason for losing a lead, at the end of the list. Raises as `add_status`."""
    require(by, Right.COMPANY)
    return _added(LostReason(name=_checked_name(name)), by)


@operation
def change_status(status_id: UUID, *, by: User, name: str | None = None, active: bool | None = None) -> None:
    """Rename a status, take it out of use, or bring it back. Leads that have it keep it.

    Raises:
        NotFound: no such status.
        Invalid: the name makes no sense or is taken.
        Conflict: it is the last one of its group.
    """
    status = _locked(ConversionStatus, status_id, by)
    if active is False and status.active:
        group = ConversionStatus.status_group == status.status_group
        others = select(ConversionStatus.id).where(group, ConversionStatus.active, ConversionStatus.id != status.id)
        if db.session.scalar(others.limit(1)) is None:
            said = status.status_group.replace("_", " ")
            raise Conflict(f"“{status.name}” is the last status of the group “{said}”. Add another one first.")
    _change(status, name, active, by)


@operation
def change_reason(reason_id: UUID, *, by: User, name: str | None = None, active: bool | None = None) -> None:
    """Rename a reason, take it out of use, or bring it back. Raises as `change_status`."""
    reason = _locked(LostReason, reason_id, by)
    if active is False and reason.active:
        others = select(LostReason.id).where(LostReason.active, LostReason.id != reason.id)
        if db.session.scalar(others.limit(1)) is None:
            raise Conflict(f"“{reason.name}” is the last reason. Add another one first.")
    _change(reason, name, active, by)


@operation
def move_status(status_id: UUID, *, by: User, up: bool) -> None:
    """One place up or down in menus. The first status in progress is where leads start. Raises NotFound."""
    _move(_locked(ConversionStatus, status_id, by), up=up, by=by)


@operation
def move_reason(reason_id: UUID, *, by: User, up: bool) -> None:
    """One place up or down in menus. Raises NotFound."""
    _move(_locked(LostReason, reason_id, by), up=up, by=by)


@operation
def set_admin_contacts(user_ids: Iterable[UUID], *, by: User) -> None:
    """Who is told of comments by leads' owners. Nobody = everybody who manages.

    Raises:
        Forbidden: no right to.
        Invalid: somebody is no active user who manages, and could not read the comments.
    """
    require(by, Right.COMPANY)
    wanted = set(user_ids)
    found = db.session.scalars(select(User).where(User.company_id == by.company_id, User.id.in_(wanted))).all()
    if len(found) < len(wanted) or not all(user.active and manages(user) for user in found):
        raise Invalid.field("admin_contacts", "Choose from owners, admins and managers who are active.")
    listed = select(User.name).where(User.company_id == by.company_id, User.admin_contact).order_by(User.name)
    before = db.session.scalars(listed).all()
    in_company = update(User).where(User.company_id == by.company_id)
    db.session.execute(in_company.where(User.admin_contact, User.id.not_in(wanted)).values(admin_contact=False))
    db.session.execute(in_company.where(~User.admin_contact, User.id.in_(wanted)).values(admin_contact=True))
    after = db.session.scalars(listed).all()
    auditing.changed(
        by, Subject.SETTINGS, by.company_id, "Admin contacts", {"told": list(before)}, {"told": list(after)}
    )


def _added(word: Word, by: User) -> Word:
    _lock(by)
    table = type(word)
    word.company_id, word.id = by.company_id, new_id()
    _refuse_taken(word, word.name)
    count, last = db.session.execute(select(func.count(), func.max(table.position))).one()
    if count >= MOST_WORDS:
        raise Conflict(f"There are {MOST_WORDS} already. Bring one back into use or give it another name.")
    word.position = (last or 0) + 1
    db.session.add(word)
    db.session.flush()
    auditing.added(by, Subject.SETTINGS, word.id, _KINDS[type(word)], {"name": word.name})
    return word


def _change(word: Word, name: str | None, active: bool | None, by: User) -> None:
    before = {"name": word.name, "active": word.active}
    if name is not None:
        named = _checked_name(name)
        _refuse_taken(word, named)
        word.name = named
    if active is not None:
        word.active = active
    db.session.flush()
    now = {"name": word.name, "active": word.active}
    auditing.changed(by, Subject.SETTINGS, word.id, f"{_KINDS[type(word)]} “{word.name}”", before, now)


def _checked_name(name: str) -> str:
    wrong = Complaints()
    named = wrong.name("name", name, most=LONGEST_WORD)
    wrong.raise_if_any()
    return str(named)


def _refuse_taken(word: Word, name: str) -> None:
    table = type(word)
    same_name = select(table).where(func.lower(table.name) == name.lower(), table.id != word.id)
    taken = db.session.scalars(same_name).first()
    if taken is not None:
        where = "" if taken.active else ", out of use; bring that one back instead"
        raise Invalid.field("name", f"“{taken.name}” is there already{where}.")


def _move(word: Word, *, up: bool, by: User) -> None:
    table = type(word)
    listed = list(db.session.scalars(select(table).order_by(table.position, table.id)))
    place = next(place for place, each in enumerate(listed) if each.id == word.id)
    neighbour = place - 1 if up else place + 1
    before = [each.name for each in listed]
    if 0 <= neighbour < len(listed):
        listed[place], listed[neighbour] = listed[neighbour], listed[place]
    for position, each in enumerate(listed, start=1):
        each.position = position
    db.session.flush()
    order = [each.name for each in listed]
    auditing.changed(by, Subject.SETTINGS, word.id, f"{_KINDS[table]}: order", {"order": before}, {"order": order})


def _locked(table: type[Word], word_id: UUID, by: User) -> Word:
    require(by, Right.COMPANY)
    _lock(by)
    word = db.session.get(table, (by.company_id, word_id), populate_existing=True)
    if word is None:
        raise NotFound("There is no such entry in the list.")
    return word


def _lock(by: User) -> None:
    # Two changes at once could leave a group without a status that neither of them empties alone.
    hold_still("conversion lists")
