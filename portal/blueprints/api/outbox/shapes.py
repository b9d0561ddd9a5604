"""How messages are told."""

from __future__ import annotations

from typing import Any

from portal.blueprints.api.fields import Choice, Form, Id, Moment, Part, Several, Text
from portal.models import Cause, MessageChannel, MessageState
from portal.queries.messages_shown import MessageView


class MessageShape(Form):
    """A message, as it would have been sent."""

    id = Id(required=True)
    created_at = Moment(required=True)
    user_id = Id(required=True)
    cause = Choice(Cause, required=True)
    channel = Choice(MessageChannel, required=True)
    state = Choice(MessageState, required=True)
    to = Text(required=True)
    subject = Text(required=True)
    text = Text(required=True)
    links = Several(Text(), required=True)


class MessagesShape(Form):
    """A page of messages, the newest first."""

    items = Several(Part(MessageShape), required=True)
    next = Text(allow_none=True, required=True)


def message_shape(view: MessageView) -> dict[str, Any]:
    """A message as the API tells it."""
    return {
        "id": view.id,
        "created_at": view.created_at,
        "user_id": view.user_id,
        "cause": view.cause,
        "channel": view.channel,
        "state": view.state,
        "to": view.to,
        "subject": view.subject,
        "text": view.text,
        "links": view.links,
    }
