"""Whether the portal is well, for programs that watch it."""

from portal.blueprints.health.blueprint import blueprint

__all__ = ["blueprint"]
