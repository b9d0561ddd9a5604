"""Users, pools, rules, company, teams, keys, preview and outbox: what each call answers."""

from __future__ import annotations

from dataclasses import replace

import pytest
from apiflask import APIFlask

from portal.extensions import db
from portal.models import Account
from tests.cast import Api, Company
from tests.consistency import assert_consistent
from tests.factories import make_lead, make_pool, make_team, make_user

NIA = {"name": "Nia New", "email": "nia@example.com"}

NO_CAPS = {"open": None, "day": None, "week": None, "month": None}


class TestUsers:
    """/users."""

    def test_a_user_is_added_with_the_usual_settings(self, api: Api) -> None:
        answer = api.post("/users", NIA)
        assert answer.status_code == 201
        user = answer.json
        assert (user["roles"], user["active"], user["available"]) == (["agent"], True, True)
        assert user["lead_access"] == ["unassigned", "mine", "assigned"]
        assert user["caps"] == NO_CAPS
        assert api.get(f"/users/{user['id']}").json == user

    def test_the_same_address_again_changes_the_same_user(self, api: Api) -> None:
        first = api.post("/users", NIA)
        second = api.post("/users", {"email": "NIA@example.com", "phone": "+1 415 555 0123", "caps": {"open": 3}})
        assert (first.status_code, second.status_code) == (201, 200)
        assert second.json == first.json | {"phone": "+1 415 555 0123", "caps": NO_CAPS | {"open": 3}}

    def test_every_field_can_be_changed(self, company: Company, api: Api) -> None:
        team = api.post("/teams", {"name": "North"}).json["id"]
        wanted = {
            "name": "Ana A.",
            "email": "ana.a@example.com",
            "phone": "123",
            "roles": ["manager", "agent"],
            "lead_access": ["mine"],
            "team_id": team,
            "available": False,
            "caps": {"open": 5, "day": 2, "week": None, "month": None},
        }
        changed = api.patch(f"/users/{company.agent.id}", wanted).json
        assert {name: changed[name] for name in wanted} == wanted
        cleared = api.patch(f"/users/{company.agent.id}", {"phone": None, "team_id": None, "caps": {"open": None}}).json
        assert (cleared["phone"], cleared["team_id"], cleared["caps"]) == (None, None, NO_CAPS | {"day": 2})

    def test_deactivation_by_patch_keeps_the_leads(self, company: Company, api: Api) -> None:
        lead = make_lead(company, company.agent)
        assert api.patch(f"/users/{company.agent.id}", {"active": False}).json["active"] is False
        kept = api.get(f"/leads/{lead.id}").json
        assert (kept["owner_id"], kept["needs_attention"]) == (str(company.agent.id), True)

    def test_an_agent_sees_only_themselves(self, company: Company) -> None:
        assert [user["id"] for user in company.agent.api.get("/users").json["items"]] == [str(company.agent.id)]
        assert company.agent.api.get(f"/users/{company.colleague.id}").status_code == 404
        assert company.agent.api.post("/users", NIA).status_code == 403
        assert len(company.manager.api.get("/users").json["items"]) == 4

    def test_no_answer_tells_whether_an_account_existed(self, company: Company, other_company: Company) -> None:
        known = company.owner.api.post("/users", {"name": "Nia", "email": other_company.agent.email})
        new = company.owner.api.post("/users", {"name": "Nia", "email": "new@example.com"})
        assert known.status_code == new.status_code == 201
        assert set(known.json) == set(new.json)


