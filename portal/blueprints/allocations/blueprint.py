"""The allocations page, at /allocations."""

from __future__ import annotations

from flask import Blueprint

blueprint = Blueprint("allocations", __name__, url_prefix="/allocations")

from portal.blueprints.allocations import views  # noqa: E402, F401  (they hang their routes on the blueprint)
