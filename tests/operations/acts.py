"""What people, senders and the clock do, as one call each: every act is an operation in a context of its own."""

from __future__ import annotations

from itertools import count
from typing import Any
from uuid import UUID

from sqlalchemy import select, text

from portal import models
from portal.extensions import db
from portal.models.tenancy import enter_company, leave_company
from portal.operations import (
    assignment,
    attempts,
    closing,
    conversion,
    entries,
    offers,
    people,
    pools,
    quarantine_lists,
    reassigning,
    releasing,
    taking,
    waiting,
)
from portal.operations.actors import CONTACT, Actor
from portal.operations.intake import Arriving, Keep, KeptTaken, Taken, take_in
from portal.queries.across import KeyHolder
from tests.cast import Company, Person

_numbers = count(1)


def holder_of(company: Company, key_id: UUID | None = None) -> KeyHolder:
    """What intake knows of the sender's company; call it inside the company."""
    row = db.session.get(models.Company, company.id)
    assert row is not None
    return KeyHolder(
        company_id=company.id,
        key_id=key_id or models.new_id(),
        user_id=company.owner.id,
        scope="full",
        country=row.country,
        time_zone=row.time_zone,
        fallback_any_active=row.fallback_any_active,
        returning_contacts=row.returning_contacts,
        named_counts_as_turn=row.named_counts_as_turn,
        rate_limit=row.rate_limit,
    )


def somebody() -> str:
    """A valid phone number nobody has used yet."""
    return f"+1415555{next(_numbers) % 10000:04d}"


def message(**told: Any) -> Arriving:
    """A message of somebody new, unless it says who writes."""
    known = {"phone", "email", "external_id", "text"} & told.keys()
    return Arriving(**({"name": "Carla Customer"} | ({} if known else {"phone": somebody()}) | told))


def come_in(company: Company, *, by: Actor = CONTACT, kept: Keep | None = None, **told: Any) -> Taken | KeptTaken:
    """A message comes in; what intake answers."""
    with company.inside():
        return take_in(message(**told), holder=holder_of(company), by=by, kept=kept)


def arrive(company: Company, *, by: Actor = CONTACT, **told: Any) -> Taken:
    """A message comes in that carries no idempotency key."""
    taken = come_in(company, by=by, **told)
    assert isinstance(taken, Taken)
    return taken


def accept(agent: Person, offer_id: UUID) -> models.Offer:
    with agent_at_work(agent) as user:
        return offers.accept(offer_id, by=user)


def decline(agent: Person, offer_id: UUID, reason: str | None = None) -> models.Offer:
    with agent_at_work(agent) as user:
        return offers.decline(offer_id, by=user, reason=reason)


def ask_again(agent: Person, offer_id: UUID) -> models.Offer:
    with agent_at_work(agent) as user:
        return offers.ask_again(offer_id, by=user)


def recall(manager: Person, offer_id: UUID) -> models.Offer:
    with agent_at_work(manager) as user:
        return offers.recall(offer_id, by=user)


def assign(manager: Person, lead_id: UUID, to: Person | None) -> models.Lead:
    with agent_at_work(manager) as user:
        return assignment.assign(lead_id, to and to.id, by=user)


def close(person: Person, lead_id: UUID, reason: str = "won", note: str | None = None) -> models.Lead:
    with agent_at_work(person) as user:
        return closing.close(lead_id, reason=reason, note=note, by=user)


def reopen(person: Person, lead_id: UUID) -> models.Lead:
    with agent_at_work(person) as user:
        return closing.reopen(lead_id, by=user)


def take(person: Person, lead_id: UUID) -> models.Lead:
    with agent_at_work(person) as user:
        return taking.take(lead_id, by=user)


def route_again(manager: Person, lead_id: UUID) -> models.Lead:
    with agent_at_work(manager) as user:
        return taking.route_again(lead_id, by=user)


def comment(person: Person, lead_id: UUID, text: str = "Please look.", *, form_key: UUID | None = None) -> UUID:
    with agent_at_work(person) as user:
        return entries.write_comment(lead_id, text, by=user, form_key=form_key)


def memo(person: Person, lead_id: UUID, text: str = "Noted.", visibility: str = "everyone") -> UUID:
    with agent_at_work(person) as user:
        return entries.write_memo(lead_id, text, visibility=visibility, by=user)


def edit(person: Person, lead_id: UUID, entry_id: UUID, text: str) -> None:
    with agent_at_work(person) as user:
        entries.edit_entry(lead_id, entry_id, text, by=user)


def save(person: Person, lead_id: UUID, *, seen: int | None = None, **changes: Any) -> None:
    with agent_at_work(person) as user:
        conversion.save_conversion(lead_id, by=user, seen=seen, **changes)


