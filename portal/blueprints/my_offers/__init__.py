"""The agent's own offers: a page of them, and the pop-up that every page of theirs carries."""

from portal.blueprints.my_offers.blueprint import blueprint

__all__ = ["blueprint"]
