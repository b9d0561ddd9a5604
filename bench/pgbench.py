"""The other limit beside intake: pgbench, PostgreSQL's own client in C, running a lead's recorded SQL.

Each transaction first reads the values of the next lead from a table, by its key; that is one statement more than the
portal runs. Every lead locks the one pool's row, as in the portal, and changes the accounts of its 20 members.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import tempfile
from pathlib import Path
from typing import Any

import psycopg
from psycopg import sql
from psycopg.adapt import PyFormat, Transformer

from bench.load import CLIENTS
from bench.recorded import Recording, without_nulls

MISSING = "pgbench is not on this machine"


def program() -> str | None:
    """Where pgbench is, or None."""
    found = shutil.which("pgbench")
    beside = sorted(Path("/usr/lib/postgresql").glob("*/bin/pgbench"))
    return found or (str(beside[-1]) if beside else None)


def rate(recording: Recording, address: str) -> float | None:
    """Leads a second with eight clients; None without pgbench."""
    binary = program()
    if binary is None:
        return None
    texts, names = without_nulls(recording)
    _lay_out(recording, names, address)
    with tempfile.NamedTemporaryFile("w", suffix=".sql") as script:
        script.write(_script(texts, names))
        script.flush()
        parts = psycopg.conninfo.conninfo_to_dict(address)
        ran = subprocess.run(
            [
                binary,
                *("--no-vacuum", "--protocol", "prepared", "--client", str(CLIENTS), "--jobs", "1"),
                *("--transactions", str(len(recording.values) // CLIENTS), "--file", script.name),
                *("--host", str(parts["host"]), "--username", str(parts["user"]), str(parts["dbname"])),
            ],
            env={**os.environ, "PGOPTIONS": "-c role=portal_app"},
            capture_output=True,
            text=True,
            check=False,
        )
    found = re.search(r"^tps = ([0-9.]+)", ran.stdout, re.MULTILINE)
    if ran.returncode or found is None or "aborted" in ran.stderr:
        raise RuntimeError(f"pgbench failed: {ran.stderr[-2000:]}")
    return float(found[1])


def _script(texts: list[str], names: list[list[str]]) -> str:
    columns = [_column(place, name) for place, some in enumerate(names) for name in some]
    lines = [
        f"SELECT {', '.join(columns)} FROM (SELECT nextval('bench_turn') AS turn OFFSET 0) t "
        "JOIN bench_recorded USING (turn) \\gset",
        "BEGIN;",
    ]
    for place, (text, some) in enumerate(zip(texts, names, strict=True)):
        for name in some:
            text = text.replace(f"%({name})s", f":{_column(place, name)}")
        lines.append(" ".join(text.split()) + ";")
    return "\n".join([*lines, "COMMIT;"]) + "\n"


def _column(place: int, name: str) -> str:
    return f"s{place}_{name}"


def _lay_out(recording: Recording, names: list[list[str]], address: str) -> None:
    """A table with one row of values, as texts, for each lead."""
    columns = [_column(place, name) for place, some in enumerate(names) for name in some]
    with psycopg.connect(address, autocommit=True) as connection:
        connection.execute(
            sql.SQL("CREATE TABLE bench_recorded (turn bigint PRIMARY KEY, {})").format(
                sql.SQL(", ").join(sql.SQL("{} text").format(sql.Identifier(column)) for column in columns)
            )
        )
        connection.execute("CREATE SEQUENCE bench_turn")
        connection.execute("GRANT SELECT ON bench_recorded TO portal_app")
        connection.execute("GRANT USAGE ON bench_turn TO portal_app")
        transformer = Transformer(connection)
        with connection.cursor().copy("COPY bench_recorded FROM STDIN") as copy:
            for turn, lead in enumerate(recording.values, start=1):
                told = [_as_text(transformer, lead[place][name]) for place, some in enumerate(names) for name in some]
                copy.write_row([turn, *told])
        connection.execute("ANALYZE bench_recorded")


def _as_text(transformer: Transformer, value: Any) -> str:
    """The value as psycopg would send it in text form."""
    if isinstance(value, str):
        return value
    dumped = transformer.get_dumper(value, PyFormat.TEXT).dump(value)
    return bytes(dumped).decode() if dumped is not None else ""
