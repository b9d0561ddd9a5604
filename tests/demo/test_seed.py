"""The demo's data, made through the operations people use."""

from __future__ import annotations

from sqlalchemy import func, select

from portal import create_app
from portal.config import Settings
from portal.demo.cast import CAST, COMPANY
from portal.demo.drip import KEY_FILE
from portal.demo.seed import LEADS, seed
from portal.extensions import db
from portal.models import Company, Lead, User
from portal.models.tenancy import inside_company
from portal.queries import across


def test_the_demo_company_has_its_people_and_leads_in_many_states(settings: Settings) -> None:
    seed(settings)
    with create_app(settings).app_context():
        (company_id,) = across.company_ids()
        with inside_company(company_id):
            assert db.session.scalars(select(Company.name)).all() == [COMPANY]
            assert db.session.scalar(select(func.count()).select_from(User)) == len(CAST)
            states = dict(db.session.execute(select(Lead.state, func.count()).group_by(Lead.state)).all())
    assert sum(states.values()) > LEADS / 2
    assert {"owned", "offering", "closed", "unassigned"} <= states.keys()


def test_a_second_start_keeps_what_is_there(settings: Settings) -> None:
    seed(settings)
    key = (settings.instance_dir / KEY_FILE).read_text(encoding="ascii")
    seed(settings)
    assert (settings.instance_dir / KEY_FILE).read_text(encoding="ascii") == key
    with create_app(settings).app_context():
        assert len(across.company_ids()) == 1


def test_the_key_for_new_leads_is_readable_by_its_owner_only(settings: Settings) -> None:
    seed(settings)
    assert (settings.instance_dir / KEY_FILE).stat().st_mode & 0o077 == 0
