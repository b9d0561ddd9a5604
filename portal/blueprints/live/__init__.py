"""What an open page needs to be told of changes: the address of its stream."""

from portal.blueprints.live.blueprint import blueprint

__all__ = ["blueprint"]
