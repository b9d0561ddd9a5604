"""Text travels packed where that gives nothing away, and comes out the same."""

from __future__ import annotations

import gzip

import pytest
from flask.testing import FlaskClient

STYLE = "/static/offer.css?v=1"
READS_GZIP = {"Accept-Encoding": "gzip, deflate, br"}


def test_a_file_is_packed_for_whoever_reads_gzip(client: FlaskClient) -> None:
    plain, packed = client.get(STYLE), client.get(STYLE, headers=READS_GZIP)
    assert "Content-Encoding" not in plain.headers
    assert packed.headers["Content-Encoding"] == "gzip"
    assert gzip.decompress(packed.data) == plain.data
    assert int(packed.headers["Content-Length"]) == len(packed.data) < len(plain.data) / 2
    assert packed.content_type == plain.content_type
    for answer in (plain, packed):
        assert "Accept-Encoding" in answer.headers["Vary"]
        assert "immutable" in answer.headers["Cache-Control"]


@pytest.mark.parametrize("refusal", ["identity", "gzip;q=0", "br"])
def test_whoever_does_not_read_gzip_gets_none(client: FlaskClient, refusal: str) -> None:
    assert "Content-Encoding" not in client.get(STYLE, headers={"Accept-Encoding": refusal}).headers


def test_a_packed_file_that_is_known_already_is_not_sent_again(client: FlaskClient) -> None:
    tag = client.get(STYLE, headers=READS_GZIP).headers["ETag"]
    assert tag.startswith("W/")
    again = client.get(STYLE, headers=READS_GZIP | {"If-None-Match": tag})
    assert (again.status_code, again.data) == (304, b"")


def test_a_part_of_a_file_is_the_part_that_was_asked_for(client: FlaskClient) -> None:
    part = client.get(STYLE, headers=READS_GZIP | {"Range": "bytes=0-9"})
    assert (part.status_code, len(part.data)) == (206, 10)
    assert "Content-Encoding" not in part.headers


def test_pages_with_a_token_of_their_own_are_not_packed(client: FlaskClient) -> None:
    page = client.get("/login", headers=READS_GZIP)
    assert "csrf_token" in page.text
    assert "Content-Encoding" not in page.headers
