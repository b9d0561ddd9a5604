"""The tags a company looks for in its leads."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, TypedDict, Unpack
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.dialects.postgresql import insert

from portal.errors import Conflict, Invalid, NotFound
from portal.extensions import db
from portal.models import Tag, User, new_id
from portal.operations import auditing, tag_members, waiting
from portal.operations.auditing import Subject
from portal.operations.complaints import Complaints, refuse_unknown
from portal.operations.transaction import operation
from portal.permissions import Right, require_company_wide
from portal.routing.tags import DEFAULT_WEIGHT, TagKind, normal, pieces

MOST_TAGS = 20_000
LONGEST_TAG = 200
GREATEST_WEIGHT = 1000


class TagChanges(TypedDict, total=False):
    """What people and programs set on a tag."""

    text: str
    kind: str
    weight: int


@operation
def make_tag(*, by: User, **fields: Unpack[TagChanges]) -> Tag:
    """A new tag; leads that come in from now on are looked through for it.

    Raises:
        Forbidden: no right to.
        Invalid: a field makes no sense, or there is this tag already.
        Conflict: there are too many.
    """
    require_company_wide(by, Right.DISTRIBUTION)
    if "text" not in fields:
        raise Invalid.field("text", "A tag needs a text.")
    columns: dict[str, Any] = {"kind": TagKind.PREFERENTIAL.value, "weight": DEFAULT_WEIGHT} | _checked(fields)
    if (db.session.scalar(select(func.count()).where(Tag.company_id == by.company_id)) or 0) >= MOST_TAGS:
        raise Conflict(f"A company has at most {MOST_TAGS:,} tags. Remove some first.")
    made = db.session.scalars(
        insert(Tag)
        .values(company_id=by.company_id, id=new_id(), normal=normal(columns["text"]), **columns)
        .on_conflict_do_nothing()
        .returning(Tag)
    ).one_or_none()
    if made is None:
        raise _taken()
    auditing.added(by, Subject.TAG, made.id, made.text, columns)
    waiting.drain_soon(by.company_id)
    return made


@operation
def change_tag(tag_id: UUID, *, by: User, **changes: Unpack[TagChanges]) -> Tag:
    """Change a tag; who carries it under its old text carries it under the new one.

    Raises:
        NotFound: no such tag.
        Forbidden, Invalid: as in `make_tag`.
    """
    require_company_wide(by, Right.DISTRIBUTION)
    if "text" in changes:
        tag_members.lock_pools_with_tags()
    tag = _locked(tag_id, by)
    columns = _checked(changes)
    before = auditing.fields_of(tag, TagChanges.__annotations__)
    if "text" in columns:
        _rename(tag, columns["text"])
    for name, value in columns.items():
        setattr(tag, name, value)
    db.session.flush()
    after = auditing.fields_of(tag, TagChanges.__annotations__)
    auditing.changed(by, Subject.TAG, tag.id, tag.text, before, after)
    waiting.drain_soon(by.company_id)
    return tag


@operation
def delete_tag(tag_id: UUID, *, by: User) -> None:
    """Look for a tag no more; leads keep what was found, people what they carry.

    Raises:
        Conflict: it is a member of a pool.
        NotFound, Forbidden: as in `change_tag`.
    """
    require_company_wide(by, Right.DISTRIBUTION)
    tag_members.lock()
    tag = _locked(tag_id, by)
    pools = tag_members.pools_with(tag.normal)
    if pools:
        raise Conflict(f"This tag is a member of the pool “{pools[0]}”. Take it out there first.")
    auditing.removed(by, Subject.TAG, tag.id, tag.text, auditing.fields_of(tag, TagChanges.__annotations__))
    db.session.delete(tag)
    db.session.flush()
    waiting.drain_soon(by.company_id)


def make_unknown(company_id: UUID, texts: Iterable[str]) -> None:
    """Make the tags somebody named that nobody has heard of yet."""
    named = {normal(text): text for text in texts}
    # Asked first: an insert changes the mark of how the company is set up even when there was nothing to insert.
    there = select(Tag.normal).where(Tag.company_id == company_id, Tag.normal.in_(named))
    known = set(db.session.scalars(there)) if named else set()
    rows = [
        {"company_id": company_id, "id": new_id(), "text": text, "normal": said}
        for said, text in named.items()
        if said not in known
    ]
    if rows:
        db.session.execute(insert(Tag).values(rows).on_conflict_do_nothing())


def _rename(tag: Tag, text: str) -> None:
    taken = select(Tag.id).where(Tag.company_id == tag.company_id, Tag.normal == normal(text), Tag.id != tag.id)
    if db.session.scalar(taken) is not None:
        raise _taken()
    carriers = select(User).where(User.company_id == tag.company_id, User.tags != [])
    for user in db.session.scalars(carriers.order_by(User.id).with_for_update(key_share=True)):
        if any(normal(carried) == tag.normal for carried in user.tags):
            user.tags = [text if normal(carried) == tag.normal else carried for carried in user.tags]
    before, tag.normal = tag.normal, normal(text)
    db.session.flush()
    tag_members.rename(before, tag.normal)


def _taken() -> Invalid:
    return Invalid.field("text", "There is this tag already; case and accents make no difference.")


def _locked(tag_id: UUID, by: User) -> Tag:
    tag = db.session.get(Tag, (by.company_id, tag_id), with_for_update={"key_share": True}, populate_existing=True)
    if tag is None:
        raise NotFound("There is no such tag.")
    return tag


def _checked(changes: TagChanges) -> dict[str, Any]:
    refuse_unknown(changes, TagChanges.__annotations__)
    wrong = Complaints()
    columns: dict[str, Any] = {}
    for name, value in changes.items():
        match name:
            case "text":
                columns[name] = wrong.name(name, value, most=LONGEST_TAG)  # type: ignore[arg-type]
                if columns[name] and not pieces(normal(columns[name])):
                    wrong.add(name, "There is nothing to look for in this text.")
            case "kind":
                columns[name] = wrong.one_of(name, value, TagKind)  # type: ignore[arg-type]
            case _:
                columns[name] = wrong.whole(name, value, 0, GREATEST_WEIGHT)  # type: ignore[arg-type]
    wrong.raise_if_any()
    return columns
