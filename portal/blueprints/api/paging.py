"""Lists come in pages: `limit` items, and `next` to go on with as `cursor`."""

from __future__ import annotations

from portal.blueprints.api.fields import Form, Text, WholeText
from portal.queries.paging import GREATEST_LIMIT, USUAL_LIMIT


class PageForm(Form):
    """Which page of a list."""

    limit = WholeText(least=1, most=GREATEST_LIMIT, load_default=USUAL_LIMIT)
    cursor = Text(load_default=None, allow_none=True)
