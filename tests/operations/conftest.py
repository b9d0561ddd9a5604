"""What tests of operations may ask for."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import psycopg
import pytest

from tests.servers import Servers

Break = Callable[..., None]


@pytest.fixture
def as_owner(servers: Servers, database: str) -> Break:
    """Runs a statement as the owner of the tables, whom no grant and no policy stops."""

    def run(statement: str, **values: Any) -> None:
        address = servers.url_of(database).replace("+psycopg", "")
        with psycopg.connect(address, autocommit=True) as connection:
            if values.pop("unchecked", False):
                connection.execute("SET session_replication_role = replica")
            connection.execute(statement, values)

    return run
