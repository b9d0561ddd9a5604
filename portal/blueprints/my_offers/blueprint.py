"""One's own offers, at /offers."""

from __future__ import annotations

from flask import Blueprint

blueprint = Blueprint("my_offers", __name__, url_prefix="/offers")

from portal.blueprints.my_offers import now, views  # noqa: E402, F401  (they hang their routes on the blueprint)
