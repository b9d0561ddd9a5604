"""Text travels packed, where packing gives nothing away.

Static files are packed once per process and file. Of pages only those are packed that ask for it with
`pack_pages_of`: on a page that holds a secret beside words somebody else chose, the packed length tells of the secret
(BREACH, CVE-2013-3587), and every signed-in page holds a CSRF token.
"""

from __future__ import annotations

import gzip
from functools import lru_cache

from flask import Blueprint, Flask, Response, request

_TEXT = {"text/html", "text/css", "text/javascript", "image/svg+xml", "application/manifest+json"}
_WORTH_IT = 500
_FILES_LEVEL, _PAGES_LEVEL = 9, 6


def bind_compression(app: Flask) -> None:
    """Pack static files named with their fingerprint, for whoever reads gzip."""

    @app.after_request
    def pack_files(response: Response) -> Response:
        if request.endpoint == "static" and "v" in request.args and _may_be_packed(response):
            response.direct_passthrough = False
            _replace(response, _packed_file(request.path, request.args["v"], response.get_data()))
        return response


def pack_pages_of(blueprint: Blueprint) -> None:
    """Pack the pages of an area that holds no cookie's secret and repeats nothing of the request but its address."""

    @blueprint.after_request
    def pack_page(response: Response) -> Response:
        if _may_be_packed(response):
            _replace(response, gzip.compress(response.get_data(), _PAGES_LEVEL, mtime=0))
        return response


@lru_cache(maxsize=64)
def _packed_file(path: str, fingerprint: str, content: bytes) -> bytes:
    return gzip.compress(content, _FILES_LEVEL, mtime=0)


def _may_be_packed(response: Response) -> bool:
    if response.mimetype not in _TEXT:
        return False
    response.vary.add("Accept-Encoding")
    return (
        request.method == "GET"
        and response.status_code == 200
        and "Content-Encoding" not in response.headers
        and request.accept_encodings["gzip"] > 0
        and (response.content_length or 0) >= _WORTH_IT
    )


def _replace(response: Response, packed: bytes) -> None:
    etag, _ = response.get_etag()
    response.set_data(packed)
    response.headers["Content-Encoding"] = "gzip"
    if etag is not None:
        # The same file in other bytes: only a weak tag may stand for both.
        response.set_etag(etag, weak=True)
