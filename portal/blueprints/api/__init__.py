"""The JSON API under /api/v1, and the page that explains it."""

from portal.blueprints.api.blueprint import api, docs

__all__ = ["api", "docs"]
