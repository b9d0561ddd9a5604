"""The OpenAPI document of the API, and the same for people at /api/docs."""

from __future__ import annotations

from copy import deepcopy
from typing import Any

from apiflask import APIBlueprint, APIFlask
from flask import Blueprint, Response, current_app, render_template

from portal.blueprints.api.answers import to_json
from portal.blueprints.api.repeats import HEADER
from portal.error_pages import PROBLEM_JSON
from portal.errors import ProductError

docs: Blueprint = APIBlueprint("api_docs", __name__, enable_openapi=False)

_ABOUT = """Send your key as `Authorization: Bearer KEY`. Bodies are JSON in UTF-8, at most 64 KB. Ids are opaque, \
moments RFC 3339 in UTC. A field that is not named here is refused. Any POST may carry an `Idempotency-Key`: sent \
again within 24 hours with the same body it is done once and answered the same. A key makes 300 requests a second, \
bursts of 600, unless its company says otherwise."""

_PROBLEM = {
    "type": "object",
    "description": "What is wrong, and with which fields (RFC 9457).",
    "properties": {
        "type": {"type": "string", "description": "Which kind of problem; leads to its explanation."},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "detail": {"type": "string", "description": "A sentence for people."},
        "errors": {
            "type": "array",
            "items": {
                "type": "object",
                "properties": {
                    "field": {"type": "string", "description": "A path such as members.0.weight."},
                    "message": {"type": "string"},
                },
                "required": ["field", "message"],
            },
        },
    },
    "required": ["type", "title", "status", "detail", "errors"],
}
_HEADER_PARAMETER = {
    "in": "header",
    "name": HEADER,
    "schema": {"type": "string", "minLength": 1, "maxLength": 255},
    "description": "Your own name for this request: sent again, it is done once and answered the same.",
}


def configure_document(app: APIFlask) -> None:
    """Tell APIFlask what it cannot see in the views."""
    app.config.update(
        OPENAPI_VERSION="3.1.0",
        AUTO_VALIDATION_ERROR_RESPONSE=False,
        AUTO_404_RESPONSE=False,
        AUTO_AUTH_ERROR_RESPONSE=False,
        AUTO_200_RESPONSE=False,
        AUTO_SERVERS=False,
        AUTO_OPERATION_ID=True,
        DESCRIPTION=_ABOUT,
        SECURITY_SCHEMES={"key": {"type": "http", "scheme": "bearer", "description": "An API key."}},
    )
    app.spec_processor(_completed)


def show_document() -> Response:
    """The document, for programs. Open to all: it says what the API is, not what is in it."""
    return Response(to_json(_document()), mimetype="application/json")


@docs.get("/api/docs")
def show_docs() -> str:
    """The document, for people."""
    document = _document()
    calls = [
        (path, method.upper(), call) for path, calls in document["paths"].items() for method, call in calls.items()
    ]
    tags = [tag["name"] for tag in document["tags"]]
    return render_template("api/docs.html", about=_ABOUT, tags=tags, calls=calls, problems=_problem_kinds())


@docs.get("/api/docs/forms")
def show_forms() -> str:
    """What the calls take and answer, field by field: a page of its own, so that neither is long to load."""
    return render_template("api/forms.html", schemas=_document()["components"]["schemas"])


def _document() -> dict[str, Any]:
    app = current_app
    assert isinstance(app, APIFlask)
    for blueprint in app.blueprints.values():
        # APIFlask asks every blueprint, those of the pages too.
        if not hasattr(blueprint, "enable_openapi"):
            blueprint.enable_openapi = False
    # Made at the first call and kept: views do not change while we run.
    kept: dict[str, Any] = app._get_spec("json")
    return kept


def _completed(document: dict[str, Any]) -> dict[str, Any]:
    document = deepcopy(document)
    schemas = document.setdefault("components", {}).setdefault("schemas", {})
    schemas["Problem"] = _PROBLEM
    document["paths"] = {path: calls for path, calls in document["paths"].items() if path.startswith("/api/v1/")}
    document["security"] = [{"key": []}]
    names = sorted({tag for calls in document["paths"].values() for call in calls.values() for tag in call["tags"]})
    document["tags"] = [{"name": name} for name in names]
    problem = {
        "description": "A problem",
        "content": {PROBLEM_JSON: {"schema": {"$ref": "#/components/schemas/Problem"}}},
    }
    for calls in document["paths"].values():
        for method, call in calls.items():
            call["responses"]["default"] = problem
            for parameter in call["parameters"]:
                if parameter["in"] == "path":
                    parameter |= {"required": True, "schema": {"type": "string", "format": "uuid"}}
            if method == "post":
                call["parameters"].append(_HEADER_PARAMETER)
            if "requestBody" in call:
                call["requestBody"]["required"] = True
    for schema in schemas.values():
        if schema.get("type") == "object":
            schema.setdefault("additionalProperties", False)
    return document


def _problem_kinds() -> list[type[ProductError]]:
    """Every kind of product error, by status."""
    return sorted(ProductError.__subclasses__(), key=lambda kind: kind.status)
