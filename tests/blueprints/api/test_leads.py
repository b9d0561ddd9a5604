"""Leads by API: taken in, read, handed out, closed."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

import pytest

from portal.extensions import db
from portal.models import Touch
from tests.cast import Api, Company, Person
from tests.consistency import assert_consistent
from tests.factories import make_closed_lead, make_lead, make_pool, make_user

CARLA = {"name": "Carla Customer", "phone": "+1 415 555 0100", "email": "carla@example.com", "text": "Call me."}


def sent(api: Api, **fields: Any) -> dict[str, Any]:
    answer = api.post("/leads", CARLA | fields)
    assert answer.status_code in (200, 201), answer.text
    body: dict[str, Any] = answer.json
    return body


class TestTakingIn:
    """POST /leads."""

    def test_a_new_lead_is_routed_and_answered_in_full(self, company: Company, api: Api) -> None:
        pool = make_pool(company, [company.agent])
        answer = api.post("/leads", CARLA)
        assert answer.status_code == 201
        lead = answer.json
        assert (lead["state"], lead["waiting_for"], lead["owner_id"]) == ("offering", None, None)
        assert lead["routing"]["outcome"] == "offered"
        assert lead["routing"]["pool_id"] == str(pool.id)
        assert lead["routing"]["rule_id"] == str(company.default_rule_id)
        assert len(lead["routing"]["offers"]) == 1
        assert "Ana Agent" in lead["routing"]["reason"]
        assert lead["warnings"] == []
        assert_consistent(company)

    def test_everything_that_was_sent_is_there_again(self, company: Company, api: Api) -> None:
        fields = {
            "source": "Spring ad",
            "channel": "web",
            "lead_type": "solar",
            "external_id": "A-17",
            "tags": ["roof", "roof", " flat "],
            "fields": {"roof": "flat", "floors": 2, "listed": False, "note": None},
            "location": {"country": "US", "city": "Oakland", "postcode": "94601", "lat": 37.77, "lng": -122.22},
            "price": {"min": "1200.00", "max": 2000, "currency": "USD"},
            "language": "en",
            "received_at": "2026-05-03T12:00:00+02:00",
        }
        lead = api.get(f"/leads/{sent(api, **fields)['id']}").json
        assert lead["contact"]["name"] == "Carla Customer"
        assert lead["contact"]["phones"] == ["+14155550100"]
        assert lead["contact"]["emails"] == ["carla@example.com"]
        for name in ("source", "channel", "lead_type", "external_id", "fields", "location", "price", "language"):
            assert lead[name] == fields[name], name
        assert lead["tags_found"] == ["roof", "flat"]
        assert lead["received_at"] == "2026-05-03T10:00:00Z"
        assert lead["text"] == "Call me."
        assert (lead["bucket"], lead["masked"]) == ("unassigned", False)
        assert (lead["roles"], lead["match_score"], lead["reassignment"]) == ({}, None, None)
        assert (lead["conversion"]["status"], lead["conversion"]["contact_status"]) == ("Open", "not_contacted")
        with company.inside():
            touch = db.session.query(Touch).one()
            assert touch.payload == CARLA | fields
        assert "Spring ad" in [source["name"] for source in api.get("/sources").json["items"]]

    @pytest.mark.parametrize("given", [{"name": "C"}, {"phone": "1"}, {"email": "x"}, {"text": "?"}])
    def test_one_of_name_phone_email_and_text_is_enough(self, api: Api, given: dict[str, str]) -> None:
        assert api.post("/leads", given).status_code == 201

    @pytest.mark.parametrize(
        "given",
        [{}, {"name": ""}, {"name": "  ", "text": None}, {"source": "Web", "tags": ["a"]}, {"phone": "", "email": ""}],
    )
    def test_a_lead_with_nothing_in_it_is_refused(self, company: Company, api: Api, given: dict[str, Any]) -> None:
        answer = api.post("/leads", given)
        assert answer.status_code == 422
        assert answer.json["errors"]
        assert api.get("/leads").json["items"] == []

    @pytest.mark.parametrize(
        "phone",
        ["١٢٣٤٥٦٧٨٩٠", "555-CALL-NOW", "12", "+1 415 555 0100 ext. 12", "+999 1234567", "call me", "0" * 60, "☎ 555"],
    )
    def test_a_phone_number_is_never_refused(self, api: Api, phone: str) -> None:
        answer = api.post("/leads", {"name": "Carla", "phone": phone})
        assert answer.status_code == 201
        assert api.get(f"/leads/{answer.json['id']}").json["contact"]["phones"] != []

    @pytest.mark.parametrize("email", ["no-at-sign", "a@@b", "ana@", "x" * 300 + "@example.com", '"a b"@example.com'])
    def test_an_address_that_is_none_is_kept_and_marked(self, api: Api, email: str) -> None:
        answer = api.post("/leads", {"name": "Carla", "email": email})
        assert answer.status_code == 201
        assert [warning["code"] for warning in answer.json["warnings"]] == ["doubtful_email"]
        assert api.get(f"/leads/{answer.json['id']}").json["contact"]["emails"] == [email]

    @pytest.mark.parametrize(
        "text",
        [
            "Null",
            "None",
            "undefined",
            "<script>alert(1)</script>",
            "'; DROP TABLE leads; --",
            "\u202etxt.exe",
            "{{7*7}}",
            "👩\u200d👩\u200d👧\u200d👦",
            "Z̵̢͝a̸l̴g̷o̶",
            "\u200b\u200b",
            "ﷺ",
            "İstanbul",
            "a\nb\tc",
            "=1+1",
            "%s%n",
            "../../etc/passwd",
            "O",
        ],
    )
    def test_any_text_is_kept_as_it_is(self, api: Api, text: str) -> None:
        answer = api.post(
            "/leads", {"name": "Carla", "text": text, "source": f"x{text.strip()}x", "fields": {"t": text}}
        )
        assert answer.status_code == 201
        lead = api.get(f"/leads/{answer.json['id']}").json
        assert (lead["text"], lead["fields"]["t"]) == (text.strip() or text, text)

    def test_a_second_message_of_an_open_lead_is_attached(self, company: Company, api: Api) -> None:
        first = sent(api)
        answer = api.post("/leads", CARLA | {"text": "Me again."})
        assert answer.status_code == 200
        assert (answer.json["id"], answer.json["routing"]["outcome"]) == (first["id"], "attached")
        assert_consistent(company)

    def test_an_external_id_updates_and_never_doubles(self, company: Company, api: Api) -> None:
        first = sent(api, external_id="A-17", lead_type="solar")
        answer = api.post("/leads", {"name": "Carla C.", "external_id": "A-17", "lead_type": "roof"})
        assert answer.status_code == 200
        assert (answer.json["id"], answer.json["routing"]["outcome"]) == (first["id"], "updated")
        assert api.get(f"/leads/{first['id']}").json["lead_type"] == "roof"
        assert_consistent(company)

    def test_a_named_assignee_owns_it_at_once(self, company: Company, api: Api) -> None:
        make_pool(company, [company.colleague])
        for named in (str(company.agent.id), company.agent.email):
            lead = api.post("/leads", {"name": "Carla", "assignee": named}).json
            assert (lead["state"], lead["owner_id"]) == ("owned", str(company.agent.id))
            assert lead["routing"]["outcome"] == "assigned"
        assert_consistent(company)

    def test_an_unknown_assignee_is_a_warning_and_the_lead_is_routed(self, company: Company, api: Api) -> None:
        make_pool(company, [company.agent])
        lead = api.post("/leads", {"name": "Carla", "assignee": "nobody@example.com"}).json
        assert lead["state"] == "offering"
        assert [warning["code"] for warning in lead["warnings"]] == ["unknown_assignee"]


class TestReading:
    """GET /leads and what belongs to one."""

    def test_buckets_show_each_viewer_their_own(self, company: Company) -> None:
        make_lead(company)
        make_lead(company, company.agent)
        make_lead(company, company.colleague)
        make_closed_lead(company, company.agent)
        counts = {
            bucket: len(company.agent.api.get(f"/leads?bucket={bucket}").json["items"])
            for bucket in ("unassigned", "mine", "assigned", "closed")
        }
        assert counts == {"unassigned": 1, "mine": 1, "assigned": 1, "closed": 1}
        assert len(company.agent.api.get("/leads").json["items"]) == 4

    def test_pages_follow_each_other_without_gap_or_double(self, company: Company, api: Api) -> None:
        made = [str(make_lead(company).id) for _ in range(5)]
        seen, cursor = [], ""
        for _ in range(3):
            page = api.get(f"/leads?limit=2{cursor}").json
            seen += [lead["id"] for lead in page["items"]]
            cursor = f"&cursor={page['next']}"
        assert seen == made[::-1]
        assert page["next"] is None

    @pytest.mark.parametrize(
        "query",
        [
            "owner={agent}",
            "pool={pool}",
            "source=Spring+ad",
            "tag=roof",
            "status=owned",
            "q=0199",
            "q=carla%40example.com",
            "q=Carla",
            "bucket=assigned",
        ],
    )
    def test_every_filter_narrows(self, company: Company, api: Api, query: str) -> None:
        pool = make_pool(company, [company.colleague], default_rule=False)
        wanted = sent(api, phone="+1 415 555 0199", source="Spring ad", tags=["roof"], assignee=str(company.agent.id))
        with company.inside():
            from portal.models import Lead

            db.session.get_one(Lead, (company.id, UUID(wanted["id"]))).pool_id = pool.id
            db.session.commit()
        make_lead(company)
        found = api.get("/leads?" + query.format(agent=company.agent.id, pool=pool.id)).json["items"]
        assert [lead["id"] for lead in found] == [wanted["id"]]

    def test_since_counts_from_a_moment(self, company: Company, api: Api) -> None:
        lead = sent(api)
        at = api.get(f"/leads/{lead['id']}").json["created_at"]
        assert len(api.get(f"/leads?since={at}").json["items"]) == 1
        assert api.get("/leads?since=2999-01-01T00:00:00Z").json["items"] == []
        assert datetime.fromisoformat(at).utcoffset() is not None

    def test_what_is_on_offer_shows_nothing_of_the_customer(self, company: Company, api: Api) -> None:
        make_pool(company, [company.agent])
        lead = sent(api, external_id="secret-17", fields={"note": "secret-17"}, location={"address": "secret-17"})
        seen = company.agent.api.get(f"/leads/{lead['id']}")
        assert seen.json["masked"] is True
        assert seen.json["contact"] == {"id": None, "name": None, "phones": [], "emails": []}
        paths = ("/leads", f"/leads/{lead['id']}", f"/leads/{lead['id']}/timeline", f"/leads/{lead['id']}/decisions")
        for path in paths:
            shown = company.agent.api.get(path).text
            for secret in ("Carla", "5550100", "carla@", "Call me", "secret-17"):
                assert secret not in shown, path
        assert company.agent.api.get("/leads?q=Carla").json["items"] == []
        assert "Carla" in company.manager.api.get(f"/leads/{lead['id']}").text

    def test_a_lead_one_may_not_see_is_not_there(self, company: Company) -> None:
        blind = make_user(company, lead_access=["mine"])
        lead = make_lead(company, company.agent)
        for method, path, body in (
            ("GET", "", None),
            ("GET", "/timeline", None),
            ("GET", "/decisions", None),
            ("PATCH", "", {"lead_type": "x"}),
            ("POST", "/close", {"reason": "won"}),
            ("POST", "/take", {}),
            ("POST", "/assign", {"user_id": None}),
            ("POST", "/route", {}),
            ("POST", "/release", {}),
            ("POST", "/reopen", {}),
        ):
            assert blind.api.call(method, f"/leads/{lead.id}{path}", json=body).status_code == 404, f"{method} {path}"

    def test_the_timeline_says_who_and_what(self, company: Company, api: Api) -> None:
        make_pool(company, [company.agent])
        lead = sent(api)
        entries = api.get(f"/leads/{lead['id']}/timeline").json["items"]
        assert [entry["kind"] for entry in entries] == ["offered", "created"]
        assert entries[0]["actor"] == {
            "type": "rule",
            "id": str(company.default_rule_id),
            "name": "Everything else",
        }
        only = api.get(f"/leads/{lead['id']}/timeline?kind=created").json["items"]
        assert [entry["kind"] for entry in only] == ["created"]

    def test_a_decision_names_everybody_with_credit_in_leads(self, company: Company, api: Api) -> None:
        make_pool(company, {company.agent: 2, company.colleague: 1})
        lead = sent(api)
        (decision,) = api.get(f"/leads/{lead['id']}/decisions").json["items"]
        assert decision["id"] == lead["routing"]["decision_id"]
        assert decision["chosen"] == [str(company.agent.id)]
        assert decision["stage"] == "line"
        credit = {row["name"]: (row["credit_before"], row["credit_after"]) for row in decision["candidates"]}
        assert credit["Ana Agent"] == (0, pytest.approx(-0.333333333, abs=1e-12))
        assert credit["Ben Colleague"] == (0, pytest.approx(0.333333333, abs=1e-12))
        assert decision["why"]
        assert decision["rules"][0]["met"] is True


class TestHandingOut:
    """assign, route, take, close, reopen, release, PATCH."""

    def test_assigning_by_hand_and_taking_back(self, company: Company) -> None:
        manager = company.manager.api
        lead = sent(company.owner.api)
        given = manager.post(f"/leads/{lead['id']}/assign", {"user_id": str(company.agent.id)})
        assert (given.status_code, given.json["owner_id"]) == (200, str(company.agent.id))
        again = manager.post(f"/leads/{lead['id']}/assign", {"user_id": str(company.agent.id)})
        assert (again.status_code, again.json) == (200, given.json)
        back = manager.post(f"/leads/{lead['id']}/assign", {"user_id": None})
        assert (back.json["state"], back.json["waiting_for"]) == ("unassigned", "person")
        assert_consistent(company)

    def test_an_agent_hands_out_nothing(self, company: Company) -> None:
        lead = make_lead(company, company.agent)
        assert company.agent.api.post(f"/leads/{lead.id}/assign", {"user_id": None}).status_code == 403

    def test_an_unassigned_lead_can_be_routed(self, company: Company, api: Api) -> None:
        lead = sent(api)
        assert lead["state"] == "unassigned"
        make_pool(company, [company.agent])
        routed = api.post(f"/leads/{lead['id']}/route")
        assert (routed.status_code, routed.json["state"]) == (200, "offering")
        assert api.post(f"/leads/{lead['id']}/route").status_code == 409
        assert_consistent(company)

    def test_a_default_assignee_takes_what_waits_for_them(self, company: Company, api: Api) -> None:
        make_pool(company, [], [company.agent, company.colleague])
        lead = sent(api)
        assert lead["waiting_for"] == "catch_all"
        assert company.owner.api.get(f"/leads/{lead['id']}").json["waiting_for"] == "catch_all"
        taken = company.agent.api.post(f"/leads/{lead['id']}/take")
        assert (taken.status_code, taken.json["owner_id"]) == (200, str(company.agent.id))
        assert company.colleague.api.post(f"/leads/{lead['id']}/take").status_code in (403, 409)
        assert_consistent(company)

    def test_closing_and_reopening(self, company: Company) -> None:
        lead = sent(company.owner.api, assignee=str(company.agent.id))
        closed = company.agent.api.post(f"/leads/{lead['id']}/close", {"reason": "other", "note": "Moved away."})
        assert (closed.json["state"], closed.json["close_reason"], closed.json["bucket"]) == (
            "closed",
            "other",
            "closed",
        )
        assert closed.json["close_note"] == "Moved away."
        opened = company.agent.api.post(f"/leads/{lead['id']}/reopen")
        assert (opened.json["state"], opened.json["owner_id"]) == ("owned", str(company.agent.id))
        assert company.agent.api.post(f"/leads/{lead['id']}/reopen").status_code == 200
        assert_consistent(company)

    def test_nothing_is_held_yet_so_nothing_is_released(self, company: Company, api: Api) -> None:
        answer = api.post(f"/leads/{make_lead(company).id}/release")
        assert (answer.status_code, answer.json["type"]) == (409, "/api/docs#conflict")

    def test_corrections_keep_both_values_in_the_timeline(self, company: Company) -> None:
        lead = sent(company.owner.api, assignee=str(company.agent.id), lead_type="roof")
        path = f"/leads/{lead['id']}"
        changed = company.agent.api.patch(path, {"lead_type": "solar", "name": "Carla C.", "source": "New one"})
        assert (changed.json["lead_type"], changed.json["contact"]["name"]) == ("solar", "Carla C.")
        (entry,) = company.agent.api.get(f"{path}/timeline?kind=status").json["items"]
        assert entry["before"]["lead_type"] == "roof"
        assert entry["after"] == {"lead_type": "solar", "name": "Carla C.", "source": "New one"}
        assert company.agent.api.patch(path, {"lead_type": "solar"}).status_code == 200
        assert len(company.agent.api.get(f"{path}/timeline?kind=status").json["items"]) == 1
        assert company.colleague.api.patch(path, {"lead_type": "x"}).status_code == 403
        assert_consistent(company)


class TestOffers:
    """GET /offers, accept, decline, again, recall."""

    def offered(self, company: Company) -> tuple[str, Person, Person]:
        """An offer's id, who holds it, and who is next."""
        make_pool(company, [company.agent, company.colleague])
        (offer_id,) = sent(company.owner.api)["routing"]["offers"]
        (offer,) = company.owner.api.get("/offers").json["items"]
        holder = next(one for one in (company.agent, company.colleague) if str(one.id) == offer["user_id"])
        return offer_id, holder, next(one for one in (company.agent, company.colleague) if one != holder)

    def test_the_one_who_is_asked_accepts_and_owns_it(self, company: Company) -> None:
        offer_id, holder, other = self.offered(company)
        assert other.api.post(f"/offers/{offer_id}/accept").status_code == 404
        accepted = holder.api.post(f"/offers/{offer_id}/accept")
        assert (accepted.status_code, accepted.json["state"]) == (200, "accepted")
        assert holder.api.post(f"/offers/{offer_id}/accept").status_code == 200
        lead = holder.api.get(f"/leads/{accepted.json['lead_id']}").json
        assert (lead["owner_id"], lead["masked"], lead["bucket"]) == (str(holder.id), False, "mine")
        assert_consistent(company)

    def test_declining_asks_the_next(self, company: Company) -> None:
        offer_id, holder, other = self.offered(company)
        declined = holder.api.post(f"/offers/{offer_id}/decline", {"reason": "On holiday"})
        assert (declined.json["state"], declined.json["reason"]) == ("declined", "On holiday")
        assert holder.api.post(f"/offers/{offer_id}/accept").status_code == 409
        (mine,) = other.api.get("/offers?state=open").json["items"]
        assert mine["user_id"] == str(other.id)
        assert_consistent(company)

    def test_a_manager_recalls(self, company: Company) -> None:
        offer_id, holder, _ = self.offered(company)
        assert holder.api.post(f"/offers/{offer_id}/recall").status_code == 403
        recalled = company.manager.api.post(f"/offers/{offer_id}/recall")
        assert (recalled.status_code, recalled.json["state"]) == (200, "withdrawn")
        assert_consistent(company)

    def test_each_sees_their_own_and_managers_all(self, company: Company) -> None:
        offer_id, holder, other = self.offered(company)
        assert [offer["id"] for offer in holder.api.get("/offers").json["items"]] == [offer_id]
        assert other.api.get("/offers").json["items"] == []
        for query in (f"user={holder.id}", "state=open"):
            assert len(company.manager.api.get(f"/offers?{query}").json["items"]) == 1
        assert company.manager.api.get(f"/offers?user={other.id}").json["items"] == []
