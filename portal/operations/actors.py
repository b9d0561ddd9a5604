"""Who did it: a user, a rule, the customer, or the portal itself."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from portal.models import ActorType, User


@dataclass(frozen=True, slots=True)
class Actor:
    """The one a timeline entry and a decision name."""

    type: ActorType
    id: UUID | None
    name: str

    @classmethod
    def user(cls, user: User) -> Actor:
        """A person of the company."""
        return cls(ActorType.USER, user.id, user.name)

    @classmethod
    def rule(cls, rule_id: UUID, name: str) -> Actor:
        """Routing, by the rule that was met."""
        return cls(ActorType.RULE, rule_id, name)


SYSTEM = Actor(ActorType.SYSTEM, None, "Baton")
CONTACT = Actor(ActorType.CONTACT, None, "The customer")
