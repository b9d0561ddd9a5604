"""The distribution area: pools, whose turn it is, and what happens when nobody takes a lead."""

from portal.blueprints.distribution.blueprint import blueprint

__all__ = ["blueprint"]
