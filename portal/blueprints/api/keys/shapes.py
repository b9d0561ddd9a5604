"""How keys are told: without the key, but for the once it is made."""

from __future__ import annotations

from typing import Any

from portal.blueprints.api.fields import Choice, Form, Id, Moment, Part, Several, Text
from portal.models import Key, KeyScope
from portal.queries.keys import KeyView


class NewKeyShape(Form):
    """A new key. `key` is shown this once."""

    id = Id(required=True)
    key = Text(required=True)
    scope = Choice(KeyScope, required=True)


class KeyShape(Form):
    """A key: its first characters, and whom it acts as."""

    id = Id(required=True)
    scope = Choice(KeyScope, required=True)
    hint = Text(required=True)
    as_email = Text(data_key="as", required=True)
    user_id = Id(required=True)
    created_at = Moment(required=True)
    revoked_at = Moment(allow_none=True, required=True)


class KeysShape(Form):
    """Keys, the newest first."""

    items = Several(Part(KeyShape), required=True)
    next = Text(allow_none=True, required=True)


def key_shape(view: KeyView) -> dict[str, Any]:
    """A key as the API tells it."""
    return {
        "id": view.key.id,
        "scope": view.key.scope,
        "hint": view.key.hint,
        "as": view.user.email,
        "user_id": view.user.id,
        "created_at": view.key.created_at,
        "revoked_at": view.key.revoked_at,
    }


def new_key_shape(key: Key, text: str | None) -> dict[str, Any]:
    """A new key as the API tells it; without `text`, as the answer is kept."""
    return {"id": key.id, "scope": key.scope} | ({} if text is None else {"key": text})
