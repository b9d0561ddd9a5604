"""The SQL of taking in leads, recorded from the portal itself: what the limits beside the intake figure run.

Leads are posted one by one to the real application and every statement is kept with its values. On a copy of the same
database the same statements with the same values make the same rows, in any order and at any pace.
"""

from __future__ import annotations

import logging
import pickle
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg
from sqlalchemy import event

from bench.client import PATH, body_of
from bench.stage import Stage

MOST_STATEMENTS = 8


@dataclass(frozen=True, slots=True)
class Recording:
    """One lead after the other: the values of each statement, and the texts they all share."""

    statements: tuple[str, ...]
    values: list[tuple[Mapping[str, Any], ...]]
    answer: bytes

    def keep(self, file: Path) -> None:
        """Write it down for another process."""
        file.write_bytes(pickle.dumps((self.statements, self.values, self.answer), protocol=5))


def record(stage: Stage, first: int, count: int) -> Recording:
    """Take in leads numbered from `first` on and keep their SQL.

    Raises:
        RuntimeError: a lead was refused, or not all leads ran the same statements, or more than eight.
    """
    from portal import create_app
    from portal.extensions import db

    seen: list[tuple[str, Mapping[str, Any]]] = []

    class Noting(psycopg.Cursor[Any]):
        """Every statement goes through a cursor, whoever sends it; only BEGIN and COMMIT do not."""

        def execute(self, query: Any, params: Any = None, **options: Any) -> Any:
            seen.append((query, dict(params or {})))
            return super().execute(query, params, **options)

    def note(connection: Any, _record: Any) -> None:
        connection.cursor_factory = Noting

    values, texts, answer = [], set(), b""
    # The line each request writes would drown the figures.
    logging.disable(logging.INFO)
    with stage.database() as database:
        app = create_app(stage.settings_for(database))
        client = app.test_client(use_cookies=False)
        with app.app_context():
            engine = db.engine
        engine.connect().close()
        engine.dispose()
        event.listen(engine, "connect", note)
        for number in range(first, first + count):
            seen.clear()
            answer = _post(client, stage.cast.api_key, number)
            texts.add(tuple(statement for statement, _ in seen))
            values.append(tuple(parameters for _, parameters in seen))
        engine.dispose()
    logging.disable(logging.NOTSET)
    statements = _common(texts)
    return Recording(statements, values, answer)


def _post(client: Any, key: str, number: int) -> bytes:
    headers = {"Authorization": f"Bearer {key}", "Idempotency-Key": f"lead-{number}"}
    answer = client.post(PATH, data=body_of(number), content_type="application/json", headers=headers)
    if answer.status_code != 201:
        raise RuntimeError(f"Lead {number} was answered {answer.status_code}: {answer.text[:300]}")
    return bytes(answer.data)


def _common(texts: set[tuple[str, ...]]) -> tuple[str, ...]:
    if len(texts) != 1:
        raise RuntimeError(f"Leads ran different statements: {[[len(text) for text in one] for one in texts]}")
    statements = next(iter(texts))
    if len(statements) > MOST_STATEMENTS:
        raise RuntimeError(f"One lead took {len(statements)} statements; at most {MOST_STATEMENTS} are allowed.")
    return statements


def without_nulls(recording: Recording) -> tuple[list[str], list[list[str]]]:
    """The statements with NULL written out where every value is, and the names of the values that are left."""
    texts, names = [], []
    for place, statement in enumerate(recording.statements):
        left = []
        for name in recording.values[0][place]:
            if all(lead[place][name] is None for lead in recording.values):
                statement = statement.replace(f"%({name})s", "NULL")
            else:
                left.append(name)
        texts.append(statement)
        names.append(left)
    return texts, names


def chosen(recording: Recording, first: int, count: int) -> Recording:
    """A part of the recording."""
    values: Sequence[tuple[Mapping[str, Any], ...]] = recording.values[first : first + count]
    return Recording(recording.statements, list(values), recording.answer)