class TestPools:
    """/pools."""

    def test_a_pool_and_its_members(self, company: Company, api: Api) -> None:
        caps = dict.fromkeys(("open", "day", "week", "month"))
        members = [
            {"user_id": str(company.agent.id), "weight": 10, "priority": 3, "caps": caps | {"open": 5}},
            {"user_id": str(company.colleague.id), "weight": 5, "priority": 0, "caps": caps},
        ]
        made = api.post("/pools", {"name": "Roofs", "forfeit_at_cap": True, "window_seconds": 5, "members": members})
        assert made.status_code == 201
        assert (made.json["members"], made.json["forfeit_at_cap"]) == (members, True)
        path = f"/pools/{made.json['id']}"
        assert api.get(path).json == made.json
        assert api.get("/pools").json["items"] == [made.json]
        only = api.put(f"{path}/members", {"members": [{"user_id": str(company.agent.id)}]})
        assert only.json["members"] == [{"user_id": str(company.agent.id), "weight": 1, "priority": 0, "caps": caps}]
        changed = api.patch(path, {"delivery": "assign", "default_assignee_ids": [str(company.manager.id)]})
        assert (changed.json["delivery"], changed.json["default_assignee_ids"]) == ("assign", [str(company.manager.id)])
        assert api.delete(path).status_code == 204
        assert api.get(path).status_code == 404
        assert_consistent(company)

    def test_the_ledger_tells_leads_in_exact_decimals(self, company: Company, api: Api) -> None:
        pool = make_pool(company, {company.agent: 2, company.colleague: 1}, delivery="assign")
        for _ in range(4):
            api.post("/leads", {"text": "Hi"})
        rows = api.get(f"/pools/{pool.id}/ledger").json["items"]
        assert [(row["weight"], row["received"]) for row in rows] == [(2, 2.999999997), (1, 0.999999999)]
        assert [row["share"] for row in rows] == [pytest.approx(2 / 3), pytest.approx(1 / 3)]
        assert sum(round(row["credit"] * 1e9) for row in rows) == 0
        for row in rows:
            assert round(row["credit"] * 1e9) == round((row["entitled"] - row["received"]) * 1e9)

    def test_who_is_next_is_who_gets_it(self, company: Company, api: Api) -> None:
        pool = make_pool(company, {company.agent: 2, company.colleague: 1}, delivery="assign")
        foretold = [turn["user_id"] for turn in api.get(f"/pools/{pool.id}/next?count=6").json["items"]]
        got = [api.post("/leads", {"text": "Hi"}).json["owner_id"] for _ in range(6)]
        assert foretold == got

    def test_agents_do_not_look_behind_the_scenes(self, company: Company) -> None:
        pool = make_pool(company, [company.agent])
        for path in ("/pools", f"/pools/{pool.id}", f"/pools/{pool.id}/next", f"/pools/{pool.id}/ledger", "/rules"):
            assert company.agent.api.get(path).status_code == 403
            assert company.manager.api.get(path).status_code == 200


