"""The `portal` command, run as people run it: a process of its own, its output and its exit status."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from uuid import uuid4

import pytest
from apiflask import APIFlask

from portal.config import Settings
from portal.extensions import db
from portal.models import Lead, Pool
from tests.cast import Api, Company
from tests.factories import make_pool

PROJECT = Path(__file__).parent.parent
PASSWORD = "plenty of green umbrellas"


def environment(settings: Settings) -> dict[str, str]:
    assert settings.database_url is not None
    assert settings.redis_url is not None
    return {
        "PATH": "/usr/bin:/bin",
        "PORTAL_ENV": "test",
        "SECRET_KEY": settings.secret_key,
        "INSTANCE_DIR": str(settings.instance_dir),
        "DATABASE_URL": settings.database_url,
        "REDIS_URL": settings.redis_url,
    }


def portal(
    settings: Settings, *arguments: str, more: Mapping[str, str] | None = None
) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "portal.cli", *arguments],
        cwd=PROJECT,
        env=environment(settings) | dict(more or {}),
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def test_company_create_prints_three_values_and_nothing_else(app: APIFlask, settings: Settings) -> None:
    told = portal(
        settings, "company", "create", "--name", "Acme", "--email", "olive@example.com", "--password", PASSWORD,
        "--timezone", "Europe/Berlin", "--country", "DE", "--json",
    )  # fmt: skip
    assert told.returncode == 0, told.stderr
    made = json.loads(told.stdout)
    assert set(made) == {"company_id", "user_id", "api_key"}
    company = Api(app, made["api_key"]).get("/company").json
    assert (company["id"], company["time_zone"], company["country"]) == (made["company_id"], "Europe/Berlin", "DE")


def test_people_are_told_in_words(settings: Settings) -> None:
    told = portal(settings, "company", "create", "--name", "Acme", "--email", "olive@example.com")
    assert told.returncode == 0, told.stderr
    assert "Acme is ready" in told.stdout
    assert "bt_full_" in told.stdout


@pytest.mark.parametrize(
    ("arguments", "blamed"),
    [
        (["--name", "Acme", "--email", "nonsense"], "email"),
        (["--name", "Acme", "--email", "olive@example.com", "--timezone", "Mars/Olympus"], "time_zone"),
        (["--name", "Acme", "--email", "olive@example.com", "--password", "short"], "password"),
        (["--email", "olive@example.com"], "--name"),
    ],
)
def test_nonsense_is_refused_by_name_and_makes_nothing(
    app: APIFlask, settings: Settings, arguments: list[str], blamed: str
) -> None:
    told = portal(settings, "company", "create", *arguments, "--json")
    assert told.returncode in (1, 2)
    assert blamed in told.stderr
    assert told.stdout == ""
    assert "Traceback" not in told.stderr
    with app.app_context():
        assert db.session.connection().exec_driver_sql("SELECT count(*) FROM accounts").scalar() == 0


def test_keys_and_people_are_added_to_a_company(app: APIFlask, company: Company, settings: Settings) -> None:
    key = portal(
        settings,
        "key",
        "create",
        "--company",
        str(company.id),
        "--scope",
        "intake",
        "--as",
        company.agent.email,
        "--json",
    )
    assert key.returncode == 0, key.stderr
    made = json.loads(key.stdout)
    assert made["key"].startswith("bt_intake_")
    assert Api(app, made["key"]).post("/leads", {"name": "Carla"}).status_code == 201
    person = portal(
        settings, "user", "invite", "--company", str(company.id), "--name", "Nia", "--email", "nia@example.com",
        "--role", "manager", "--json",
    )  # fmt: skip
    assert person.returncode == 0, person.stderr
    invited = company.owner.api.get(f"/users/{json.loads(person.stdout)['user_id']}").json
    assert (invited["email"], invited["roles"]) == ("nia@example.com", ["manager"])


def test_a_company_that_is_not_there_is_named(settings: Settings) -> None:
    missing = str(uuid4())
    told = portal(settings, "key", "create", "--company", missing, "--scope", "full")
    assert told.returncode != 0
    assert missing in told.stderr
    assert "Traceback" not in told.stderr


def test_a_decision_is_explained_in_sentences(company: Company, settings: Settings) -> None:
    make_pool(company, [company.agent])
    lead = company.owner.api.post("/leads", {"name": "Carla"}).json
    told = portal(settings, "explain", lead["id"])
    assert told.returncode == 0, told.stderr
    assert "Ana Agent" in told.stdout
    assert portal(settings, "explain", str(uuid4())).returncode != 0


def test_postcodes_are_taken_in_from_a_file(company: Company, settings: Settings, tmp_path: Path) -> None:
    centres = tmp_path / "centres.csv"
    centres.write_text("country;postcode;lat;lng\nXA;1;2.5;3.5\nXB;1;2;3\nXB;2;2;3\n", encoding="utf-8")
    told = portal(settings, "postcodes", "import", str(centres))
    assert (told.returncode, told.stdout) == (0, "XA   1 postcodes\nXB   2 postcodes\n"), told.stderr
    centres.write_text("XA;1;2.5\n", encoding="utf-8")
    refused = portal(settings, "postcodes", "import", str(centres))
    assert refused.returncode == 1
    assert refused.stderr.startswith("line 1: This line has neither the four parts")
    centres.write_bytes(b"XA;1;2.5;3.5\n\xff")
    assert "is not UTF-8" in portal(settings, "postcodes", "import", str(centres)).stderr


def test_the_check_is_silent_about_what_holds_and_names_what_does_not(company: Company, settings: Settings) -> None:
    make = company.owner.api.post("/pools", {"name": "Roofs", "members": [{"user_id": str(company.agent.id)}]}).json
    company.owner.api.patch(f"/rules/{company.default_rule_id}", {"pool_id": make["id"]})
    lead = company.owner.api.post("/leads", {"name": "Carla"}).json
    good = portal(settings, "check")
    assert good.returncode == 0, good.stdout + good.stderr
    ledger = portal(settings, "ledger", "rebuild", "--check")
    assert ledger.returncode == 0, ledger.stdout + ledger.stderr
    with company.inside():
        db.session.connection().exec_driver_sql("UPDATE ledger_accounts SET second_credit = 7")
        db.session.commit()
    wrong = portal(settings, "ledger", "rebuild", "--check", "--json")
    assert (wrong.returncode, json.loads(wrong.stdout)["put_right"]) == (1, [])
    rebuilt = portal(settings, "ledger", "rebuild")
    assert rebuilt.returncode == 0, rebuilt.stdout + rebuilt.stderr
    assert "Put right: Ana Agent" in rebuilt.stdout
    assert portal(settings, "ledger", "rebuild", "--check").returncode == 0
    with company.inside():
        # Nobody has an offer of it, and it does not say what it waits for.
        db.session.connection().exec_driver_sql(
            "UPDATE offers SET state = 'withdrawn', ended_at = clock_timestamp() WHERE lead_id = %s", (lead["id"],)
        )
        db.session.commit()
        assert db.session.query(Lead).count() == db.session.query(Pool).count() == 1
    bad = portal(settings, "check", "--json")
    assert bad.returncode == 1
    assert any(breach["rule"] == 4 and lead["id"] in breach["subject"] for breach in json.loads(bad.stdout))


@pytest.mark.parametrize(
    "command",
    [
        [],
        ["up"],
        ["demo"],
        ["company", "create"],
        ["user", "invite"],
        ["key", "create"],
        ["check"],
        ["explain"],
        ["ledger"],
    ],
    ids=" ".join,
)
def test_every_command_explains_itself(settings: Settings, command: list[str]) -> None:
    told = portal(settings, *command, "--help")
    assert told.returncode == 0
    assert "Usage: portal" in told.stdout


def test_a_setting_that_makes_no_sense_stops_with_its_name(settings: Settings) -> None:
    told = portal(settings, "check", more={"MAIL_PORT": "many"})
    assert told.returncode == 1
    assert "MAIL_PORT" in told.stderr
    assert "Traceback" not in told.stderr


def test_without_any_server_running_the_embedded_ones_are_started_for_a_moment(tmp_path: Path) -> None:
    instance = tmp_path / "instance"
    # Under root PostgreSQL runs as somebody else, who has to pass through.
    for folder in (tmp_path, tmp_path.parent, tmp_path.parent.parent):
        folder.chmod(0o711)
    told = subprocess.run(
        [
            sys.executable,
            "-m",
            "portal.cli",
            "company",
            "create",
            "--name",
            "Acme",
            "--email",
            "o@example.com",
            "--json",
        ],
        cwd=PROJECT,
        env={"PATH": "/usr/bin:/bin", "PORTAL_ENV": "test", "INSTANCE_DIR": str(instance)},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert told.returncode == 0, told.stderr
    assert set(json.loads(told.stdout)) == {"company_id", "user_id", "api_key"}


class TestTheSetUpAsAFile:
    """`portal config`: out into a file, and in again."""

    def test_it_goes_round_without_a_change(self, settings: Settings, company: Company, tmp_path: Path) -> None:
        make_pool(company, [company.agent], name="Buyers")
        file = tmp_path / "setup.json"
        out = portal(settings, "config", "export", str(file), "--company", str(company.id))
        assert out.returncode == 0, out.stderr
        told = portal(settings, "config", "plan", str(file), "--company", str(company.id))
        assert (told.returncode, told.stdout) == (0, "Nothing would change.\n"), told.stderr
        shown = portal(settings, "config", "export", "-", "--company", str(company.id))
        assert json.loads(shown.stdout) == json.loads(file.read_text(encoding="utf-8"))

    def test_what_is_planned_is_what_is_applied(self, settings: Settings, company: Company, tmp_path: Path) -> None:
        file = tmp_path / "setup.json"
        file.write_text(json.dumps({"tags": [{"text": "Solar", "weight": 70}]}), encoding="utf-8")
        ours = ("--company", str(company.id))
        told = portal(settings, "config", "plan", str(file), *ours)
        assert told.stdout == "+ tag “Solar” (kind preferential, weight 70)\n", told.stderr
        done = portal(settings, "config", "apply", str(file), "--json", *ours)
        assert [each["what"] for each in json.loads(done.stdout)] == ["tag “Solar”"], done.stderr
        assert (
            portal(settings, "config", "apply", str(file), *ours).stdout == "It is so already; nothing was changed.\n"
        )

    @pytest.mark.parametrize(
        ("text", "said"),
        [
            ("{", "is not JSON"),
            ('{"pools": [{"name": "A", "window_seconds": 1}]}', "pools.0.window_seconds: Use a whole number from 5"),
        ],
    )
    def test_what_makes_no_sense_is_said_by_its_place(
        self, settings: Settings, company: Company, tmp_path: Path, text: str, said: str
    ) -> None:
        file = tmp_path / "setup.json"
        file.write_text(text, encoding="utf-8")
        told = portal(settings, "config", "plan", str(file), "--company", str(company.id))
        assert told.returncode == 1
        assert said in told.stderr
        assert "Traceback" not in told.stderr
