"""What a database holds, all of it, so that a refused call can be shown to have left nothing behind."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import psycopg
from apiflask import APIFlask
from psycopg import sql
from sqlalchemy.engine import make_url

_TABLES = "SELECT relname FROM pg_class WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace"
_DIGEST = "SELECT {}, count(*), coalesce(md5(string_agg(t::text, '|' ORDER BY t::text)), '') FROM {} t"


def everything(app: APIFlask) -> dict[str, tuple[int, str]]:
    """Each table's number of rows and a digest over them, read by the owner, whom row-level security does not bind."""
    address = make_url(app.config["SQLALCHEMY_DATABASE_URI"]).set(database=app.extensions["database_of_the_test"])
    with psycopg.connect(address.set(drivername="postgresql").render_as_string(hide_password=False)) as connection:
        tables = [table for (table,) in connection.execute(_TABLES)]
        digests = [sql.SQL(_DIGEST).format(sql.Literal(table), sql.Identifier(table)) for table in tables]
        found = connection.execute(sql.SQL(" UNION ALL ").join(digests))
        return {table: (number, digest) for table, number, digest in found}


@contextmanager
def nothing_changes(app: APIFlask) -> Iterator[None]:
    """What happens inside leaves every row of every table as it was."""
    before = everything(app)
    yield
    after = everything(app)
    assert {table for table in before if before[table] != after[table]} == set()
