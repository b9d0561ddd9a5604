"""The settings area, at /settings."""

from __future__ import annotations

from flask import Blueprint

blueprint = Blueprint("settings", __name__, url_prefix="/settings")

# They hang their routes on the blueprint.
from portal.blueprints.settings import (  # noqa: E402, F401
    company,
    conversion,
    draft,
    draft_pools,
    draft_rules,
    draft_teams,
    holding,
    index,
    keys,
    ownership,
    preview,
    quarantine,
    roles,
    rules,
    tags,
    team_rules,
    teams,
    versions,
)
