"""What a call takes: a body or a query in a form, checked before the view runs and documented where it stands."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import wraps
from typing import Any, Literal, TypeVar

from apiflask.scaffold import APIScaffold
from flask import request
from marshmallow import ValidationError

from portal.blueprints.api.fields import Form
from portal.blueprints.api.json_body import read_json, refuse_unsafe_texts
from portal.errors import FieldError, Invalid

View = TypeVar("View", bound=Callable[..., Any])

_documenting = APIScaffold()


def takes(form: type[Form], location: Literal["json", "query"] = "json") -> Callable[[View], View]:
    """Hand the view what came in, as the argument `asked` (of a body) or `query`.

    Raises:
        Malformed: the body is not JSON.
        Invalid: a field makes no sense, or is none of the form's.
    """
    made = form()
    may_be_empty = not any(field.required for field in made.fields.values())
    argument = "asked" if location == "json" else "query"

    def wrap(view: View) -> View:
        @wraps(view)
        def run(*args: Any, **kwargs: Any) -> Any:
            kwargs[argument] = checked(made, _query() if location == "query" else _body(may_be_empty))
            return view(*args, **kwargs)

        return describe(form, location)(run)  # type: ignore[return-value]

    return wrap


def describe(form: type[Form], location: Literal["json", "query"] = "json") -> Callable[[View], View]:
    """Only note, for the API's document, what a view takes that reads it by itself."""

    def wrap(view: View) -> View:
        view._spec = _documenting.input(form, location=location, validation=False)(view)._spec  # type: ignore[attr-defined]
        return view

    return wrap


def checked(form: Form, data: Any) -> dict[str, Any]:
    """The data as the form understands it. Raises Invalid with a complaint for each field."""
    try:
        loaded: dict[str, Any] = form.load(data)
    except ValidationError as error:
        errors = list(_complaints(error.messages, ""))
        raise Invalid(f"{errors[0].field or 'The body'}: {errors[0].message}", errors) from None
    return loaded


def _body(may_be_empty: bool) -> Any:
    return {} if may_be_empty and not request.get_data() else read_json(request)


def _query() -> dict[str, str]:
    twice = [name for name, values in request.args.lists() if len(values) > 1]
    if twice:
        raise Invalid("A filter stands there twice.", [FieldError(name, "Give it once.") for name in twice])
    query = request.args.to_dict()
    refuse_unsafe_texts(query)
    return query


def _complaints(messages: Any, path: str) -> Iterator[FieldError]:
    if isinstance(messages, dict):
        for name, below in messages.items():
            inner = path if name == "_schema" else f"{path}.{name}" if path else str(name)
            yield from _complaints(below, inner)
    else:
        for message in messages:
            yield FieldError(path, str(message))
