"""The page that hands out many leads at once."""

from __future__ import annotations

import pytest
from apiflask import APIFlask

from portal.blueprints.leads import hand_out
from tests.cast import Company
from tests.factories import make_lead, make_pool
from tests.page import sign_in


def test_managers_hand_out_what_the_list_shows(app: APIFlask, company: Company) -> None:
    make_pool(company, [company.agent], delivery="assign")
    fair, web = make_lead(company, source="Fair"), make_lead(company, source="Web")
    page = sign_in(app, company.manager).open("/leads?bucket=unassigned&source=Fair").press_link("Hand out these leads")
    assert "1 lead waits." in page.words
    page = page.press("Hand out")
    assert "1 lead was handed out." in page.words
    api = company.owner.api
    assert api.get(f"/leads/{fair.id}").json["owner_id"] == str(company.agent.id)
    assert api.get(f"/leads/{web.id}").json["owner_id"] is None


def test_a_pool_is_chosen_and_many_go_in_several_presses(
    app: APIFlask, company: Company, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(hand_out, "AT_ONCE", 2)
    pool = make_pool(company, [company.colleague], delivery="assign", default_rule=False)
    leads = [make_lead(company) for _ in range(3)]
    page = sign_in(app, company.manager).open("/leads/hand-out").press("Hand out", pool_id=str(pool.id))
    assert "2 leads were handed out." in page.words
    assert "1 lead waits." in page.words
    page = page.press("Hand out")
    assert "1 stays as it is: nobody can get it now." in page.words
    api = company.owner.api
    assert [api.get(f"/leads/{lead.id}").json["state"] for lead in leads] == ["owned", "owned", "unassigned"]


def test_the_api_tells_where_to_go_on(company: Company) -> None:
    make_pool(company, [company.agent], delivery="assign")
    leads = [make_lead(company) for _ in range(3)]
    api = company.manager.api
    done = api.post("/leads/hand-out", {"most": 2}).json
    assert done == {"looked_at": 2, "went": 2, "stayed": 0, "last": str(leads[1].id)}
    assert api.post("/leads/hand-out", {"after": done["last"]}).json["went"] == 1
    assert company.agent.api.post("/leads/hand-out", {}).status_code == 403
    assert api.post("/leads/hand-out", {"pool_id": str(leads[0].id)}).json["errors"][0]["field"] == "pool_id"


def test_agents_do_not_reach_it(app: APIFlask, company: Company) -> None:
    agent = sign_in(app, company.agent)
    agent.open("/leads/hand-out", status=403)
    assert "Hand out these leads" not in agent.open("/leads?bucket=unassigned").words
