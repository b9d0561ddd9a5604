"""How the application reaches PostgreSQL: which role it runs as, and what a connection is set to."""

from __future__ import annotations

from typing import Any

from psycopg.pq import ExecStatus, TransactionStatus
from sqlalchemy import Engine

from portal.config import Settings

APPLICATION_ROLE = "portal_app"


def engine_options(settings: Settings) -> dict[str, Any]:
    """Options for the application's engine.

    Every connection takes on the role that row-level security binds, from its first statement on. A statement that
    runs away, or a transaction left open, must not hold a pool's lock for ever. The second happens when a process is
    stopped between two statements (a machine put to sleep): intake waits for that lock, so ten seconds and no more.
    """
    options = f"-c role={APPLICATION_ROLE} -c statement_timeout=15000 -c idle_in_transaction_session_timeout=10000"
    return {
        "pool_size": 12,
        "max_overflow": 8,
        "pool_timeout": 5,
        "pool_recycle": 1800,
        "pool_pre_ping": False,
        # Errors are logged, and parameters hold names and numbers of customers.
        "hide_parameters": True,
        "connect_args": {"options": options, "connect_timeout": 5, "prepare_threshold": 2},
    }


def keep_prepared(engine: Engine) -> None:
    """Let statements stay prepared when a transaction ends without a commit, as that of every page does.

    At its own ROLLBACK the driver forgets all it has prepared and tells the server to as well: tables might have
    been made in that transaction. Ours make none, and the server itself notices when a table is altered. Planning
    the statements of a page anew each time took the server longer than running them.
    """
    engine.dialect.do_rollback = _roll_back  # type: ignore[method-assign]


def _roll_back(dbapi_connection: Any) -> None:
    pgconn = dbapi_connection.pgconn
    match pgconn.transaction_status:
        case TransactionStatus.IDLE:
            return
        case TransactionStatus.INTRANS | TransactionStatus.INERROR:
            if pgconn.exec_(b"ROLLBACK").status == ExecStatus.COMMAND_OK:
                return
    # In the middle of something, or cut off: the driver's own way says so as SQLAlchemy expects it.
    dbapi_connection.rollback()
