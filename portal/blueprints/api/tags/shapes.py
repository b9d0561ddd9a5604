"""How tags are told."""

from __future__ import annotations

from typing import Any

from portal.blueprints.api.fields import Choice, Form, Id, Part, Several, Text, Whole
from portal.models import Tag
from portal.routing.tags import TagKind


class TagShape(Form):
    """A text that is looked for in leads."""

    id = Id(required=True)
    text = Text(required=True)
    kind = Choice(TagKind, required=True)
    weight = Whole(required=True)


class TagsShape(Form):
    """A page of tags."""

    items = Several(Part(TagShape), required=True)
    next = Text(allow_none=True, required=True)


def tag_shape(tag: Tag) -> dict[str, Any]:
    """A tag as the API tells it."""
    return {"id": tag.id, "text": tag.text, "kind": tag.kind, "weight": tag.weight}
