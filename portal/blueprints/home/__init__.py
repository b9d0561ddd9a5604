"""The start page and what browsers ask for by fixed names."""

from portal.blueprints.home.blueprint import blueprint

__all__ = ["blueprint"]
