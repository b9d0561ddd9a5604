"""The me area, at /me."""

from __future__ import annotations

from flask import Blueprint

blueprint = Blueprint("me", __name__, url_prefix="/me")

from portal.blueprints.me import availability, views  # noqa: E402, F401  (they hang their routes on the blueprint)
