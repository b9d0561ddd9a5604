"""The distribution area, at /pools."""

from __future__ import annotations

from flask import Blueprint

blueprint = Blueprint("distribution", __name__, url_prefix="/pools")

from portal.blueprints.distribution import editing, views  # noqa: E402, F401  (they hang their routes on the blueprint)
