"""The log of changes, at /audit."""

from __future__ import annotations

from flask import Blueprint

blueprint = Blueprint("audit", __name__, url_prefix="/audit")

from portal.blueprints.audit import views  # noqa: E402, F401  (they hang their routes on the blueprint)
