"""Reading a JSON body strictly: what two readers could understand differently is refused.

RFC 8259 leaves duplicate names, NaN and huge numbers to each reader; RFC 7493 (I-JSON) rules them out, and so do we.
"""

from __future__ import annotations

import json
import re
from typing import Any, NoReturn

from flask import Request

from portal.errors import FieldError, Invalid, Malformed

_UNSAFE = re.compile("[\x00\ud800-\udfff]")
# Escapes are the only way such characters get through UTF-8 and a strict reader of strings.
_ESCAPED_UNSAFE = re.compile(rb"\\u(?:0000|[dD][89a-fA-F])")
_MOST_DIGITS = 400


def read_json(request: Request) -> Any:
    """The body of a request as plain data.

    Raises:
        Malformed: not JSON, not UTF-8, or JSON that has no single meaning.
        Invalid: a text holds a character no text can hold; names the field.
        RequestEntityTooLarge: more than MAX_CONTENT_LENGTH bytes.
    """
    if request.mimetype != "application/json" and not request.mimetype.endswith("+json"):
        raise Malformed("Send JSON, with the header Content-Type: application/json.")
    return parse_json(request.get_data())


def parse_json(body: bytes) -> Any:
    """Plain data from the bytes of a JSON text; errors as in `read_json`."""
    try:
        data = _decoder.decode(body.decode("utf-8"))
    except UnicodeDecodeError as error:
        raise Malformed(f"The body is not UTF-8: byte {error.start} cannot be read.") from None
    except json.JSONDecodeError as error:
        raise Malformed(f"The body is not JSON: {error.msg} (line {error.lineno}, column {error.colno}).") from None
    except RecursionError:
        raise Malformed("The JSON is nested too deeply.") from None
    if _ESCAPED_UNSAFE.search(body):
        refuse_unsafe_texts(data)
    return data


def refuse_unsafe_texts(data: Any) -> None:
    """Refuse NUL, which the database cannot store, and halves of surrogate pairs, which are no characters.

    Raises:
        Invalid: naming every field that holds one.
    """
    errors = [FieldError(path, _WHY_UNSAFE) for path in _unsafe_paths(data, "")]
    if errors:
        raise Invalid(f"{errors[0].field or 'The body'}: {_WHY_UNSAFE}", errors)


_WHY_UNSAFE = "Holds a NUL or half a surrogate pair, which is no text. Remove it and send again."


def _unsafe_paths(data: Any, path: str) -> list[str]:
    if isinstance(data, str):
        return [path] if _UNSAFE.search(data) else []
    if isinstance(data, dict):
        below = f"{path}." if path else ""
        found = []
        for name, value in data.items():
            # The name itself cannot be repeated in an answer, so its parent is named.
            found += [path] if _UNSAFE.search(name) else _unsafe_paths(value, f"{below}{name}")
        return found
    if isinstance(data, list):
        below = f"{path}." if path else ""
        return [unsafe for place, value in enumerate(data) for unsafe in _unsafe_paths(value, f"{below}{place}")]
    return []


def _refuse_duplicates(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    data = dict(pairs)
    if len(data) != len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for name in names if names.count(name) > 1)
        raise Malformed(f"The field {_shown(twice)} stands there twice.")
    return data


def _whole(digits: str) -> int:
    if len(digits) > _MOST_DIGITS:
        raise Malformed("A number in the body has too many digits.")
    return int(digits)


def _fraction(digits: str) -> float:
    number = float(digits)
    if number in (float("inf"), float("-inf")):
        raise Malformed(f"The number {digits[:40]} is too large.")
    return number


def _refuse_constant(name: str) -> NoReturn:
    raise Malformed(f"{name} is not a number JSON knows.")


def _shown(name: str) -> str:
    return _UNSAFE.sub("�", name[:100])


_decoder = json.JSONDecoder(
    object_pairs_hook=_refuse_duplicates,
    parse_int=_whole,
    parse_float=_fraction,
    parse_constant=_refuse_constant,
)
