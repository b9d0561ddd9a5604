"""The styleguide area, at /styleguide; not in production."""

from __future__ import annotations

from flask import Blueprint

blueprint = Blueprint("styleguide", __name__, url_prefix="/styleguide")

from portal.blueprints.styleguide import views  # noqa: E402, F401  (they hang their routes on the blueprint)
