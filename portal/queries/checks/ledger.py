"""The turn ledger adds up (rule 6)."""

from __future__ import annotations

from portal.queries.checks.question import Question

# The changes an entry makes, one row for each member it names.
_CHANGES = """
    SELECT e.id, e.pool_id, e.credit, e.kind, e.at, c.user_id, c.entitled, c.received
    FROM ledger_entries e, unnest(e.user_ids, e.entitled, e.received) AS c (user_id, entitled, received)
    WHERE e.company_id = %(company)s"""

LEDGER = (
    Question(
        6,
        "a member by a tag that is no member of the pool, or with another part in it than the tag has",
        """
        SELECT m.pool_id FROM pool_members m
        LEFT JOIN pool_tags t ON t.company_id = m.company_id AND t.pool_id = m.pool_id AND t.normal = m.agent_tag
        WHERE m.company_id = %(company)s AND m.agent_tag IS NOT NULL
          AND (m.weight, m.priority, m.open_cap, m.day_cap, m.week_cap, m.month_cap)
              IS DISTINCT FROM (t.weight, t.priority, t.open_cap, t.day_cap, t.week_cap, t.month_cap)""",
    ),
    Question(
        6,
        "a pool whose turn credits do not sum to zero",
        "SELECT pool_id FROM ledger_accounts WHERE company_id = %(company)s GROUP BY 1 HAVING sum(credit) <> 0",
    ),
    Question(
        6,
        "a pool whose second-choice credits do not sum to zero",
        "SELECT pool_id FROM ledger_accounts WHERE company_id = %(company)s GROUP BY 1 HAVING sum(second_credit) <> 0",
    ),
    Question(
        6,
        "a ledger entry that does not sum to zero",
        f"""
        SELECT c.id FROM ({_CHANGES}) c GROUP BY c.id HAVING sum(c.entitled) <> sum(c.received)""",
    ),
    Question(
        6,
        "a ledger entry with lists of different lengths",
        """
        SELECT e.id FROM ledger_entries e
        WHERE e.company_id = %(company)s
          AND (cardinality(e.user_ids) <> cardinality(e.entitled)
               OR cardinality(e.user_ids) <> cardinality(e.received))""",
    ),
    Question(
        6,
        "an account whose credits are not what its entries come to",
        f"""
        SELECT a.id FROM ledger_accounts a
        LEFT JOIN ({_CHANGES}) c ON c.pool_id = a.pool_id AND c.user_id = a.user_id
        WHERE a.company_id = %(company)s
        GROUP BY a.company_id, a.id
        HAVING a.credit <> coalesce(sum(c.entitled - c.received) FILTER (WHERE c.credit = 'turn'), 0)
            OR a.second_credit <> coalesce(sum(c.entitled - c.received) FILTER (WHERE c.credit = 'second'), 0)""",
    ),
    Question(
        6,
        "an account that counts other leads than its entries since its member joined",
        f"""
        WITH changes AS ({_CHANGES}), joined AS (
            SELECT pool_id, user_id, max(at) AS at FROM changes WHERE kind = 'join' GROUP BY 1, 2
        )
        SELECT a.id FROM ledger_accounts a
        LEFT JOIN joined j ON j.pool_id = a.pool_id AND j.user_id = a.user_id
        LEFT JOIN changes c ON c.pool_id = a.pool_id AND c.user_id = a.user_id AND c.credit = 'turn'
            AND c.at >= coalesce(j.at, '-infinity')
        WHERE a.company_id = %(company)s
        GROUP BY a.company_id, a.id
        HAVING a.entitled <> coalesce(sum(c.entitled), 0) OR a.received <> coalesce(sum(c.received), 0)""",
    ),
    Question(
        6,
        "a credit left to somebody who is no member any more",
        f"""
        SELECT c.user_id FROM ({_CHANGES}) c
        WHERE NOT EXISTS (
            SELECT 1 FROM ledger_accounts a
            WHERE a.company_id = %(company)s AND a.pool_id = c.pool_id AND a.user_id = c.user_id)
        GROUP BY c.pool_id, c.user_id, c.credit HAVING sum(c.entitled) <> sum(c.received)""",
    ),
    Question(
        6,
        "a member without an account",
        """
        SELECT m.id FROM pool_members m
        WHERE m.company_id = %(company)s AND NOT EXISTS (
            SELECT 1 FROM ledger_accounts a
            WHERE a.company_id = m.company_id AND a.pool_id = m.pool_id AND a.user_id = m.user_id)""",
    ),
    Question(
        6,
        "an account without a member",
        """
        SELECT a.id FROM ledger_accounts a
        WHERE a.company_id = %(company)s AND NOT EXISTS (
            SELECT 1 FROM pool_members m
            WHERE m.company_id = a.company_id AND m.pool_id = a.pool_id AND m.user_id = a.user_id)""",
    ),
    Question(
        6,
        "a withdrawn offer whose turn was not given back",
        """
        SELECT o.id FROM offers o
        JOIN ledger_entries e ON e.company_id = o.company_id AND e.offer_id = o.id AND e.kind = 'step'
        WHERE o.company_id = %(company)s AND o.state = 'withdrawn' AND NOT EXISTS (
            SELECT 1 FROM ledger_entries r WHERE r.company_id = e.company_id AND r.reverses_id = e.id)""",
    ),
    Question(
        6,
        "an offer that cost two turns",
        """
        SELECT e.offer_id FROM ledger_entries e
        WHERE e.company_id = %(company)s AND e.kind = 'step' AND e.offer_id IS NOT NULL
        GROUP BY 1 HAVING count(*) > 1""",
    ),
)
