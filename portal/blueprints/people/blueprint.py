"""The people area, at /people."""

from __future__ import annotations

from flask import Blueprint

blueprint = Blueprint("people", __name__, url_prefix="/people")

from portal.blueprints.people import acts, availability, views  # noqa: E402, F401  (they hang their routes on the blueprint)
