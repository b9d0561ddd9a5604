"""The turn ledger's books: every entry with the accounts it changes. The caller holds the pool's lock.

The accounts are the sum of the entries. Nothing else changes them.
"""

from __future__ import annotations

import secrets
from typing import Any
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
    if lost := step.forfeits:
        keep_entry(writes, pool_id, EntryKind.FORFEIT, step.credit, lost, dict.fromkeys(lost, 0), lead_id=lead_id)
    received = dict.fromkeys(step.handed, 0) | {step.chosen: step.paid}
    about = {"lead_id": lead_id, "decision_id": decision_id, "offer_id": offer_id}
    keep_entry(writes, pool_id, kind, step.credit, step.handed, received, **about)


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
    received = {user: -played[user][1] if user in played else 0 for user in net}
    entitled = {user: change + received[user] for user, change in net.items()}
    keep_entry(writes, pool_id, EntryKind.REVERSAL, credit, entitled, received, reverses_id=turn.id, lead_id=lead_id)


def keep_entry(
    writes: Writes,
    pool_id: UUID,
    kind: EntryKind,
    credit: Credit,
    entitled: dict[UUID, int],
    received: dict[UUID, int],
    **about: UUID | None,
) -> None:
    """An entry in the ledger and the accounts it changes, in nano-leads. The changes must sum to zero.

    Args:
        about: lead_id, decision_id, offer_id, reverses_id, where the entry has them.
    """
    users = list(entitled)
    writes.add(
        "ledger_entries",
        pool_id=pool_id,
        kind=kind,
        credit=credit,
        user_ids=users,
        entitled=[entitled[user] for user in users],
        received=[received[user] for user in users],
        at=writes.at,
        **{"lead_id": None, "decision_id": None, "offer_id": None, "reverses_id": None, **about},
    )
    for user in users:
        if credit is Credit.TURN:
            writes.credit(pool_id, user, entitled=entitled[user], received=received[user])
        else:
            writes.credit(pool_id, user, second=entitled[user] - received[user])


def join(pool_id: UUID, user_id: UUID) -> None:
    """Open a member's account at zero credit, with a random place in the order that breaks ties."""
    company_id = working_company()
    db.session.add(
        LedgerAccount(company_id=company_id, pool_id=pool_id, user_id=user_id, tie_order=secrets.randbits(31))
    )
    db.session.flush()
    writes = Writes(company_id, database_time())
    keep_entry(writes, pool_id, EntryKind.JOIN, Credit.TURN, {user_id: ledger.JOINING}, {user_id: 0})
    writes.flush()


def leave(pool_id: UUID, user_id: UUID) -> None:
    """Close a member's account: what they were owed, or owe, passes to those who stay.

    Call it while the member's row is still there.
    """
    company_id = working_company()
    writes = Writes(company_id, database_time())
    for credit in Credit:
        net = ledger.leave(_holdings(company_id, pool_id, credit), user_id)
        keep_entry(writes, pool_id, EntryKind.LEAVE, credit, net, dict.fromkeys(net, 0))
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
            keep_entry(writes, pool_id, EntryKind.ZERO, credit, net, dict.fromkeys(net, 0))
    auditing.changed(by, Subject.POOL, pool_id, pool_named(pool_id).name, {}, {"credits": "set to zero"})
    writes.flush()


def _holdings(company_id: UUID, pool_id: UUID, credit: Credit) -> list[Holding]:
    rows = db.session.connection().exec_driver_sql(_HOLDINGS, {"company": company_id, "pool": pool_id})
    return [_holding(row, credit) for row in rows]


def _holding(row: Any, credit: Credit) -> Holding:
    return Holding(row.user_id, row.credit if credit is Credit.TURN else row.second_credit, row.weight, row.tie_order)
