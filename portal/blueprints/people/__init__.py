"""The people area: who works here, what they may do, and whether they can get a lead now."""

from portal.blueprints.people.blueprint import blueprint

__all__ = ["blueprint"]
