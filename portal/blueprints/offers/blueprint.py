"""The offer page, at /o."""

from __future__ import annotations

from flask import Blueprint, Response

from portal.compression import pack_pages_of

blueprint = Blueprint("offers", __name__, url_prefix="/o")
# Its only secret is the address, and what customers chose stands beside it once and for all: nobody can try guesses.
pack_pages_of(blueprint)


@blueprint.after_request
def keep_it_quiet(response: Response) -> Response:
    """The address is the key to the offer: it is passed on to nobody, kept by nothing, and found by no search."""
    response.headers["Referrer-Policy"] = "no-referrer"
    response.headers["Cache-Control"] = "no-store"
    response.headers["X-Robots-Tag"] = "noindex"
    return response
