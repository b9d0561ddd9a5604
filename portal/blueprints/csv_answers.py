"""Tables as CSV files (RFC 4180), safe to open in a spreadsheet."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any

from flask import Response, stream_with_context

from portal.extensions import db
from portal.models import User
from portal.models.tenancy import inside_company

# What makes a spreadsheet take a text for a formula (OWASP, CSV injection).
_FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r")
_AT_A_TIME = 200


def csv_answer(
    name: str, head: Sequence[str], viewer: User, lines: Callable[[User], Iterable[Sequence[Any]]]
) -> Response:
    """A file to keep, sent while it is made.

    Args:
        name: of the file.
        head: the first line.
        viewer: whoever asked for it.
        lines: the others, for the viewer as they are while it is sent; None is an empty cell.
    """
    company_id, user_id = viewer.company_id, viewer.id

    def made() -> Iterator[str]:
        # The request, and with it the company entered, is over by the time the file is sent.
        with inside_company(company_id):
            yield from _chunks(head, lines(db.session.get_one(User, (company_id, user_id))))

    answer = Response(stream_with_context(made()), mimetype="text/csv")
    answer.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    answer.headers["Cache-Control"] = "no-store"
    return answer


def defused(value: Any) -> str:
    """A cell's text, with an apostrophe in front of what would be a formula."""
    text = "" if value is None else str(value)
    return f"'{text}" if text.startswith(_FORMULA_STARTS) else text


def _chunks(head: Sequence[str], lines: Iterable[Sequence[Any]]) -> Iterator[str]:
    # A mark that says UTF-8, without which spreadsheets guess wrong.
    held = io.StringIO("\ufeff")
    held.seek(0, io.SEEK_END)
    writer = csv.writer(held)
    writer.writerow(head)
    for number, line in enumerate(lines, start=1):
        writer.writerow([defused(cell) for cell in line])
        if number % _AT_A_TIME == 0:
            yield held.getvalue()
            held.seek(0)
            held.truncate()
    yield held.getvalue()
