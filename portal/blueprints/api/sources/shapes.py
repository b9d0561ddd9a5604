"""How sources are told."""

from __future__ import annotations

from typing import Any

from portal.blueprints.api.fields import Form, Id, Moment, Part, Several, Text
from portal.models import Source


class SourceShape(Form):
    """Where leads come from."""

    id = Id(required=True)
    name = Text(required=True)
    created_at = Moment(required=True)


class SourcesShape(Form):
    """A page of sources, the newest first."""

    items = Several(Part(SourceShape), required=True)
    next = Text(allow_none=True, required=True)


def source_shape(source: Source) -> dict[str, Any]:
    """A source as the API tells it."""
    return {"id": source.id, "name": source.name, "created_at": source.created_at}
