"""What only a demo company has: the way out of it."""

from portal.blueprints.demo.blueprint import blueprint

__all__ = ["blueprint"]
