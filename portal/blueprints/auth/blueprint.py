"""The auth area, at the root."""

from __future__ import annotations

from flask import Blueprint

blueprint = Blueprint("auth", __name__)

from portal.blueprints.auth import password_views, views  # noqa: E402, F401  (they hang their routes on the blueprint)
