"""Logs: readable by programs, without secrets and without customers."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
from apiflask import APIFlask
from flask.testing import FlaskClient
from sqlalchemy import text
from sqlalchemy.exc import DataError
from structlog.contextvars import merge_contextvars
from structlog.testing import capture_logs

from portal.extensions import db
from portal.logs import masked_path
from tests.cast import Company
from tests.factories import make_pool

SAY = """
import logging, sys
from portal import logs
logs.configure(sys.argv[1])
import structlog
logs.about_lead("LEAD")
structlog.get_logger("ours").info("lead_taken_in", outcome="offered")
logging.getLogger("theirs").warning("a line of %s", "a library")
logging.getLogger("rq.worker").info("chatter")
try:
    raise ValueError("Failing row contains (Grace Hopper)")
except ValueError:
    structlog.get_logger("ours").exception("broke")
    logging.getLogger("theirs").exception("broke too")
"""


def said(log_format: str) -> str:
    ran = subprocess.run(
        [sys.executable, "-c", SAY, log_format],
        cwd=Path(__file__).parent.parent,
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    assert ran.stdout == ""
    return ran.stderr


def test_json_lines_are_for_programs() -> None:
    ours, theirs, broke, broke_too = (json.loads(line) for line in said("json").splitlines())
    assert ours["event"] == "lead_taken_in"
    assert (ours["lead_id"], ours["outcome"], ours["level"], ours["logger"]) == ("LEAD", "offered", "info", "ours")
    assert theirs["event"] == "a line of a library"
    assert theirs["level"] == "warning"
    for failure in (broke, broke_too):
        assert failure["kind"] == "ValueError"
        assert "<string>" in failure["where"][-1]


@pytest.mark.parametrize("log_format", ["json", "text"])
def test_the_message_of_an_error_is_left_out_since_it_may_quote_a_customers_row(log_format: str) -> None:
    told = said(log_format)
    assert "ValueError" in told
    assert "Grace" not in told


def test_text_lines_are_for_people() -> None:
    text = said("text")
    assert "lead_taken_in" in text
    assert "outcome=offered" in text
    assert "ValueError" in text
    assert "chatter" not in text


@pytest.mark.parametrize(
    ("path", "written"),
    [
        ("/o/SECRET", "/o/…"),
        ("/o/SECRET/accept", "/o/…/accept"),
        ("/set-password/SECRET", "/set-password/…"),
        ("/a/SECRET", "/a/…"),
        ("/s/SECRET", "/s/…"),
        ("/f/SECRET", "/f/…"),
        ("/in/SECRET", "/in/…"),
        ("/leads/0192", "/leads/0192"),
        ("/offers", "/offers"),
        ("/static/o/x.css", "/static/o/x.css"),
    ],
)
def test_tokens_are_left_out_of_paths(path: str, written: str) -> None:
    assert masked_path(path) == written


def test_a_request_leaves_one_line_with_its_id_and_no_token(client: FlaskClient) -> None:
    with capture_logs() as lines:
        answer = client.get("/o/SECRETSECRET?next=SECRETSECRET", headers={"X-Request-ID": "abc-123"})
    (line,) = [line for line in lines if line["event"] == "request"]
    assert line["path"] == "/o/…"
    assert line["status"] == answer.status_code
    assert "SECRET" not in str(lines)
    assert answer.headers["X-Request-ID"] == "abc-123"


def test_the_line_of_a_request_about_a_lead_names_the_lead_and_nothing_of_the_customer(company: Company) -> None:
    make_pool(company, [company.agent])
    with capture_logs(processors=[merge_contextvars]) as lines:
        lead = company.owner.intake.post("/leads", {"name": "Carla Customer", "phone": "+1 415 555 0100"}).json
        offer = company.agent.api.get("/offers").json["items"][0]
        company.agent.api.post(f"/offers/{offer['id']}/accept")
    taken_in, listed, accepted = [line for line in lines if line["event"] == "request"]
    assert taken_in["lead_id"] == accepted["lead_id"] == lead["id"]
    assert "lead_id" not in listed
    assert "Carla" not in str(lines)
    assert "555" not in str([line["path"] for line in lines if "path" in line])


def test_a_failed_statement_tells_nothing_of_the_customer_it_was_about(app: APIFlask) -> None:
    with app.app_context(), pytest.raises(DataError) as failure:
        db.session.execute(text("SELECT 1 / 0 WHERE :name = :name"), {"name": "Carla Customer"})
    assert "division by zero" in str(failure.value)
    assert "Carla" not in str(failure.value)


@pytest.mark.parametrize("given", ["", "a b", "x" * 65, "ünïcode", '"}{'])
def test_an_id_that_could_spoil_the_log_is_replaced(client: FlaskClient, given: str) -> None:
    answer = client.get("/healthz", headers={"X-Request-ID": given.encode("utf-8").decode("latin-1")})
    assert len(answer.headers["X-Request-ID"]) == 32
