"""Reading pages for what they show."""

from __future__ import annotations

import re

from tests.page import Page


def lead_ids_in(page: Page) -> set[str]:
    """The leads a page links to."""
    return set(re.findall(r'href="/leads/([0-9a-f-]{36})"', page.html))
