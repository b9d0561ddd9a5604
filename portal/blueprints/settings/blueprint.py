"""The settings area, at /settings."""

from __future__ import annotations

from flask import Blueprint

blueprint = Blueprint("settings", __name__, url_prefix="/settings")

# They hang their routes on the blueprint.
from portal.blueprints.settings import company, conversion, index, keys, ownership, roles, rules, tags, teams  # noqa: E402, F401
