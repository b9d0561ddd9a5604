"""The root of the site."""

from __future__ import annotations

from flask import Blueprint

blueprint = Blueprint("home", __name__)

from portal.blueprints.home import views  # noqa: E402, F401  (they hang their routes on the blueprint)
