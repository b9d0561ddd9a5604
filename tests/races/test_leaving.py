"""Somebody leaves at the very moment they are given a lead."""

from __future__ import annotations

import threading
import time

import pytest
from sqlalchemy import text

from portal.errors import Invalid
from portal.extensions import db
from portal.models import Lead
from portal.operations.assignment import assign
from tests.cast import Company
from tests.factories import make_lead


def test_a_hand_out_waits_for_a_deactivation_under_way_and_is_refused(company: Company) -> None:
    lead = make_lead(company)
    is_held, may_commit = threading.Event(), threading.Event()

    def leave() -> None:
        with company.inside():
            db.session.execute(text("UPDATE users SET active = false WHERE id = :id"), {"id": company.agent.id})
            is_held.set()
            may_commit.wait(10)
            db.session.commit()

    leaving = threading.Thread(target=leave)
    leaving.start()
    assert is_held.wait(10)
    threading.Timer(0.3, may_commit.set).start()
    began = time.monotonic()
    with company.inside(), pytest.raises(Invalid, match="no longer active"):
        assign(lead.id, company.agent.id, by=company.manager.user())
    assert time.monotonic() - began > 0.2, "it did not wait for the row"
    leaving.join()
    with company.inside():
        assert db.session.get_one(Lead, (company.id, lead.id)).owner_id is None
