"""The outbox area, at /outbox."""

from __future__ import annotations

from flask import Blueprint

blueprint = Blueprint("outbox", __name__, url_prefix="/outbox")

from portal.blueprints.outbox import views  # noqa: E402, F401  (they hang their routes on the blueprint)
