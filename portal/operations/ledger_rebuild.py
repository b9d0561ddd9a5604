"""Putting a ledger's accounts back to what its entries come to, should anything but the portal have changed them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from uuid import UUID

from portal.extensions import db
from portal.models import User
from portal.operations import auditing
from portal.operations.auditing import Subject
from portal.operations.locking import lock_all_pools
from portal.operations.transaction import operation
from portal.permissions import Right, require_company_wide

# An account counts what came since its member joined last; what was before was settled when they left.
_DIFFERENT = """
    WITH changes AS (
        SELECT e.pool_id, e.credit, e.kind, e.at, c.user_id, c.entitled, c.received
        FROM ledger_entries e, unnest(e.user_ids, e.entitled, e.received) AS c (user_id, entitled, received)
        WHERE e.company_id = %(company)s
    ), joined AS (
        SELECT pool_id, user_id, max(at) AS at FROM changes WHERE kind = 'join' GROUP BY 1, 2
    ), sums AS (
        SELECT a.id,
               coalesce(sum(c.entitled) FILTER (WHERE c.credit = 'turn'), 0)::bigint AS entitled,
               coalesce(sum(c.received) FILTER (WHERE c.credit = 'turn'), 0)::bigint AS received,
               coalesce(sum(c.entitled - c.received) FILTER (WHERE c.credit = 'second'), 0)::bigint AS second_credit
        FROM ledger_accounts a
        LEFT JOIN joined j ON j.pool_id = a.pool_id AND j.user_id = a.user_id
        LEFT JOIN changes c ON c.pool_id = a.pool_id AND c.user_id = a.user_id AND c.at >= coalesce(j.at, '-infinity')
        WHERE a.company_id = %(company)s GROUP BY a.company_id, a.id
    )
    SELECT a.id, a.pool_id, p.name AS pool, a.user_id, u.name, a.entitled AS had_entitled, a.received AS had_received,
           a.second_credit AS had_second, s.entitled, s.received, s.second_credit
    FROM sums s
    JOIN ledger_accounts a ON a.company_id = %(company)s AND a.id = s.id
    JOIN pools p ON p.company_id = a.company_id AND p.id = a.pool_id
    JOIN users u ON u.company_id = a.company_id AND u.id = a.user_id
    WHERE (a.entitled, a.received, a.second_credit) <> (s.entitled, s.received, s.second_credit)
    ORDER BY p.name, u.name, a.id"""

_PUT_RIGHT = """
    UPDATE ledger_accounts SET entitled = %(entitled)s, received = %(received)s,
        credit = %(entitled)s::bigint - %(received)s::bigint, second_credit = %(second)s
    WHERE company_id = %(company)s AND id = %(account)s"""


@dataclass(frozen=True, slots=True)
class Difference:
    """An account that is not what its entries come to; both in nano-leads."""

    pool_id: UUID
    pool: str
    user_id: UUID
    name: str
    account: Mapping[str, int]
    entries: Mapping[str, int]

    def __str__(self) -> str:
        wrong = [
            f"{field.replace('_', ' ')} {self.account[field]} instead of {self.entries[field]}"
            for field in self.entries
            if self.account[field] != self.entries[field]
        ]
        return f"{self.name} in the pool “{self.pool}”: {', '.join(wrong)}"


def differences(company_id: UUID) -> list[Difference]:
    """The accounts of the company entered that are not what their entries come to."""
    return [found for _, found in _differences(company_id)]


@operation
def rebuild(*, by: User) -> list[Difference]:
    """Make every account of a company what its entries come to; the log of changes tells of each pool.

    Every pool is locked meanwhile, so no turn is played between the sum and the account.

    Returns:
        The accounts that were put right, as they were and are.

    Raises:
        Forbidden: without the right to set up distribution for the whole company.
    """
    require_company_wide(by, Right.DISTRIBUTION)
    lock_all_pools()
    found = _differences(by.company_id)
    for account_id, each in found:
        sums = each.entries
        values = {"entitled": sums["entitled"], "received": sums["received"], "second": sums["second_credit"]}
        about = {"company": by.company_id, "account": account_id}
        db.session.connection().exec_driver_sql(_PUT_RIGHT, values | about)
        before, after = {each.name: dict(each.account)}, {each.name: dict(sums)}
        auditing.changed(by, Subject.POOL, each.pool_id, each.pool, before, after)
    return [each for _, each in found]


def _differences(company_id: UUID) -> list[tuple[UUID, Difference]]:
    rows = db.session.connection().exec_driver_sql(_DIFFERENT, {"company": company_id}).all()
    return [
        (
            row.id,
            Difference(
                row.pool_id,
                row.pool,
                row.user_id,
                row.name,
                {"entitled": row.had_entitled, "received": row.had_received, "second_credit": row.had_second},
                {"entitled": row.entitled, "received": row.received, "second_credit": row.second_credit},
            ),
        )
        for row in rows
    ]
