"""The demo area, at /demo."""

from __future__ import annotations

from flask import Blueprint

blueprint = Blueprint("demo", __name__, url_prefix="/demo")

from portal.blueprints.demo import views  # noqa: E402, F401  (they hang their routes on the blueprint)
