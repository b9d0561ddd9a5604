"""Errors: the same status and words for people and programs, and nothing of a customer in the log."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from apiflask import APIFlask
from flask.testing import FlaskClient
from sqlalchemy import create_engine, pool, text
from sqlalchemy.exc import TimeoutError as NoFreeConnection

from portal import create_app
from portal.config import Settings
from portal.errors import Conflict, Forbidden, Malformed, NotFound, NotSignedIn, ProductError, TooMany, Unavailable
from portal.extensions import db
from tests.cast import Company

SECRET = "carla@example.com"


@pytest.fixture
def failing(settings: Settings) -> Iterator[APIFlask]:
    """An application of its own with views that fail in every way, for pages and for programs."""
    app = create_app(settings)
    failures = {
        "conflict": Conflict("Somebody was quicker."),
        "forbidden": Forbidden("Ask an admin."),
        "not-found": NotFound("There is no such thing."),
        "malformed": Malformed("What was that?"),
        "not-signed-in": NotSignedIn("Who are you?"),
        "too-many": TooMany(7),
        "unavailable": Unavailable("Come back soon."),
        "no-connection": NoFreeConnection(f"none free for {SECRET}"),
        "unforeseen": RuntimeError(f"secret of {SECRET}"),
    }

    def fail(name: str) -> str:
        raise failures[name]

    def break_database() -> str:
        ours = db.session.scalar(text("SELECT pg_backend_pid()"))
        owner = create_engine(app.config["OWNER_DATABASE_URI"], poolclass=pool.NullPool)
        with owner.connect() as other:
            other.execute(text("SELECT pg_terminate_backend(:pid, 5000)"), {"pid": ours})
        db.session.execute(text("SELECT 1"))
        return "unreachable"

    def break_rule() -> str:
        db.session.execute(
            text("INSERT INTO accounts (id, email, fs_uniquifier) VALUES (gen_random_uuid(), :e, 'x')"),
            {"e": SECRET.upper()},
        )
        return "unreachable"

    for prefix in ("/api/v1/fail", "/fail"):
        app.add_url_rule(f"{prefix}/<name>", f"fail {prefix}", fail)
        app.add_url_rule(f"{prefix}/cut", f"cut {prefix}", break_database)
        app.add_url_rule(f"{prefix}/rule", f"rule {prefix}", break_rule)
    yield app
    with app.app_context():
        db.engine.dispose()


STATUSES = {
    "conflict": 409,
    "forbidden": 403,
    "not-found": 404,
    "malformed": 400,
    "not-signed-in": 401,
    "too-many": 429,
    "unavailable": 503,
    "no-connection": 503,
    "cut": 503,
    "rule": 500,
    "unforeseen": 500,
}


@pytest.mark.parametrize(("name", "status"), STATUSES.items())
def test_programs_and_people_get_the_same_status_and_sentence(failing: APIFlask, name: str, status: int) -> None:
    client = failing.test_client()
    program, page = client.get(f"/api/v1/fail/{name}"), client.get(f"/fail/{name}")
    assert (program.status_code, page.status_code) == (status, status)
    assert (program.mimetype, page.mimetype) == ("application/problem+json", "text/html")
    assert set(program.json) == {"type", "title", "status", "detail", "errors"}
    assert program.json["status"] == status
    assert program.json["detail"] == program.json["title"] or program.json["detail"] in page.text
    assert f"Code {status}" in page.text


@pytest.mark.parametrize("name", ["too-many", "unavailable", "no-connection", "cut"])
def test_who_should_come_back_is_told_when(failing: APIFlask, name: str) -> None:
    client = failing.test_client()
    for path in (f"/api/v1/fail/{name}", f"/fail/{name}"):
        assert int(client.get(path).headers["Retry-After"]) > 0


def test_the_database_is_used_again_after_it_was_cut(failing: APIFlask) -> None:
    client = failing.test_client()
    assert client.get("/fail/cut").status_code == 503
    with failing.app_context():
        assert db.session.scalar(text("SELECT 1")) == 1


@pytest.mark.parametrize("name", ["unforeseen", "no-connection", "rule"])
def test_neither_the_answer_nor_the_log_holds_what_the_error_said(
    failing: APIFlask, capfd: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture, name: str
) -> None:
    client = failing.test_client()
    answers = [client.get(f"/api/v1/fail/{name}").text, client.get(f"/fail/{name}").text]
    written = capfd.readouterr()
    logged = written.out + written.err + caplog.text
    assert "unforeseen error" in logged or "database unreachable" in logged
    for where in (*answers, logged):
        assert SECRET not in where.lower()


def test_a_page_that_is_not_there_is_a_page(client: FlaskClient, company: Company) -> None:
    answer = client.get("/nothing/here")
    assert (answer.status_code, answer.mimetype) == (404, "text/html")
    assert "<h1>" in answer.text


def test_every_kind_of_product_error_has_a_status_and_a_name_of_its_own() -> None:
    kinds = ProductError.__subclasses__()
    assert len({kind.slug for kind in kinds}) == len(kinds)
    assert all(400 <= kind.status < 600 for kind in kinds)
