"""Past leads through today's set-up and a drafted one."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import update

from portal.errors import Conflict, Forbidden, Invalid
from portal.extensions import db
from portal.jobs.replays import playing
from portal.models import DueWork, Replay, WorkKind
from portal.operations import replays
from portal.operations.setup_told import setup_now
from portal.queries import across
from portal.queries.replays import replay_named
from tests.cast import Company
from tests.factories import make_pool, make_team, make_user
from tests.operations.acts import accept, arrive, assign, decline, miss, reassign, route_again
from tests.operations.sights import open_offer

NOW = datetime.now(UTC)
SINCE, UNTIL = NOW - timedelta(days=1), NOW + timedelta(days=1)


def asked(company: Company, draft: Any) -> Replay:
    with company.inside():
        return replays.start_replay(draft, SINCE, UNTIL, by=company.owner.user())


def played(company: Company, replay: Replay) -> Replay:
    with company.inside():
        claim = replays.claim_replay(company.id, replay.id)
        assert claim is not None
        replays.play(claim)
    return told(company, replay)


def told(company: Company, replay: Replay) -> Replay:
    with company.inside():
        found = replay_named(replay.id)
        db.session.expunge(found)
        return found


def received(counts: dict[str, Any]) -> dict[str, int]:
    return {row["name"]: row["received"] for row in counts["people"] if row["received"]}


def setup(company: Company) -> Any:
    with company.inside():
        return setup_now(company.id)


def test_a_draft_with_other_weights_gives_people_other_shares_and_changes_nothing(company: Company) -> None:
    make_pool(company, [company.agent, company.colleague], name="Buyers", delivery="assign")
    for _ in range(8):
        arrive(company)
    draft = setup(company)
    draft["pools"][0]["members"] = [
        each | {"weight": 3 if each["user"] == company.agent.email else 1} for each in draft["pools"][0]["members"]
    ]
    before = setup(company)
    result = played(company, asked(company, draft))
    assert (result.state, result.total, result.played, result.error) == ("done", 8, 8, None)
    assert result.result is not None
    assert received(result.result["today"]) == {company.agent.name: 4, company.colleague.name: 4}
    assert received(result.result["draft"]) == {company.agent.name: 6, company.colleague.name: 2}
    assert setup(company) == before


def test_rules_of_the_draft_send_leads_elsewhere_and_who_declined_declines_again(company: Company) -> None:
    make_pool(company, [company.agent], name="Buyers")
    taken = arrive(company, source="form")
    with company.inside():
        offer = open_offer(company, taken.lead_id)
    decline(company.agent, offer.id)
    draft = setup(company)
    draft["pools"].append({"name": "Forms", "delivery": "assign", "members": [{"user": company.colleague.email}]})
    draft["rules"].insert(0, {"name": "Forms", "pool": "Forms", "conditions": {"source": ["form"]}})
    result = played(company, asked(company, draft)).result
    assert result is not None
    assert result["today"]["people"][-1] | {"name": ""} == {
        "user_id": str(company.agent.id), "name": "", "received": 0, "missed": 0, "declined": 1,
    }  # fmt: skip
    assert (result["today"]["ladder"], result["draft"]["ladder"]) == (1, 0)
    assert received(result["draft"]) == {company.colleague.name: 1}
    assert result["draft"]["rules"] == [
        {"name": "Forms", "team": None, "leads": 1},
        {"name": "Everything else", "team": None, "leads": 0},
    ]


def test_a_drafted_list_of_a_team_takes_what_a_drafted_rule_sends_there(company: Company) -> None:
    make_pool(company, [company.agent], name="Buyers", delivery="assign")
    north = make_team(company, "North")
    rep = make_user(company, "Remy Rep", team_id=north.id)
    for source in ("form", "mail", "form"):
        arrive(company, source=source)
    draft = setup(company)
    draft["pools"].append({"name": "Forms", "delivery": "assign", "members": [{"user": company.colleague.email}]})
    draft["rules"][-1] |= {"pool": None, "to_team": "North"}
    own = {"name": "Forms", "pool": "Forms", "conditions": {"source": ["form"]}}
    draft["teams"] = [{"name": "North", "rules": [own]}]
    result = played(company, asked(company, draft)).result
    assert result is not None
    assert received(result["draft"]) == {company.colleague.name: 2, rep.name: 1}
    assert result["draft"]["rules"] == [
        {"name": "Everything else", "team": None, "leads": 1},
        {"name": "Forms", "team": "North", "leads": 2},
    ]
    assert received(result["today"]) == {company.agent.name: 3}


def test_whoever_was_away_is_away_again(company: Company) -> None:
    make_pool(company, [company.agent, company.colleague], name="Buyers", delivery="assign")
    company.owner.api.patch(f"/users/{company.agent.id}", {"available": False})
    arrive(company)
    company.owner.api.patch(f"/users/{company.agent.id}", {"available": True})
    result = played(company, asked(company, {})).result
    assert result is not None
    assert received(result["today"]) == received(result["draft"]) == {company.colleague.name: 1}


def group(company: Company) -> Any:
    """A pool for reassignments of the colleague, where nobody has it by default."""
    members = [company.colleague]
    return make_pool(company, members, name="Second try", default_rule=False, for_reassignment=True).id


def test_who_missed_a_lead_in_a_later_reassignment_did_not_miss_it_at_first(company: Company) -> None:
    make_pool(company, [company.agent, company.colleague], name="Buyers")
    taken = arrive(company)
    accept(company.agent, open_offer(company, taken.lead_id).id)
    reassign(company.manager, taken.lead_id, group(company))
    miss(company)
    draft = setup(company)
    draft["pools"][0]["members"] = [{"user": company.colleague.email}]
    result = played(company, asked(company, draft)).result
    assert result is not None
    assert received(result["draft"]) == {company.colleague.name: 1}
    assert [row["missed"] for row in result["draft"]["people"]] == [0]


def test_a_lead_somebody_was_named_for_is_not_played_because_it_was_reassigned_later(company: Company) -> None:
    make_pool(company, [company.agent], name="Buyers")
    taken = arrive(company, assignee=company.agent.email)
    reassign(company.manager, taken.lead_id, group(company))
    result = played(company, asked(company, {}))
    assert (result.state, result.played) == ("done", 0)


def test_who_was_away_is_read_from_the_first_hand_out_and_not_from_a_reassignment_before_it(company: Company) -> None:
    make_pool(company, [company.agent, company.colleague], name="Buyers", delivery="assign")
    taken = arrive(company, assignee=company.agent.email)
    pool_id = group(company)
    company.owner.api.patch(f"/users/{company.colleague.id}", {"available": False})
    reassign(company.manager, taken.lead_id, pool_id)
    company.owner.api.patch(f"/users/{company.colleague.id}", {"available": True})
    assign(company.manager, taken.lead_id, None)
    route_again(company.manager, taken.lead_id)
    draft = setup(company)
    draft["pools"][0]["members"] = [{"user": company.colleague.email}]
    result = played(company, asked(company, draft)).result
    assert result is not None
    assert received(result["draft"]) == {company.colleague.name: 1}


def test_what_a_draft_lets_members_have_in_a_day_is_counted_in_it(company: Company) -> None:
    pool = make_pool(company, [company.agent, company.colleague], name="Buyers", delivery="assign")
    limits = [{"user_id": str(company.agent.id), "caps": {"day": 1}}, {"user_id": str(company.colleague.id)}]
    assert company.owner.api.put(f"/pools/{pool.id}/members", {"members": limits}).status_code == 200
    for _ in range(6):
        arrive(company)
    draft = setup(company)
    for each in draft["pools"][0]["members"]:
        each["caps"] = {"day": 2} if each["user"] == company.agent.email else {}
    result = played(company, asked(company, draft)).result
    assert result is not None
    # Who was full by the pool's own limit then is not so in the draft; as things are, it comes out as it did.
    assert received(result["today"]) == {company.agent.name: 1, company.colleague.name: 5}
    assert received(result["draft"]) == {company.agent.name: 2, company.colleague.name: 4}


def test_a_replay_whose_worker_was_killed_is_picked_up_by_another(company: Company) -> None:
    replay = asked(company, {})
    with company.inside():
        first = replays.claim_replay(company.id, replay.id)
        assert first is not None
        assert replays.claim_replay(company.id, replay.id) is None
        lapsed = update(DueWork).where(DueWork.subject_id == replay.id)
        db.session.execute(lapsed.values(leased_until=datetime.now(UTC) - timedelta(seconds=1)))
        db.session.commit()
    with company.app.app_context():
        [due] = [each for each in across.work_due([WorkKind.REPLAY], 100) if each.subject_id == replay.id]
        assert playing(due.company_id, due.subject_id).arguments == (str(company.id), str(replay.id))
    assert played(company, replay).state == "done"
    with company.inside():
        # The first was only held up: it has nothing to say any more.
        replays._finish(first, replays.ReplayState.FAILED, error="late")
    assert told(company, replay).state == "done"


def test_what_can_never_be_played_ends_as_failed_with_a_reason(company: Company) -> None:
    make_pool(company, [company.agent], name="Buyers")
    replay = asked(company, setup(company))
    company.owner.api.post("/users", {"name": "Zoe", "email": "zoe.r@example.com"})
    with company.inside():
        db.session.execute(
            update(Replay).where(Replay.id == replay.id).values(draft={"pools": [{"name": "A", "team": "Gone"}]})
        )
        db.session.commit()
    result = played(company, replay)
    assert result.state == "failed"
    assert "Gone" in (result.error or "")


def test_nonsense_is_refused_before_anything_is_asked_of_a_worker(company: Company) -> None:
    for draft, since, until, field in [
        ({"pools": [{"name": "A", "team": "Gone"}]}, SINCE, UNTIL, "draft.pools.0.team"),
        ({}, UNTIL, SINCE, "to"),
        ({}, NOW - timedelta(days=400), UNTIL, "from"),
    ]:
        with company.inside(), pytest.raises(Invalid) as refused:
            replays.start_replay(draft, since, until, by=company.owner.user())
        assert refused.value.errors[0].field == field
    with company.inside(), pytest.raises(Forbidden):
        replays.start_replay({}, SINCE, UNTIL, by=company.manager.user())


def test_programs_ask_for_a_replay_and_look_how_far_it_is(company: Company, other_company: Company) -> None:
    period = {"from": SINCE.isoformat(), "to": UNTIL.isoformat()}
    refused = company.owner.api.post("/replays", period)
    assert (refused.status_code, refused.json["errors"][0]["field"]) == (422, "draft")
    started = company.owner.api.post("/replays", {**period, "draft": {}})
    assert (started.status_code, started.json["state"], started.json["result"]) == (202, "waiting", None)
    path = f"/replays/{started.json['id']}"
    assert company.owner.api.get(path).json["played"] == 0
    assert company.manager.api.get(path).status_code == 403
    assert other_company.owner.api.get(path).status_code == 404


def test_one_replay_of_a_company_runs_at_a_time(company: Company) -> None:
    make_pool(company, [company.agent])
    first = asked(company, setup(company))
    with pytest.raises(Conflict, match="under way"):
        asked(company, setup(company))
    played(company, first)
    asked(company, setup(company))
