"""The leads area, at /leads."""

from __future__ import annotations

from flask import Blueprint

blueprint = Blueprint("leads", __name__, url_prefix="/leads")
