"""The settings area: company, rules, teams, API keys."""

from portal.blueprints.settings.blueprint import blueprint

__all__ = ["blueprint"]
