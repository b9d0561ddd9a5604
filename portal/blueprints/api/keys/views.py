"""Keys: what programs sign in with."""

from __future__ import annotations

import hmac
from typing import Any
from uuid import UUID

from apiflask import APIBlueprint
from flask import Blueprint, Response, current_app

from portal.blueprints.api.access import acting_user, bearer
from portal.blueprints.api.answers import answers, json_answer, nothing
from portal.blueprints.api.keys.forms import KeyForm
from portal.blueprints.api.keys.shapes import KeyShape, KeysShape, NewKeyShape, key_shape, new_key_shape
from portal.blueprints.api.paging import PageForm, page_of_short
from portal.blueprints.api.repeats import Answered, kept_answer, named_request
from portal.blueprints.api.takes import takes
from portal.config import Settings
from portal.operations import keys
from portal.queries.keys import key_for, keys_for

blueprint: Blueprint = APIBlueprint("keys", __name__, url_prefix="/keys", tag="Keys")


@blueprint.get("")
@takes(PageForm, "query")
@answers((200, KeysShape))
def list_keys(query: dict[str, Any]) -> Response:
    """List keys, the newest first: one's own, or with the right `company` everybody's"""
    return json_answer(page_of_short([key_shape(view) for view in keys_for(acting_user())], query))


@blueprint.post("")
@takes(KeyForm)
@answers((201, NewKeyShape))
def make_key(asked: dict[str, Any]) -> Response:
    """Make a key; it is shown this once"""
    scope, as_email = asked["scope"], asked.get("as_email")
    request = named_request()
    if request is None:
        key, text = keys.make_key(by=acting_user(), scope=scope, as_email=as_email)
        return json_answer(new_key_shape(key, text), 201)

    def work(claim_id: UUID) -> Answered:
        key, _ = keys.make_key(by=acting_user(), scope=scope, as_email=as_email, secret=_derived(claim_id))
        return new_key_shape(key, None), 201

    def with_key(body: dict[str, Any], claim_id: UUID) -> dict[str, Any]:
        return body | {"key": keys.key_text(scope, _derived(claim_id))}

    return kept_answer(request, work, with_key)


@blueprint.get("/<uuid:key_id>")
@answers((200, KeyShape))
def show_key(key_id: UUID) -> Response:
    """Show one key, without the key"""
    return json_answer(key_shape(key_for(acting_user(), key_id)))


@blueprint.delete("/<uuid:key_id>")
@answers(nothing=True)
def revoke_key(key_id: UUID) -> Response:
    """End a key for good"""
    keys.revoke_key(key_id, by=acting_user())
    return nothing()


def _derived(claim_id: UUID) -> bytes:
    """The secret of a key made by a request that may be sent again.

    It must be answered twice and stored never, so it is made from what only we and the sender have: our secret and
    the key the request came with. HMAC-SHA-256 gives 256 bits nobody else can guess.
    """
    settings: Settings = current_app.extensions["settings"]
    return hmac.digest(settings.secret_key.encode(), b"api key\n" + bearer().encode() + claim_id.bytes, "sha256")
