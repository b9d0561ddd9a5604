"""What everybody may change about themselves."""

from portal.blueprints.me.blueprint import blueprint

__all__ = ["blueprint"]
