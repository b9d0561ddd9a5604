"""What a database holds, all of it, so that a refused call can be shown to have left nothing behind."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from apiflask import APIFlask
from sqlalchemy import create_engine, inspect, pool
from sqlalchemy.engine import make_url


def everything(app: APIFlask) -> dict[str, tuple[int, str]]:
    """Each table's number of rows and a digest over them, read by the owner, whom row-level security does not bind."""
    address = make_url(app.config["SQLALCHEMY_DATABASE_URI"]).set(database=app.extensions["database_of_the_test"])
    engine = create_engine(address, poolclass=pool.NullPool)
    digest = "SELECT count(*), coalesce(md5(string_agg(t::text, '|' ORDER BY t::text)), '') FROM {} t"
    with engine.connect() as connection:
        tables = inspect(connection).get_table_names()
        return {table: tuple(connection.exec_driver_sql(digest.format(table)).one()) for table in tables}  # type: ignore[misc]


@contextmanager
def nothing_changes(app: APIFlask) -> Iterator[None]:
    """What happens inside leaves every row of every table as it was."""
    before = everything(app)
    yield
    after = everything(app)
    assert {table for table in before if before[table] != after[table]} == set()
