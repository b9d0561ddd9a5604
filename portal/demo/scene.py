"""The demo company while it is told: its people and pools at hand, and what they do as one call each."""

from __future__ import annotations

from dataclasses import dataclass, field
from random import Random
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import text

from portal.demo.cast import EVERYDAY
from portal.demo.told_time import ToldTime
from portal.extensions import db
from portal.models import Company, KeyScope, Lead, LeadState, Pool, User
from portal.models.statements import rows
from portal.operations import offers
from portal.operations.actors import CONTACT, Actor
from portal.operations.intake import Arriving, Taken, take_in
from portal.queries.across import KeyHolder
from portal.queries.clock import database_time

_WINDOW_IS_OVER = (
    "UPDATE offers SET expires_at = clock_timestamp() WHERE company_id = :company AND id = :offer",
    "UPDATE due_work SET due_at = clock_timestamp() "
    "WHERE company_id = :company AND kind = 'end_offer' AND subject_id = :offer",
)


# Asked thousands of times: as rows, not as objects.
_STATE = "SELECT state, owner_id FROM leads WHERE company_id = %(company)s AND id = %(lead)s"
_RUNNING = (
    "SELECT id, lead_id, user_id, pool_id FROM offers "
    "WHERE company_id = %(company)s AND lead_id = %(lead)s AND state = 'open'"
)


class Running(NamedTuple):
    """An offer that is open."""

    id: UUID
    lead_id: UUID
    user_id: UUID
    pool_id: UUID


@dataclass(slots=True)
class Scene:
    """Who works here, by first name, and the pools by name."""

    told: ToldTime
    random: Random
    company: Company
    staff: dict[str, User] = field(default_factory=dict)
    pools: dict[str, Pool] = field(default_factory=dict)
    # Leads that are closed before today.
    ends: set[UUID] = field(default_factory=set)

    @property
    def owner(self) -> User:
        return self.staff["Olivia"]

    @property
    def manager(self) -> User:
        return self.staff["Marco"]

    def user(self, user_id: UUID) -> User:
        """One of the staff."""
        return db.session.get_one(User, (self.company.id, user_id))

    def somebody(self, but: UUID | None = None) -> User:
        """An agent at work, likelier one with a greater weight, other than this one."""
        weights = {self.staff[name]: weight for name, weight in EVERYDAY.members.items()}
        free = [user for user in weights if user.active and user.available and user.id != but]
        return self.random.choices(free, [weights[user] for user in free])[0]

    def take_in(self, asked: dict[str, Any], *, by: User | None = None, **also: Any) -> Taken:
        """A message comes in, or is entered by hand by somebody."""
        message = Arriving(**(asked | {"tags": tuple(asked.get("tags", ()))}), payload=asked, **also)
        taken = take_in(message, holder=self._holder(), by=Actor.user(by) if by else CONTACT)
        assert isinstance(taken, Taken)
        return taken

    def lead(self, lead_id: UUID) -> Lead:
        """A lead, to be changed."""
        return db.session.get_one(Lead, (self.company.id, lead_id), populate_existing=True)

    def state_of(self, lead_id: UUID) -> tuple[str, UUID | None]:
        """Where a lead is now, and whose."""
        ((state, owner_id),) = rows(_STATE, {"company": self.company.id, "lead": lead_id})
        return state, owner_id

    def owner_of(self, lead_id: UUID) -> User | None:
        """Who works a lead now; nobody where it is closed, on offer, or its owner has left."""
        state, owner_id = self.state_of(lead_id)
        owner = self.user(owner_id) if owner_id and state == LeadState.OWNED else None
        return owner if owner is not None and owner.active else None

    def open_offer(self, lead_id: UUID) -> Running | None:
        """The offer of a lead that runs now."""
        found = rows(_RUNNING, {"company": self.company.id, "lead": lead_id})
        return Running(*found[0]) if found else None

    def run_out(self, offer: Running) -> None:
        """The window of an offer passes, and a worker notices."""
        for statement in _WINDOW_IS_OVER:
            db.session.execute(text(statement), {"company": self.company.id, "offer": offer.id})
        offers.end_due(self.company.id, offer.pool_id)

    def database_time(self) -> Any:
        """The moment the running act really happens."""
        return database_time()

    def _holder(self) -> KeyHolder:
        about = self.company
        return KeyHolder(
            about.id, self.owner.id, self.owner.id, KeyScope.FULL, about.country, about.time_zone,
            about.fallback_any_active, about.returning_contacts, about.named_counts_as_turn, about.rate_limit,
        )  # fmt: skip
