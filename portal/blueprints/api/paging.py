"""Lists come in pages: `limit` items, and `next` to go on with as `cursor`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from portal.blueprints.api.fields import Form, Text, WholeText
from portal.errors import Invalid
from portal.queries.paging import GREATEST_LIMIT, USUAL_LIMIT


class PageForm(Form):
    """Which page of a list."""

    limit = WholeText(least=1, most=GREATEST_LIMIT, load_default=USUAL_LIMIT)
    cursor = Text(load_default=None, allow_none=True)


def page_of_short(items: Sequence[dict[str, Any]], query: dict[str, Any]) -> dict[str, Any]:
    """A page of a list a company has a few dozen of, read whole. The cursor is the `id` of the last item before it.

    Raises:
        Invalid: the cursor names no item: it was made up, or the item is gone.
    """
    begin = 0
    if query["cursor"] is not None:
        places = [place for place, item in enumerate(items) if str(item["id"]) == query["cursor"]]
        if not places:
            raise Invalid.field("cursor", "This cursor leads nowhere; start again without it.")
        begin = places[0] + 1
    shown = items[begin : begin + query["limit"]]
    has_more = begin + len(shown) < len(items)
    return {"items": shown, "next": str(shown[-1]["id"]) if has_more else None}
