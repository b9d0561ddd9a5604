"""Wiping a demo company: everything made up goes, and its owner begins with an empty one."""

from __future__ import annotations

from psycopg.errors import InsufficientPrivilege, RaiseException
from sqlalchemy import delete
from sqlalchemy.exc import DBAPIError

from portal.errors import Conflict, Forbidden
from portal.extensions import db
from portal.models import Draft, QuarantineEntry, Replay, RuleSet, User
from portal.models.statements import run
from portal.operations.transaction import operation
from portal.permissions import Right, require

# A demo that was left running for days holds more than the usual fifteen seconds remove.
_PATIENCE = "SET LOCAL statement_timeout = '5min'"


@operation
def wipe_demo(*, by: User) -> None:
    """Remove leads, contacts, people, pools, rules, messages and all that happened, and every account that works for
    nobody else. The company stays, with `by` as its only user, the default rule without a pool, and its lists of
    words; it is no demo from then on.

    A function of the database does it (migration 0003): the application itself may not delete what happened.

    Raises:
        Forbidden: without the right to.
        Conflict: the company holds real data.
    """
    require(by, Right.OWNERSHIP)
    run(_PATIENCE)
    try:
        run("SELECT wipe_demo(%(keeper)s)", {"keeper": by.id})
    except DBAPIError as error:
        if isinstance(error.orig, RaiseException):
            raise Conflict("This company is no demo, so nothing was removed.") from error
        if isinstance(error.orig, InsufficientPrivilege):
            raise Forbidden("Only an owner can wipe the demo.") from error
        raise
    for table in (RuleSet, QuarantineEntry, Draft, Replay):
        db.session.execute(delete(table).where(table.company_id == by.company_id))
    # What the session holds of these rows is gone, or was changed without it.
    db.session.expire_all()
