"""Live updates, at /live."""

from __future__ import annotations

from flask import Blueprint

blueprint = Blueprint("live", __name__, url_prefix="/live")

from portal.blueprints.live import views  # noqa: E402, F401  (they hang their routes on the blueprint)
