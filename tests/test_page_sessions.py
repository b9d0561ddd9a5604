"""Pages have sessions; calls of the API have none, whatever cookie comes along."""

from __future__ import annotations

from flask.testing import FlaskClient

from tests.cast import Company


def test_a_call_of_the_api_leaves_no_cookie(company: Company) -> None:
    answer = company.owner.api.get("/company")
    assert answer.status_code == 200
    assert "Set-Cookie" not in answer.headers


def test_a_session_counts_for_nothing_on_the_api(company: Company, client: FlaskClient) -> None:
    with client.session_transaction() as session:
        session["_user_id"] = str(company.owner.account_id)
    assert client.get("/api/v1/company").status_code == 401


def test_a_page_keeps_its_session(client: FlaskClient) -> None:
    with client.session_transaction() as session:
        session["noted"] = "yes"
    client.get("/login")
    with client.session_transaction() as session:
        assert session["noted"] == "yes"
