"""Lead Allocations: everybody who may receive leads, with a number beside each."""

from portal.blueprints.allocations.blueprint import blueprint

__all__ = ["blueprint"]
