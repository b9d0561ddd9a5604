"""The outbox as people see it, while no real channel carries messages: each as it would have been sent."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID

from sqlalchemy import select

from portal.errors import Invalid
from portal.extensions import db
from portal.messages import Facts, Links, render
from portal.models import Cause, Message, MessageChannel, User
from portal.permissions import Right, outranks, require
from portal.queries.across import memberships_of
from portal.queries.message_facts import facts_of
from portal.queries.paging import USUAL_LIMIT, Page, older_than, page_of


@dataclass(frozen=True, slots=True)
class MessageView:
    """One message with its words. `links` are empty where the viewer may not have them."""

    id: UUID
    created_at: datetime
    user_id: UUID
    cause: str
    channel: str
    state: str
    to: str
    subject: str
    text: str
    links: tuple[str, ...]


def messages_page(
    viewer: User,
    user_id: UUID | None = None,
    cause: str | None = None,
    channel: str | None = None,
    cursor: str | None = None,
    limit: int = USUAL_LIMIT,
) -> Page[MessageView]:
    """A page of the company's messages, newest first.

    Raises:
        Forbidden: the viewer does not look after the company.
        Invalid: a filter, the cursor or the limit makes no sense.
    """
    require(viewer, Right.COMPANY)
    statement = (
        select(Message, User)
        .join(User, (User.company_id == Message.company_id) & (User.id == Message.user_id))
        .where(Message.company_id == viewer.company_id)
    )
    if user_id is not None:
        statement = statement.where(Message.user_id == user_id)
    if cause is not None:
        statement = statement.where(Message.cause == _one_of("cause", cause, Cause))
    if channel is not None:
        statement = statement.where(Message.channel == _one_of("channel", channel, MessageChannel))
    rows = db.session.execute(older_than(statement, Message.id, cursor, limit)).all()
    facts = facts_of(row.Message.id for row in rows)
    return page_of(
        rows, limit, lambda row: row.Message.id, lambda row: _view(row.Message, row.User, facts[row.Message.id], viewer)
    )


def _view(message: Message, recipient: User, facts: Facts, viewer: User) -> MessageView:
    if message.cause == Cause.ACCOUNT and not _may_have_account_link(viewer, recipient):
        facts = replace(facts, links=Links())
    rendered = render(facts)
    return MessageView(
        message.id,
        message.created_at,
        message.user_id,
        message.cause,
        message.channel,
        message.state,
        message.to,
        rendered.subject,
        rendered.text,
        rendered.links,
    )


def _may_have_account_link(viewer: User, recipient: User) -> bool:
    """Whoever has the link becomes that person: never somebody above, nor somebody who also works elsewhere."""
    if recipient.id == viewer.id:
        return True
    return not outranks(viewer, recipient) and len(memberships_of(recipient.account_id)) <= 1


def _one_of(field: str, value: str, choices: type[Cause] | type[MessageChannel]) -> str:
    if value not in list(choices):
        raise Invalid.field(field, f"Use one of: {', '.join(choices)}.")
    return value
