"""What a lead holds of feedback is what its entries say (rule 7)."""

from __future__ import annotations

from portal.queries.checks.question import Question

# What a lead's feedback holds, one row a column, and what the newest entry that changed the column left there.
_FEEDBACK = """
    SELECT c.lead_id, held.name, held.value, told.value AS told, told.value IS NOT NULL OR told.known AS is_told
    FROM conversions c
    CROSS JOIN LATERAL jsonb_each_text(
        to_jsonb(c) - '{company_id,lead_id,changed_by,changed_at}'::text[]) AS held (name, value)
    LEFT JOIN LATERAL (
        SELECT t.after ->> held.name AS value, true AS known FROM timeline t
        WHERE t.company_id = c.company_id AND t.lead_id = c.lead_id
          AND t.kind IN ('conversion', 'contact_attempt') AND t.after ? 'version' AND t.after ? held.name
        ORDER BY (t.after ->> 'version')::int DESC LIMIT 1
    ) told ON true
    WHERE c.company_id = %(company)s"""

CONVERSIONS = (
    Question(
        7,
        "feedback on a lead that is not what its entries come to",
        # Until something is said of them, the contact status and the status stand where every lead begins.
        f"""
        SELECT f.lead_id FROM ({_FEEDBACK}) f
        WHERE CASE WHEN f.is_told THEN f.told IS DISTINCT FROM f.value
                   WHEN f.name = 'contact_status' THEN f.value <> 'not_contacted'
                   WHEN f.name = 'status_id' THEN false
                   ELSE f.value IS NOT NULL END""",
    ),
    Question(
        7,
        "feedback whose changes are told more or less often than there were",
        """
        SELECT c.lead_id FROM conversions c
        LEFT JOIN timeline t ON t.company_id = c.company_id AND t.lead_id = c.lead_id
            AND t.kind IN ('conversion', 'contact_attempt') AND t.after ? 'version'
        WHERE c.company_id = %(company)s
        GROUP BY c.lead_id, c.version
        HAVING count(t.id) <> c.version OR count(DISTINCT t.after ->> 'version') <> c.version""",
    ),
    Question(
        7,
        "a change of feedback told of a lead that has none",
        """
        SELECT t.id FROM timeline t
        WHERE t.company_id = %(company)s AND t.kind IN ('conversion', 'contact_attempt') AND t.after ? 'version'
          AND NOT EXISTS (
            SELECT 1 FROM conversions c WHERE c.company_id = t.company_id AND c.lead_id = t.lead_id)""",
    ),
    Question(
        7,
        "a lost lead without a reason, or a reason without a loss",
        """
        SELECT c.lead_id FROM conversions c
        JOIN conversion_statuses s ON s.company_id = c.company_id AND s.id = c.status_id
        WHERE c.company_id = %(company)s AND (s.status_group = 'lost') <> (c.lost_reason_id IS NOT NULL)""",
    ),
    Question(
        7,
        "a value or a day of winning on a lead that is not won",
        """
        SELECT c.lead_id FROM conversions c
        JOIN conversion_statuses s ON s.company_id = c.company_id AND s.id = c.status_id
        WHERE c.company_id = %(company)s AND s.status_group <> 'won'
          AND (c.actual_value IS NOT NULL OR c.won_on IS NOT NULL)""",
    ),
    Question(
        7,
        "a group without a conversion status in use",
        """
        SELECT g.name FROM (VALUES ('in_progress'), ('won'), ('lost')) AS g (name)
        WHERE NOT EXISTS (
            SELECT 1 FROM conversion_statuses s
            WHERE s.company_id = %(company)s AND s.active AND s.status_group = g.name)""",
    ),
    Question(
        7,
        "an entry written anew that is no comment or memo, or too late",
        """
        SELECT e.entry_id FROM entry_edits e
        JOIN timeline t ON t.company_id = e.company_id AND t.id = e.entry_id
        WHERE e.company_id = %(company)s
          AND (t.kind NOT IN ('comment', 'memo') OR e.at > t.at + interval '15 minutes 5 seconds')""",
    ),
)
