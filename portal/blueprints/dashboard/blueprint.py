"""The dashboard, at /dashboard."""

from __future__ import annotations

from flask import Blueprint

blueprint = Blueprint("dashboard", __name__, url_prefix="/dashboard")

from portal.blueprints.dashboard import views  # noqa: E402, F401  (they hang their routes on the blueprint)
