"""What people write on a lead: comments, which tell the other side, and memos, which tell nobody."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID, uuid5

from sqlalchemy import select

from portal.errors import Conflict, Forbidden, Invalid
from portal.extensions import db
from portal.models import Cause, EntryEdit, Lead, TimelineItem, TimelineKind, User, Visibility, new_id
from portal.operations.actors import Actor
from portal.operations.announcing import announce_lead
from portal.operations.complaints import Complaints
from portal.operations.locking import lock_lead, lock_lead_and_pools, peek_lead
from portal.operations.mentions import mentioned_in
from portal.operations.transaction import operation
from portal.operations.writes import Writes
from portal.permissions import may_work_on
from portal.queries.clock import database_time
from portal.queries.leads import lead_for
from portal.queries.managers import managers_of_owned
from portal.queries.people import admin_contact_ids
from portal.queries.reassignments import running_of
from portal.queries.setup import setup_of
from portal.queries.timeline import TimelineView, entry_for

LONGEST_TEXT = 5_000


@operation
def write_comment(lead_id: UUID, text: str, *, by: User, form_key: UUID | None = None) -> UUID:
    """Say something to the other side: the owner to those who manage, and they to the owner.

    Who is mentioned by “@Name” is told so, and not a second time of the comment.

    Args:
        text: at most LONGEST_TEXT characters.
        form_key: from the form; the same words sent twice with it are one comment.

    Returns:
        The id of the timeline entry.

    Raises:
        NotFound: `by` does not see the lead.
        Forbidden: it is neither theirs nor do they manage.
        Invalid: there is no text, or too much of it.
    """
    said = checked_text(text)
    lead = lead_to_write_on(lead_id, by)
    if not may_work_on(by, lead):
        raise Forbidden("Comments are between the lead's owner and managers. Write a memo instead.")
    key = key_of(form_key, by, TimelineKind.COMMENT, said)
    written = entry_with_key(lead, key)
    if written is not None:
        return written
    writes = Writes(lead.company_id, database_time())
    mentions = mentioned_in(said, lead, by=by)
    after = {"mentioned": [str(user_id) for user_id in mentions]} if mentions else None
    entry = writes.record(lead.id, TimelineKind.COMMENT, Actor.user(by), text=said, after=after, form_key=key)
    for user_id in mentions:
        writes.say(Cause.MENTION, user_id, about=f"{entry}", lead_id=lead.id)
    for user_id in other_side(lead, by):
        if user_id not in mentions:
            writes.say(Cause.COMMENT, user_id, about=f"{entry}", lead_id=lead.id)
    finish(lead, writes)
    return entry


@operation
def write_memo(
    lead_id: UUID,
    text: str,
    *,
    by: User,
    visibility: str = Visibility.EVERYONE,
    form_key: UUID | None = None,
) -> UUID:
    """Note something that tells nobody; for everybody who sees the lead, or for managers only.

    Arguments and errors as in `write_comment`, but whoever sees the customer may write one.
    """
    said = checked_text(text)
    if visibility not in tuple(Visibility):
        raise Invalid.field("visibility", f"Use one of: {', '.join(Visibility)}.")
    lead = lead_to_write_on(lead_id, by)
    key = key_of(form_key, by, TimelineKind.MEMO, visibility, said)
    written = entry_with_key(lead, key)
    if written is not None:
        return written
    writes = Writes(lead.company_id, database_time())
    actor, read_by = Actor.user(by), Visibility(visibility)
    entry = writes.record(lead.id, TimelineKind.MEMO, actor, text=said, visibility=read_by, form_key=key)
    finish(lead, writes)
    return entry


@operation
def edit_entry(lead_id: UUID, entry_id: UUID, text: str, *, by: User) -> None:
    """Write one's own comment or memo anew, soon after. What stood before is kept; nobody is told again.

    Raises:
        NotFound: `by` may not read the entry.
        Forbidden: it is somebody else's, or written by the portal.
        Conflict: it is older than EDIT_WINDOW by the database's clock.
        Invalid: there is no text, or too much of it.
    """
    said = checked_text(text)
    # Before the lock, so that somebody who may not holds up nobody; and after it, as it counts then: the clock must not
    # have run on while we waited.
    own_entry(lead_id, entry_id, by)
    lead = lock_lead(lead_id)
    entry = own_entry(lead_id, entry_id, by)
    if entry.text == said:
        return
    if not entry.editable:
        raise Conflict("This is older than 15 minutes and stays as it is. Write another one to correct it.")
    db.session.add(EntryEdit(company_id=lead.company_id, id=new_id(), entry_id=entry_id, text=said))
    lead.last_activity_at = database_time()
    db.session.flush()
    announce_lead(lead, lead.last_activity_at)


def own_entry(lead_id: UUID, entry_id: UUID, by: User) -> TimelineView:
    """What `by` has written themselves.

    Raises:
        NotFound: they may not read it.
        Forbidden: it is somebody else's, or written by the portal.
    """
    entry = entry_for(by, lead_id, entry_id)
    if entry.kind not in (TimelineKind.COMMENT, TimelineKind.MEMO) or entry.actor_id != by.id:
        raise Forbidden("Only one's own comments and memos can be written anew.")
    return entry


def lead_to_write_on(lead_id: UUID, by: User, *, with_pools: bool = False) -> Lead:
    """The lead, locked, if `by` sees it and its customer.

    Args:
        with_pools: for logging a contact, which may end a reassignment: lock the pool before it, where that may be.

    Raises:
        NotFound: they do not see it.
        Forbidden: it is masked for them.
    """
    # Before the lock, so that somebody who may not see it holds up nobody; and after it, as it counts then.
    lead_for(by, lead_id)
    seen = peek_lead(lead_id)
    takes_pools = with_pools and (seen.pool_id in setup_of(seen.company_id).contact_watched or running_of([seen.id]))
    lead = lock_lead_and_pools(seen) if takes_pools else lock_lead(lead_id)
    if lead_for(by, lead_id).masked:
        raise Forbidden("This lead is on offer; only its owner or somebody who hands out leads may do this.")
    return lead


def checked_text(text: str, field: str = "text") -> str:
    """What somebody wrote, its ends trimmed and its lines ended alike. Raises Invalid."""
    wrong = Complaints()
    # Forms end lines as CR LF, programs with LF: the same words must be the same text.
    said = wrong.text(field, text.replace("\r\n", "\n").replace("\r", "\n"), most=LONGEST_TEXT)
    if said is not None and not any(sign.isprintable() and not sign.isspace() for sign in said):
        wrong.add(field, "Write something first.")
    wrong.raise_if_any()
    return str(said)


def key_of(form_key: UUID | None, by: User, *content: str) -> UUID | None:
    """The key of one act: the form it came from, who pressed, and what was sent.

    With what was sent in it, a form that is reached again by “back” and filled in anew writes anew; only the same words
    are the same act.
    """
    return None if form_key is None else uuid5(form_key, "\x1f".join([str(by.id), *content]))


def entry_with_key(lead: Lead, key: UUID | None) -> UUID | None:
    """The entry an earlier press of the same form has written on this lead, locked by this transaction."""
    if key is None:
        return None
    item = TimelineItem
    return db.session.scalar(
        select(item.id).where(item.company_id == lead.company_id, item.lead_id == lead.id, item.form_key == key)
    )


def finish(lead: Lead, writes: Writes) -> None:
    """Write what was collected; the lead was just worked on."""
    lead.last_activity_at = writes.at
    db.session.flush()
    writes.flush()


def other_side(lead: Lead, by: User) -> Sequence[UUID]:
    """Who is told of a comment: of the owner's, those who manage; of anybody else's, the owner."""
    if lead.owner_id == by.id:
        see = managers_of_owned(lead)
        listed = admin_contact_ids(lead.company_id)
        told = [user_id for user_id in see if user_id in listed] or see
        return [user_id for user_id in told if user_id != by.id]
    owner = db.session.get(User, (lead.company_id, lead.owner_id)) if lead.owner_id else None
    return [owner.id] if owner is not None and owner.active else []
