"""A company made through the front door: `portal company create`, then its people, pool and rule by API."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from tests.faults.stack import Api, Owner, Stack

OWNER = "olive.owner@example.com"
PASSWORD = "eleven blue walnuts"


@dataclass(frozen=True)
class Shop:
    """A company that hands its leads out by rotation."""

    owner: Owner
    api: Api
    """With the owner's key."""
    agents: dict[str, str]
    """E-mail address of each agent → user id, in the order they were added."""
    pool_id: str
    rule_id: str

    def key_of(self, email: str) -> str:
        """A new full key that acts as this person."""
        return str(self.api.post("/keys", scope="full", **{"as": email})["key"])

    def intake_key(self) -> str:
        """A new key that may only create leads."""
        return str(self.api.post("/keys", scope="intake")["key"])


def open_shop(
    stack: Stack, agents: Sequence[str], name: str = "Acme Solar", owner_email: str = OWNER, **pool: Any
) -> Shop:
    """Make a company with agents of these first names, all in one pool that gets every lead.

    Args:
        pool: fields of the pool that differ from: offers of five seconds, two at most, then the owner is told.
    """
    owner = stack.create_company(name, owner_email, "--password", PASSWORD)
    api = stack.api(owner.api_key)
    added = {
        f"{first}@example.com": api.post("/users", name=f"{first.title()} Agent", email=f"{first}@example.com")["id"]
        for first in agents
    }
    fields = {
        "name": "Everybody",
        "picker": "rotation",
        "delivery": "offer",
        "window_seconds": 5,
        "max_offers": 2,
        "default_assignee_ids": [owner.user_id],
        "default_mode": "tell",
        "members": [{"user_id": user_id} for user_id in added.values()],
    }
    pool_id = api.post("/pools", **(fields | pool))["id"]
    default_rule = api.items("/rules")[-1]
    api.patch(f"/rules/{default_rule['id']}", pool_id=pool_id)
    return Shop(owner, api, added, pool_id, default_rule["id"])