def attempt(person: Person, lead_id: UUID, way: str = "call", *, reached: bool = False, **more: Any) -> UUID:
    with agent_at_work(person) as user:
        return attempts.log_attempt(lead_id, by=user, way=way, reached=reached, **more)


def set_members(company: Company, pool_id: UUID, weights: dict[Person, int]) -> None:
    with agent_at_work(company.owner) as user:
        pools.set_members(pool_id, [(person.id, weight) for person, weight in weights.items()], by=user)


def change_pool(company: Company, pool_id: UUID, **changes: Any) -> None:
    with agent_at_work(company.owner) as user:
        pools.change_pool(pool_id, by=user, **changes)


def delete_pool(company: Company, pool_id: UUID) -> None:
    with agent_at_work(company.owner) as user:
        pools.delete_pool(pool_id, by=user)


def change_user(company: Company, person: Person, **changes: Any) -> None:
    with agent_at_work(company.owner) as user:
        people.change_user(person.id, by=user, **changes)


def change_company(company: Company, **settings: Any) -> None:
    """Settings as they are stored, whoever may change them."""
    with company.inside():
        row = db.session.get(models.Company, company.id)
        for name, value in settings.items():
            setattr(row, name, value)
        db.session.commit()


def drain(company: Company) -> int:
    with company.inside():
        return waiting.drain(company.id)


def end_windows(company: Company, *offer_ids: UUID) -> None:
    """The windows of these offers (of all, when none is named) are over by the database's clock; nobody notices yet."""
    with company.inside():
        named = {"all": not offer_ids, "offers": list(offer_ids)}
        for statement in (
            "UPDATE due_work SET due_at = clock_timestamp() WHERE kind = 'end_offer' "
            "AND (:all OR subject_id = ANY (:offers))",
            "UPDATE offers SET expires_at = clock_timestamp() WHERE state = 'open' AND (:all OR id = ANY (:offers))",
        ):
            db.session.execute(text(statement), named)
        db.session.commit()


def end_due(company: Company, *, limit: int = 100) -> int:
    """A worker looks at every pool with work that is due."""
    with company.inside():
        due = select(models.DueWork.group_id).where(models.DueWork.kind == "end_offer").distinct()
        return sum(offers.end_due(company.id, pool_id, limit) for pool_id in db.session.scalars(due).all())


def miss(company: Company, *offer_ids: UUID) -> int:
    """The windows pass and a worker notices."""
    end_windows(company, *offer_ids)
    return end_due(company)


class agent_at_work:  # noqa: N801 (reads as words: with agent_at_work(ana) as user)
    """The company as one of its people works in it: gives their user."""

    def __init__(self, person: Person) -> None:
        self._person = person

    def __enter__(self) -> models.User:
        self._context = self._person.app.app_context()
        self._context.__enter__()
        enter_company(self._person.company_id)
        return self._person.user()

    def __exit__(self, *error: Any) -> None:
        leave_company()
        self._context.__exit__(*error)


def release(manager: Person, lead_id: UUID) -> models.Lead:
    with agent_at_work(manager) as user:
        return releasing.release(lead_id, by=user)


def block(company: Company, clue: str, text: str, verdict: str = "block") -> UUID:
    with agent_at_work(company.owner) as user:
        return quarantine_lists.add_entry(by=user, verdict=verdict, clue=clue, text=text).id


def unblock(company: Company, entry_id: UUID) -> None:
    with agent_at_work(company.owner) as user:
        quarantine_lists.remove_entry(entry_id, by=user)


def reassign(person: Person, lead_id: UUID, pool_id: UUID) -> models.Lead:
    with agent_at_work(person) as user:
        return reassigning.reassign(lead_id, pool_id, by=user)


def cancel_reassignment(manager: Person, lead_id: UUID) -> models.Lead:
    with agent_at_work(manager) as user:
        return reassigning.cancel(lead_id, by=user)


def time_to_contact_is_over(company: Company) -> None:
    """The owners' times are over by the database's clock; nobody notices yet."""
    with company.inside():
        over = (
            "UPDATE due_work SET due_at = clock_timestamp(), created_at = created_at - interval '31 days' "
            "WHERE kind = 'contact'"
        )
        db.session.execute(text(over))
        db.session.commit()


def reassign_late(company: Company) -> int:
    """A worker looks at every pool with owners who may be late."""
    with company.inside():
        due = select(models.DueWork.group_id).where(models.DueWork.kind == "contact").distinct()
        return sum(reassigning.start_due(company.id, pool_id) for pool_id in db.session.scalars(due).all())


def log_nothing(company: Company) -> int:
    """The time to log a contact passes and a worker notices."""
    time_to_contact_is_over(company)
    return reassign_late(company)


def deactivate(company: Company, person: Person, *, open_leads: str, to: UUID | None = None) -> None:
    with agent_at_work(company.owner) as user:
        people.deactivate(person.id, by=user, open_leads=open_leads, to=to)
