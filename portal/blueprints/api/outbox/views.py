"""The outbox: messages, while no real channel carries them."""

from __future__ import annotations

from typing import Any

from apiflask import APIBlueprint
from flask import Blueprint, Response, current_app

from portal.blueprints.api.access import acting_user
from portal.blueprints.api.answers import answers, json_answer
from portal.blueprints.api.outbox.forms import OutboxForm
from portal.blueprints.api.outbox.shapes import MessagesShape, message_shape
from portal.blueprints.api.takes import takes
from portal.config import Settings
from portal.errors import NotFound
from portal.queries.messages_shown import messages_page

blueprint: Blueprint = APIBlueprint("outbox", __name__, url_prefix="/outbox", tag="Outbox")


@blueprint.get("")
@takes(OutboxForm, "query")
@answers((200, MessagesShape))
def list_messages(query: dict[str, Any]) -> Response:
    """List messages, the newest first

    Exists only while no mail server is set. Links that would make the reader somebody above them are left out.
    """
    settings: Settings = current_app.extensions["settings"]
    if settings.mail_server is not None:
        raise NotFound("Messages are sent by mail; there is no outbox to read.")
    page = messages_page(
        acting_user(), query["user"], query["cause"], query["channel"], query["cursor"], query["limit"]
    )
    return json_answer({"items": [message_shape(view) for view in page.items], "next": page.next})
