"""The people area, at /people."""

from __future__ import annotations

from flask import Blueprint

blueprint = Blueprint("people", __name__, url_prefix="/people")

from portal.blueprints.people import (  # noqa: E402  (they hang their routes on the blueprint)
    acts,  # noqa: F401
    availability,  # noqa: F401
    receiving,  # noqa: F401
    views,  # noqa: F401
)
