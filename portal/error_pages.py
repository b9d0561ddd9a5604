"""Every error as an answer: problem+json for programs, a page for people, with the same status and the same words."""

from __future__ import annotations

from http import HTTPStatus

import msgspec
import structlog
from apiflask import APIFlask
from apiflask.exceptions import HTTPError
from flask import Response, g, render_template, request
from sqlalchemy.exc import DBAPIError, InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as NoFreeConnection
from werkzeug.exceptions import HTTPException, RequestEntityTooLarge, SecurityError

from portal.errors import FieldError, Forbidden, Malformed, NotFound, ProductError, TooLarge, TooMany, Unavailable
from portal.extensions import db, htmx
from portal.htmx import SAID
from portal.logs import what_failed

log = structlog.get_logger(__name__)

PROBLEM_JSON = "application/problem+json"

_PRODUCT_ERRORS: dict[int, type[ProductError]] = {400: Malformed, 403: Forbidden, 404: NotFound}


def register_errors(app: APIFlask) -> None:
    """Answer product errors, HTTP errors, an unreachable database and everything unforeseen."""
    app.register_error_handler(ProductError, _product_error)
    app.register_error_handler(HTTPException, _http_error)
    # Not through its error_processor, which would take over every HTTP error too.
    app.register_error_handler(HTTPError, _framework_error)
    for unreachable in (OperationalError, InterfaceError, NoFreeConnection):
        app.register_error_handler(unreachable, _database_unreachable)
    app.register_error_handler(Exception, _unforeseen)


def problem(error: ProductError) -> tuple[int, dict[str, object]]:
    """A product error as status and problem document (RFC 9457, with the fields to blame under `errors`)."""
    return error.status, _document(error.status, error.slug, error.title, error.detail, error.errors)


def _product_error(error: ProductError) -> Response:
    status, document = problem(error)
    response = _answer(status, document)
    if isinstance(error, TooMany | Unavailable):
        response.headers["Retry-After"] = str(error.retry_after)
    if status == HTTPStatus.UNAUTHORIZED and _is_api():
        response.headers["WWW-Authenticate"] = "Bearer"
    return response


def _http_error(error: HTTPException) -> Response:
    if error.code is None or error.code < 400:
        return error.get_response()  # type: ignore[return-value]  # a redirect is an answer, not an error
    if isinstance(error, SecurityError):
        # Sent to a host that is not ours: no page, whose links would have to name one.
        return Response("This address does not belong to the portal.\n", status=400, mimetype="text/plain")
    if isinstance(error, RequestEntityTooLarge):
        return _product_error(TooLarge(f"The body is larger than {(request.max_content_length or 0) // 1024} KB."))
    if error.code in _PRODUCT_ERRORS:
        return _product_error(_PRODUCT_ERRORS[error.code]())
    status = HTTPStatus(error.code)
    response = _answer(status, _document(status, None, status.phrase, None))
    # What the error itself has to say, such as the methods a path does allow.
    response.headers.extend(
        (name, value) for name, value in error.get_headers() if name.lower() not in ("content-type", "content-length")
    )
    return response


def _framework_error(error: HTTPError) -> Response:
    """What APIFlask raises by itself; our own views raise product errors."""
    status = HTTPStatus(error.status_code)
    return _answer(status, _document(status, "malformed", status.phrase, error.message))


def _database_unreachable(error: Exception) -> Response:
    db.session.rollback()
    log.error("database unreachable", **_about(error))
    return _product_error(Unavailable("The database cannot be reached just now; nothing was stored. Please try again."))


def _unforeseen(error: Exception) -> Response:
    db.session.rollback()
    if isinstance(error, DBAPIError) and error.connection_invalidated:
        return _database_unreachable(error)
    log.error("unforeseen error", **_about(error))
    detail = "Something went wrong on our side and was noted. Nothing was half done; please try again."
    return _answer(500, _document(500, None, "Something went wrong", detail))


def _about(error: Exception) -> dict[str, object]:
    return {**what_failed(error), "request_id": g.get("request_id"), "endpoint": request.endpoint}


def _document(
    status: int, slug: str | None, title: str, detail: str | None, errors: tuple[FieldError, ...] = ()
) -> dict[str, object]:
    return {
        # Where the page of the API's documentation explains it; RFC 9457's word for what the status says already.
        "type": f"/api/docs#{slug}" if slug else "about:blank",
        "title": title,
        "status": int(status),
        "detail": detail or title,
        "errors": [{"field": error.field, "message": error.message} for error in errors],
    }


def _answer(status: int, document: dict[str, object]) -> Response:
    if _is_api():
        return Response(msgspec.json.encode(document), status=status, mimetype=PROBLEM_JSON)
    template = "errors/_part.html" if htmx else "errors/error.html"
    page = render_template(
        template,
        status=status,
        title=document["title"],
        detail=document["detail"],
        errors=document["errors"],
        request_id=g.get("request_id"),
    )
    response = Response(page, status=status, mimetype="text/html")
    if htmx:
        # Told where every page tells such things; what the answer was meant for stays as it is.
        response.headers.update({"HX-Retarget": SAID, "HX-Reswap": "innerHTML", "HX-Reselect": ".notice"})
    return response


def _is_api() -> bool:
    return request.path.startswith("/api/")
