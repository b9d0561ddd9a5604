"""Another company's ids, on every page and every form there is: not found, and every row as it was.

The addresses are read from the application's own map, so that a new page is tried without anybody thinking of it.
"""

from __future__ import annotations

import re
from uuid import UUID

from apiflask import APIFlask

from portal.queries.conversion import first_status
from tests.blueprints.api.database_state import nothing_changes
from tests.cast import Company
from tests.factories import make_lead, make_offer, make_own_role, make_pool, make_team
from tests.operations.acts import memo
from tests.page import sign_in


def addresses_with_ids(app: APIFlask) -> list[tuple[str, str]]:
    """Method and address, with places for ids."""
    return [
        (method, rule.rule)
        for rule in app.url_map.iter_rules()
        if "<uuid:" in rule.rule and not rule.rule.startswith("/api/")
        for method in sorted((rule.methods or set()) - {"HEAD", "OPTIONS"})
    ]


def one_of_everything(company: Company) -> dict[str, str]:
    """Ids of one company, under the names addresses give them."""
    pool = make_pool(company, [company.agent])
    lead = make_lead(company, company.agent)
    ids = {
        "lead_id": lead.id,
        "entry_id": memo(company.owner, lead.id),
        "user_id": company.agent.id,
        "pool_id": pool.id,
        "offer_id": make_offer(company, make_lead(company), company.owner, pool).id,
        "rule_id": company.default_rule_id,
        "team_id": make_team(company).id,
        "role_id": make_own_role(company, "export").id,
        "word_id": word_of(company),
        "tag_id": company.owner.api.post("/tags", {"text": "Roof"}).json["id"],
        "leave_id": leave_of(company),
        "key_id": company.owner.api.get("/keys").json["items"][0]["id"],
    }
    return {name: str(each) for name, each in ids.items()}


def leave_of(company: Company) -> str:
    """Days the company's agent is away."""
    days = {"first_day": "2026-05-04", "last_day": "2026-05-08"}
    return str(company.owner.api.post(f"/users/{company.agent.id}/leaves", days).json["id"])


def word_of(company: Company) -> UUID:
    """One of the company's conversion statuses."""
    with company.inside():
        return first_status().id


def filled(rule: str, ids: dict[str, str]) -> str:
    """An address with ids in it."""
    for name, each in ids.items():
        rule = rule.replace(f"<uuid:{name}>", each)
    rule = re.sub(r"<int:\w+>", "1", rule)
    # One of several words will do for all of them.
    return re.sub(r"<any\((\w+)[^>]*>", r"\1", rule)


# Fields that would do something, were the ids one's own.
GOOD_FIELDS = {
    "user_id": "nobody",
    "reason": "won",
    "name": "Mine now",
    "pool_id": "",
    "open_leads": "keep",
    "window": "300",
    "kind": "memo",
    "text": "Mine now",
    "way": "call",
    "reached": "no",
    "first_day": "2026-05-04",
    "last_day": "2026-05-04",
    "weight": "5",
}


def test_every_page_and_form_answers_not_found_and_changes_nothing(
    app: APIFlask, company: Company, other_company: Company
) -> None:
    addresses, theirs = addresses_with_ids(app), one_of_everything(other_company)
    assert len(addresses) > 20, "the address map looks empty: this test would prove nothing"
    browser = sign_in(app, company.owner)
    token = browser.open("/leads/new").form("/leads/new").fields["csrf_token"]
    with nothing_changes(app):
        for method, rule in addresses:
            fields = {**GOOD_FIELDS, "csrf_token": token} if method == "POST" else None
            answer = browser.client.open(filled(rule, theirs), method=method, data=fields)
            assert answer.status_code == 404, f"{method} {rule}: {answer.status_code}"


def test_the_same_addresses_lead_somewhere_with_ones_own_ids(app: APIFlask, company: Company) -> None:
    """Or the test above would pass for addresses that lead nowhere at all."""
    browser, own = sign_in(app, company.owner), one_of_everything(company)
    for method, rule in addresses_with_ids(app):
        if method == "GET":
            answer = browser.client.get(filled(rule, own), follow_redirects=True)
            assert answer.status_code == 200, rule
