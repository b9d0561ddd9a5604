"""Runs migrations as the owner of the tables, not in the application's role."""

from __future__ import annotations

from alembic import context
from flask import current_app
from sqlalchemy import create_engine, pool

from portal.extensions import Base

# Two starters must not migrate at once; the number is ours and arbitrary.
MIGRATION_LOCK = 7_203_411


def run_migrations() -> None:
    """Upgrade or downgrade in one transaction: a failed migration leaves the schema as it was."""
    engine = create_engine(current_app.config["OWNER_DATABASE_URI"], poolclass=pool.NullPool)
    with engine.begin() as connection:
        connection.exec_driver_sql(f"SELECT pg_advisory_xact_lock({MIGRATION_LOCK})")
        context.configure(connection=connection, target_metadata=Base.metadata, compare_server_default=False)
        context.run_migrations()


run_migrations()
