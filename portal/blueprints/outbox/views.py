"""The outbox, newest first, narrowed by person and cause."""

from __future__ import annotations

from uuid import UUID

from flask import render_template, request, url_for
from flask.typing import ResponseReturnValue

from portal.blueprints.outbox.blueprint import blueprint
from portal.blueprints.outbox.wording import CAUSE_NAMES, linked
from portal.errors import NotFound
from portal.messages import causes_worded
from portal.page_frame import outbox_exists
from portal.permissions import Right
from portal.queries.choices import people_by_name
from portal.queries.messages_shown import messages_page
from portal.sign_in import right_required, signed_in_user

MESSAGES_SHOWN = 25


@blueprint.before_request
def only_while_it_exists() -> None:
    """Once a mail server is set, messages are in people's own inboxes."""
    if not outbox_exists():
        raise NotFound


@blueprint.get("")
@right_required(Right.COMPANY)
def listed() -> ResponseReturnValue:
    """Messages with their words and working links."""
    viewer = signed_in_user()
    user_id, cause = _id(request.args.get("user")), request.args.get("cause") or None
    page = messages_page(viewer, user_id, cause, cursor=request.args.get("cursor"), limit=MESSAGES_SHOWN)
    people = people_by_name(viewer.company_id)
    return render_template(
        "outbox/list.html",
        messages=page.items,
        names=dict(people),
        people=[("", "Everybody"), *people],
        causes=[("", "All"), *((each.value, name) for each, name in CAUSE_NAMES.items() if each in causes_worded())],
        cause_names=CAUSE_NAMES,
        linked=linked,
        user_id=user_id,
        cause=cause,
        older=url_for("outbox.listed", user=user_id, cause=cause, cursor=page.next) if page.next else None,
        newest=url_for("outbox.listed", user=user_id, cause=cause) if request.args.get("cursor") else None,
    )


def _id(text: str | None) -> UUID | None:
    if not text:
        return None
    try:
        return UUID(text)
    except ValueError:
        raise NotFound from None