class TestRules:
    """/rules."""

    def test_the_default_rule_is_last_and_starts_with_no_pool(self, api: Api) -> None:
        rule = api.get("/rules").json["items"][-1]
        assert (rule["is_default"], rule["pool_id"], rule["conditions"]) == (True, None, {})
        assert api.get(f"/rules/{rule['id']}").json == rule

    def test_it_is_pointed_at_a_pool_and_cannot_be_removed(self, company: Company, api: Api) -> None:
        pool = make_pool(company, default_rule=False)
        path = f"/rules/{company.default_rule_id}"
        assert api.patch(path, {"pool_id": str(pool.id)}).json["pool_id"] == str(pool.id)
        assert api.patch(path, {}).json["pool_id"] == str(pool.id)
        assert api.delete(path).status_code == 409
        assert api.patch(path, {"pool_id": None}).json["pool_id"] is None

    def test_a_rule_is_made_changed_copied_ordered_and_removed(self, company: Company, api: Api) -> None:
        pool = make_pool(company, default_rule=False)
        wanted = {
            "name": "Coast",
            "pool_id": str(pool.id),
            "conditions": {"city": ["Málaga"], "price": {"max": "300000"}},
            "strictness": {"city": "exact_or_empty"},
            "hours": {"monday": [["09:00", "17:00"]]},
            "paused": False,
        }
        made = api.post("/rules", wanted)
        assert made.status_code == 201
        assert made.json | wanted == made.json
        path = f"/rules/{made.json['id']}"
        assert api.patch(path, {"hours": None, "paused": True}).json | wanted | {"hours": None, "paused": True} == (
            api.get(path).json
        )
        copy = api.post(f"{path}/copy")
        assert (copy.status_code, copy.json["name"], copy.json["paused"]) == (201, "Copy of Coast", True)
        ids = [rule["id"] for rule in api.get("/rules").json["items"]]
        assert ids == [made.json["id"], copy.json["id"], str(company.default_rule_id)]
        for body in ([ids[1], ids[0]], {"ids": [ids[1], ids[0], ids[2]]}):
            answer = api.put("/rules/order", body)
            assert [rule["id"] for rule in answer.json["items"]] == [ids[1], ids[0], ids[2]]
        for wrong in ([], [ids[0]], {"ids": [ids[2], ids[1], ids[0]]}, {"order": ids}, "up"):
            assert api.put("/rules/order", wrong).status_code == 422
        assert api.delete(path).status_code == 204
        assert api.get(path).status_code == 404
        assert company.manager.api.post("/rules", wanted).status_code == 403

    def test_a_team_has_a_list_of_its_own_a_rule_of_the_company_sends_leads_to(
        self, company: Company, api: Api
    ) -> None:
        pool = make_pool(company, [company.agent], default_rule=False)
        north = str(make_team(company, "North").id)
        sent = api.patch(f"/rules/{company.default_rule_id}", {"to_team_id": north}).json
        assert (sent["to_team_id"], sent["pool_id"], sent["team_id"]) == (north, None, None)
        ids = [api.post("/rules", {"name": name, "team_id": north}).json["id"] for name in "AB"]
        assert [rule["id"] for rule in api.get(f"/rules?team_id={north}").json["items"]] == ids
        assert [rule["name"] for rule in api.get("/rules").json["items"]] == ["Everything else"]
        turned = api.put("/rules/order", ids[::-1]).json["items"]
        assert [(rule["name"], rule["team_id"]) for rule in turned] == [("B", north), ("A", north)]
        for rule_id in ids:
            api.patch(f"/rules/{rule_id}", {"paused": True})
        assert api.patch(f"/teams/{north}", {"default_pool_id": str(pool.id)}).json["default_pool_id"] == str(pool.id)
        preview = api.post("/preview", {"name": "Carla", "source": "form"}).json
        assert [(row["name"], row["team"], row["sends_to"]) for row in preview["rules"]] == [
            ("Everything else", None, "North"),
            ("B", "North", None),
            ("A", "North", None),
        ]
        assert preview["pool_id"] == str(pool.id)
        assert api.get(f"/rules?team_id={company.owner.id}").status_code == 404
        assert api.delete(f"/teams/{north}").status_code == 409


class TestCompany:
    """/company."""

    def test_settings_are_shown_and_changed(self, company: Company, api: Api) -> None:
        changed = api.patch("/company", {"fallback_any_active": False, "returning_contacts": "route"})
        assert changed.status_code == 200
        assert api.get("/company").json == changed.json
        assert (changed.json["fallback_any_active"], changed.json["returning_contacts"]) == (False, "route")
        assert company.agent.api.get("/company").json["name"] == "Acme Solar"
        assert company.manager.api.patch("/company", {"name": "Mine"}).status_code == 403


class TestTeams:
    """/teams."""

    def test_the_usual_five(self, company: Company, api: Api) -> None:
        made = api.post("/teams", {"name": "North"})
        assert made.status_code == 201
        path = f"/teams/{made.json['id']}"
        assert api.get(path).json == made.json
        assert api.patch(path, {"name": "South"}).json["name"] == "South"
        assert [team["name"] for team in api.get("/teams").json["items"]] == ["South"]
        assert api.delete(path).status_code == 204
        assert api.get(path).status_code == 404


class TestKeys:
    """/keys."""

    def test_a_key_is_shown_once_and_acts_as_its_user(self, company: Company, api: Api) -> None:
        made = api.post("/keys", {"scope": "full", "as": company.agent.email})
        assert made.status_code == 201
        assert set(made.json) == {"id", "key", "scope"}
        users = Api(company.app, made.json["key"]).get("/users").json["items"]
        assert [user["id"] for user in users] == [str(company.agent.id)]
        listed = api.get("/keys")
        assert made.json["key"] not in listed.text
        mine = next(key for key in listed.json["items"] if key["id"] == made.json["id"])
        assert (mine["as"], mine["revoked_at"]) == (company.agent.email, None)
        assert api.delete(f"/keys/{made.json['id']}").status_code == 204
        assert api.get(f"/keys/{made.json['id']}").json["revoked_at"] is not None

    def test_an_agent_has_keys_of_their_own_only(self, company: Company, api: Api) -> None:
        other = api.get("/keys").json["items"][0]["id"]
        assert [key["as"] for key in company.agent.api.get("/keys").json["items"]] == [company.agent.email]
        assert company.agent.api.get(f"/keys/{other}").status_code == 404
        assert company.agent.api.delete(f"/keys/{other}").status_code == 404


