"""Sources: where leads come from."""

from __future__ import annotations

from typing import Any

from apiflask import APIBlueprint
from flask import Blueprint, Response

from portal.blueprints.api.access import company_id
from portal.blueprints.api.answers import answers, json_answer
from portal.blueprints.api.paging import PageForm
from portal.blueprints.api.sources.shapes import SourcesShape, source_shape
from portal.blueprints.api.takes import takes
from portal.queries.sources import sources_page

blueprint: Blueprint = APIBlueprint("sources", __name__, url_prefix="/sources", tag="Sources")


@blueprint.get("")
@takes(PageForm, "query")
@answers((200, SourcesShape))
def list_sources(query: dict[str, Any]) -> Response:
    """List sources, the newest first

    A source is made when a lead names it for the first time.
    """
    page = sources_page(company_id(), query["cursor"], query["limit"])
    return json_answer({"items": [source_shape(source) for source in page.items], "next": page.next})
