"""The dashboard: where managers land."""

from portal.blueprints.dashboard.blueprint import blueprint

__all__ = ["blueprint"]
