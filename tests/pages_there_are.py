"""Which pages the portal has, so that lists of them can be held against it."""

from __future__ import annotations

import re
from collections.abc import Iterable

from apiflask import APIFlask

from screenshots.pages import NOT_PAGES


def page_rules(app: APIFlask) -> set[str]:
    """The rules of all pages: what answers a GET, but for programs' addresses, acts, parts of pages and NOT_PAGES."""
    rules = {rule.rule for rule in app.url_map.iter_rules() if "GET" in (rule.methods or ())}
    unknown = NOT_PAGES.keys() - rules
    assert not unknown, "take it out of screenshots.pages.NOT_PAGES"
    return {rule for rule in rules if not re.search(r"^/api/v1|:(act|part)>", rule)} - NOT_PAGES.keys()


def pages_left_out(app: APIFlask, paths: Iterable[str]) -> set[str]:
    """The pages none of these paths leads to."""
    known = [path.partition("?")[0] for path in paths]
    return {rule for rule in page_rules(app) if not any(_leads_to(rule, path) for path in known)}


def _leads_to(rule: str, path: str) -> bool:
    # A page with an address of its own is not one of those a rule leaves open: /people/new is nobody's page.
    pattern = re.sub(r"<uuid:[^>]+>", "(?!new$)[^/]+", rule)
    return re.fullmatch(re.sub(r"<[^>]+>", "[^/]+", pattern), path) is not None
