"""Tags: what is looked for in leads."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from apiflask import APIBlueprint
from flask import Blueprint, Response

from portal.blueprints.api.access import acting_user, require_insight
from portal.blueprints.api.answers import answers, json_answer, nothing
from portal.blueprints.api.paging import PageForm
from portal.blueprints.api.repeats import Answered, repeatable
from portal.blueprints.api.tags.forms import NewTagForm, TagForm
from portal.blueprints.api.tags.shapes import TagShape, TagsShape, tag_shape
from portal.blueprints.api.takes import takes
from portal.operations import tags
from portal.queries.tags import tag_named, tags_page

blueprint: Blueprint = APIBlueprint("tags", __name__, url_prefix="/tags", tag="Tags")


@blueprint.get("")
@takes(PageForm, "query")
@answers((200, TagsShape))
def list_tags(query: dict[str, Any]) -> Response:
    """List tags, the newest first"""
    require_insight()
    page = tags_page(query["cursor"], query["limit"])
    return json_answer({"items": [tag_shape(tag) for tag in page.items], "next": page.next})


@blueprint.post("")
@repeatable
@takes(NewTagForm)
@answers((201, TagShape))
def make_tag(asked: dict[str, Any]) -> Answered:
    """Make a tag; leads that come in from now on are looked through for it"""
    return tag_shape(tags.make_tag(by=acting_user(), **asked)), 201


@blueprint.get("/<uuid:tag_id>")
@answers((200, TagShape))
def show_tag(tag_id: UUID) -> Response:
    """Show one tag"""
    require_insight()
    return json_answer(tag_shape(tag_named(tag_id)))


@blueprint.patch("/<uuid:tag_id>")
@takes(TagForm)
@answers((200, TagShape))
def change_tag(tag_id: UUID, asked: dict[str, Any]) -> Response:
    """Change a tag; who carries it goes on carrying it under its new text"""
    return json_answer(tag_shape(tags.change_tag(tag_id, by=acting_user(), **asked)))


@blueprint.delete("/<uuid:tag_id>")
@answers(nothing=True)
def delete_tag(tag_id: UUID) -> Response:
    """Look for a tag no more; leads keep what was found"""
    tags.delete_tag(tag_id, by=acting_user())
    return nothing()
