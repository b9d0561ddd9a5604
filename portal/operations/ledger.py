"""The turn ledger's books: every entry with the accounts it changes. The caller holds the pool's lock.

The accounts are the sum of the entries. Nothing else changes them.
"""

from __future__ import annotations

import secrets
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple
from uuid import UUID

from portal.errors import NotFound
from portal.extensions import db
from portal.models import EntryKind, LedgerAccount, User
from portal.models.tenancy import working_company
from portal.operations import auditing
from portal.operations.auditing import Subject
from portal.operations.transaction import operation
from portal.operations.writes import Writes
from portal.permissions import Right, require, require_over
from portal.queries import routing_facts
from portal.queries.clock import database_time
from portal.queries.pools import pool_named
from portal.routing import ledger
from portal.routing.facts import Credit
from portal.routing.ledger import Holding, Step

_TURN = """
    SELECT e.id, e.credit, e.user_ids, e.entitled, e.received FROM ledger_entries e
    WHERE e.company_id = %(company)s AND e.offer_id = %(offer)s AND e.kind = 'step'
      AND NOT EXISTS (SELECT 1 FROM ledger_entries r WHERE r.company_id = e.company_id AND r.reverses_id = e.id)"""

_HOLDINGS = """
    SELECT a.user_id, m.weight, a.tie_order, a.credit, a.second_credit
    FROM ledger_accounts a
    JOIN pool_members m ON m.company_id = a.company_id AND m.pool_id = a.pool_id AND m.user_id = a.user_id
    WHERE a.company_id = %(company)s AND a.pool_id = %(pool)s"""


def keep_step(
    writes: Writes,
    step: Step,
    pool_id: UUID,
    *,
    lead_id: UUID,
    decision_id: UUID | None = None,
    offer_id: UUID | None = None,
    kind: EntryKind = EntryKind.STEP,
) -> None:
    """A turn that was played, or charged for a lead that came another way; and what was forfeited before it."""
    if step.forfeiting:
        keep_entry(writes, pool_id, EntryKind.FORFEIT, step.credit, _owed(step.forfeits), lead_id=lead_id)
    about = {"lead_id": lead_id, "decision_id": decision_id, "offer_id": offer_id}
    users = [one.user_id for one in step.members]
    keep_entry(writes, pool_id, kind, step.credit, Change(users, step.entitled, step.received), **about)


def reverse_turn(writes: Writes, pool_id: UUID, offer_id: UUID, lead_id: UUID) -> None:
    """Undo the turn an offer cost, once. What falls to people who left since goes to those who are here.

    Second chances cost no turn: nothing happens for them.
    """
    parameters = {"company": writes.company_id, "offer": offer_id}
    turn = db.session.connection().exec_driver_sql(_TURN, parameters).one_or_none()
    if turn is None:
        return
    credit = Credit(turn.credit)
    holdings = _holdings(writes.company_id, pool_id, credit)
    played = dict(zip(turn.user_ids, zip(turn.entitled, turn.received, strict=True), strict=True))
    net = ledger.reverse({user: due - paid for user, (due, paid) in played.items()}, holdings)
    # The receiver's side of the turn is undone as it was booked; everything else is entitlement.
    received = [-played[user][1] if user in played else 0 for user in net]
    entitled = [change + taken for change, taken in zip(net.values(), received, strict=True)]
    undone = Change(list(net), entitled, received)
    keep_entry(writes, pool_id, EntryKind.REVERSAL, credit, undone, reverses_id=turn.id, lead_id=lead_id)


class Change(NamedTuple):
    """What an entry adds to the accounts of some members, in nano-leads: for each, in the same order, what they became
    entitled to and what they received."""

    users: Sequence[UUID]
    entitled: Sequence[int]
    received: Sequence[int]


def _owed(entitled: Mapping[UUID, int]) -> Change:
    """A change of what members are entitled to, while nobody receives anything."""
    return Change(list(entitled), list(entitled.values()), [0] * len(entitled))


def keep_entry(
    writes: Writes, pool_id: UUID, kind: EntryKind, credit: Credit, change: Change, **about: UUID | None
) -> None:
    """An entry in the ledger and the accounts it changes. All that it changes must sum to zero.

    Args:
        about: lead_id, decision_id, offer_id, reverses_id, where the entry has them.
    """
    writes.add(
        "ledger_entries",
        pool_id=pool_id,
        kind=kind,
        credit=credit,
        user_ids=change.users,
        entitled=change.entitled,
        received=change.received,
        at=writes.at,
        **{"lead_id": None, "decision_id": None, "offer_id": None, "reverses_id": None, **about},
    )
    for user_id, entitled, received in zip(*change, strict=True):
        if credit is Credit.TURN:
            writes.credit(pool_id, user_id, entitled=entitled, received=received)
        else:
            writes.credit(pool_id, user_id, second=entitled - received)


def join(pool_id: UUID, user_id: UUID) -> None:
    """Open a member's account at zero credit, with a random place in the order that breaks ties."""
    company_id = working_company()
    db.session.add(
        LedgerAccount(company_id=company_id, pool_id=pool_id, user_id=user_id, tie_order=secrets.randbits(31))
    )
    db.session.flush()
    writes = Writes(company_id, database_time())
    keep_entry(writes, pool_id, EntryKind.JOIN, Credit.TURN, _owed({user_id: ledger.JOINING}))
    writes.flush()


def leave(pool_id: UUID, user_id: UUID) -> None:
    """Close a member's account: what they were owed, or owe, passes to those who stay.

    Call it while the member's row is still there.
    """
    company_id = working_company()
    writes = Writes(company_id, database_time())
    for credit in Credit:
        net = ledger.leave(_holdings(company_id, pool_id, credit), user_id)
        keep_entry(writes, pool_id, EntryKind.LEAVE, credit, _owed(net))
    writes.flush()
    db.session.connection().exec_driver_sql(
        "DELETE FROM ledger_accounts WHERE company_id = %(company)s AND pool_id = %(pool)s AND user_id = %(user)s",
        {"company": company_id, "pool": pool_id, "user": user_id},
    )


@operation
def zero(pool_id: UUID, *, by: User) -> None:
    """Set every credit of a pool back to zero; the entries say that and when. Raises Forbidden, NotFound."""
    require(by, Right.DISTRIBUTION)
    if routing_facts.lock_pool(by.company_id, pool_id) is None:
        raise NotFound("There is no such pool.")
    require_over(by, Right.DISTRIBUTION, pool_named(pool_id).team_id, what="pool")
    writes = Writes(by.company_id, database_time())
    for credit in Credit:
        net = ledger.zero(_holdings(by.company_id, pool_id, credit))
        if any(net.values()):
            keep_entry(writes, pool_id, EntryKind.ZERO, credit, _owed(net))
    auditing.changed(by, Subject.POOL, pool_id, pool_named(pool_id).name, {}, {"credits": "set to zero"})
    writes.flush()


def _holdings(company_id: UUID, pool_id: UUID, credit: Credit) -> list[Holding]:
    rows = db.session.connection().exec_driver_sql(_HOLDINGS, {"company": company_id, "pool": pool_id})
    return [_holding(row, credit) for row in rows]


def _holding(row: Any, credit: Credit) -> Holding:
    return Holding(row.user_id, row.credit if credit is Credit.TURN else row.second_credit, row.weight, row.tie_order)
