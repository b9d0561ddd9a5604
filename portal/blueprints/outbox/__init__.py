"""Messages as they would have been sent, while no real channel carries them."""

from portal.blueprints.outbox.blueprint import blueprint

__all__ = ["blueprint"]
