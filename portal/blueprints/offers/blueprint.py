"""The offer page, at /o."""

from __future__ import annotations

from flask import Blueprint, Response

blueprint = Blueprint("offers", __name__, url_prefix="/o")


@blueprint.after_request
def keep_it_quiet(response: Response) -> Response:
    """The address is the key to the offer: it is passed on to nobody, kept by nothing, and found by no search."""
    response.headers["Referrer-Policy"] = "no-referrer"
    response.headers["Cache-Control"] = "no-store"
    response.headers["X-Robots-Tag"] = "noindex"
    return response