class TestPreview:
    """/preview."""

    def test_the_preview_is_what_happens(self, company: Company, api: Api) -> None:
        make_pool(company, [company.agent, company.colleague])
        foretold = api.post("/preview", {"name": "Carla"}).json
        happened = api.post("/leads", {"name": "Carla"}).json
        (decision,) = api.get(f"/leads/{happened['id']}/decisions").json["items"]
        assert (foretold["chosen"], foretold["why"]) == (decision["chosen"], decision["why"])
        assert foretold["then"] == []

    def test_the_ladder_stands_under_then(self, company: Company, api: Api) -> None:
        make_pool(company, [], [company.manager])
        foretold = api.post("/preview", {"name": "Carla"}).json
        assert (foretold["stage"], foretold["outcome"]) == ("line", "wait")
        assert [step["stage"] for step in foretold["then"]] == ["default"]

    def test_it_tells_what_would_keep_the_lead_back(self, company: Company, api: Api) -> None:
        make_pool(company, [company.agent])
        assert api.post("/preview", {"name": "Carla"}).json["kept_back"] is None
        api.patch("/company", {"manual_intercept": True})
        foretold = api.post("/preview", {"name": "Carla"}).json
        assert foretold["kept_back"] == "Held until a manager lets it go."
        assert foretold["chosen"] == [str(company.agent.id)]

    def test_agents_preview_nothing(self, company: Company) -> None:
        assert company.agent.api.post("/preview", {"name": "Carla"}).status_code == 403


class TestOutbox:
    """/outbox."""

    def test_messages_are_shown_with_links_that_work(self, company: Company, api: Api, app: APIFlask) -> None:
        make_pool(company, [company.agent])
        api.post("/leads", {"name": "Carla"})
        (message,) = api.get("/outbox?cause=offer").json["items"]
        assert (message["user_id"], message["to"], message["channel"]) == (
            str(company.agent.id),
            company.agent.email,
            "email",
        )
        assert message["subject"]
        (link,) = set(message["links"])
        assert link in message["text"]
        assert app.test_client().get(link.removeprefix("http://localhost")).status_code == 200
        assert "Carla" not in message["text"]

    def test_filters_narrow(self, company: Company, api: Api) -> None:
        user = api.post("/users", NIA).json
        assert len(api.get(f"/outbox?user={user['id']}&channel=email&cause=account").json["items"]) == 1
        assert api.get(f"/outbox?user={company.agent.id}").json["items"] == []

    def test_account_links_of_people_above_or_of_other_companies_are_hidden(
        self, company: Company, other_company: Company, api: Api
    ) -> None:
        admin = make_user(company, roles=["admin"])
        api.post("/users", NIA | {"roles": ["owner"]})
        assert api.get("/outbox?cause=account").json["items"][0]["links"] != []
        assert admin.api.get("/outbox?cause=account").json["items"][0]["links"] == []
        assert "/set-password/" not in admin.api.get("/outbox?cause=account").text
        # The link was this company's to show until the person joined another one.
        assert other_company.owner.api.post("/users", NIA).status_code == 201
        assert api.get("/outbox?cause=account").json["items"][0]["links"] == []
        (told,) = other_company.owner.api.get("/outbox?cause=account").json["items"]
        assert (told["links"], "Sign in as you do already" in told["text"]) == ([], True)

    def test_only_who_looks_after_the_company_reads_it(self, company: Company) -> None:
        assert company.manager.api.get("/outbox").status_code == 403
        assert company.agent.api.get("/outbox").status_code == 403

    def test_it_is_gone_once_mail_is_sent(self, app: APIFlask, company: Company, api: Api) -> None:
        settings = app.extensions["settings"]
        app.extensions["settings"] = replace(settings, mail_server="mail.example.com")
        try:
            assert api.get("/outbox").status_code == 404
        finally:
            app.extensions["settings"] = settings
        with company.inside():
            assert db.session.query(Account).count() == 4
