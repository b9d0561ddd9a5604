"""The offer page: a lead proposed to one agent, reached by a link, without signing in."""

from portal.blueprints.offers import views  # noqa: F401  (they hang their routes on the blueprint)
from portal.blueprints.offers.blueprint import blueprint

__all__ = ["blueprint"]
