"""One question to the database."""

from __future__ import annotations

from typing import NamedTuple


class Question(NamedTuple):
    """A rule, what a row found says about its subject, and the statement that finds them (one column: the subject).

    Statements may use %(company)s; those about time also %(late_by)s, in seconds.
    """

    rule: int
    finding: str
    statement: str
