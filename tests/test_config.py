"""Settings: what stands when nothing is set, and what is refused, by name."""

from __future__ import annotations

import stat
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from portal.config import PROJECT, SettingError, Settings

SECRET = "long enough to be taken for a secret"


def settings(**environ: str) -> Settings:
    return Settings.from_environ({"SECRET_KEY": SECRET, **environ})


def refusal(**environ: str) -> SettingError:
    with pytest.raises(SettingError) as caught:
        settings(**environ)
    return caught.value


def test_nothing_needs_to_be_set(tmp_path: Path) -> None:
    made = Settings.from_environ({"INSTANCE_DIR": str(tmp_path)})
    assert (made.database_url, made.redis_url, made.mail_server) == (None, None, None)
    assert made.public_url == "http://127.0.0.1:8000"
    assert made.trusted_hosts == ("127.0.0.1", "localhost", "::1")
    assert made.environment == "development"
    assert made.sms_provider == "outbox"
    assert made.log_format == "text"
    assert (made.workers, made.web_processes, made.trusted_proxies) == (1, 1, 0)


def test_an_empty_value_counts_as_unset() -> None:
    assert settings(DATABASE_URL="", MAIL_SERVER="  ", WORKERS="").workers == 1


def test_the_data_stands_in_the_project_unless_said_otherwise() -> None:
    assert settings().instance_dir == PROJECT / "instance"
    assert settings(INSTANCE_DIR="elsewhere/../data").instance_dir == PROJECT / "data"
    assert settings(INSTANCE_DIR="/srv/baton").instance_dir == Path("/srv/baton")


@pytest.mark.parametrize("scheme", ["postgres", "postgresql", "postgresql+psycopg"])
def test_every_common_form_of_a_database_url_is_taken(scheme: str) -> None:
    made = settings(DATABASE_URL=f"{scheme}://baton:p%40ss@db.example.com:5432/baton?sslmode=require")
    assert made.database_url == "postgresql+psycopg://baton:p%40ss@db.example.com:5432/baton?sslmode=require"


def test_a_database_on_a_socket_is_taken() -> None:
    made = settings(DATABASE_URL="postgresql:///baton?host=/run/postgresql")
    assert made.database_url == "postgresql+psycopg:///baton?host=/run/postgresql"


@pytest.mark.parametrize(
    ("name", "value", "expected"),
    [
        ("DATABASE_URL", "mysql://u@h/d", "a PostgreSQL address"),
        ("DATABASE_URL", "postgresql://host:port/d", "a PostgreSQL address"),
        ("DATABASE_URL", "postgresql://host", "the name of the database is missing"),
        ("DATABASE_URL", "baton.db", "a PostgreSQL address"),
        ("REDIS_URL", "http://localhost:6379", "a Redis or Valkey address"),
        ("REDIS_URL", "redis://", "a Redis or Valkey address"),
        ("REDIS_URL", "redis://localhost:99999", "a Redis or Valkey address"),
        ("PUBLIC_URL", "leads.example.com", "a web address"),
        ("PUBLIC_URL", "ftp://leads.example.com", "a web address"),
        ("PUBLIC_URL", "https://example.com/leads", "cannot live below a path"),
        ("PUBLIC_URL", "https://user@example.com", "a web address"),
        ("TRUSTED_HOSTS", "https://example.com", "a host name"),
        ("TRUSTED_HOSTS", "example.com:8000", "a host name"),
        ("TRUSTED_PROXIES", "yes", "a whole number from 0 to 10"),
        ("PORTAL_ENV", "prod", "development, test, production"),
        ("MAIL_SERVER", "smtp://mail.example.com", "a host name"),
        ("MAIL_PORT", "0", "a whole number from 1 to 65535"),
        ("MAIL_PORT", "٢٥", "a whole number from 1 to 65535"),
        ("MAIL_USE_TLS", "maybe", "true"),
        ("MAIL_DEFAULT_SENDER", "the office", "an e-mail address"),
        ("SMS_PROVIDER", "pigeon", "outbox, twilio"),
        ("TWILIO_FROM", "12345", "a number such as +14155550100"),
        ("TWILIO_API_BASE", "api.twilio.com", "a web address"),
        ("GOOGLE_SERVICE_ACCOUNT_FILE", "/does/not/exist.json", "a file this user can read"),
        ("GOOGLE_API_BASE", "localhost", "a web address"),
        ("LOG_FORMAT", "xml", "text, json"),
        ("WORKERS", "0", "a whole number from 1 to 64"),
        ("WORKERS", "2.5", "a whole number from 1 to 64"),
        ("WEB_PROCESSES", "-1", "a whole number from 1 to 64"),
        ("SECRET_KEY", "short", "at least 32 characters"),
        ("MAIL_USERNAME", "two\nlines", "one line of plain text"),
    ],
)
def test_nonsense_is_refused_with_the_name_and_what_was_expected(name: str, value: str, expected: str) -> None:
    refused = refusal(**{name: value})
    assert refused.name == name
    assert expected in str(refused)
    assert str(refused).startswith(f"{name} is ")


@pytest.mark.parametrize(
    ("given", "missing"),
    [
        ({"MAIL_PASSWORD": "x"}, "MAIL_USERNAME"),
        ({"MAIL_USERNAME": "x", "MAIL_PASSWORD": "x"}, "MAIL_SERVER"),
        ({"SMS_PROVIDER": "twilio"}, "TWILIO_ACCOUNT_SID"),
        ({"SMS_PROVIDER": "twilio", "TWILIO_ACCOUNT_SID": "AC1", "TWILIO_AUTH_TOKEN": "t"}, "TWILIO_FROM"),
        ({"VAPID_PRIVATE_KEY": "k"}, "VAPID_SUBJECT"),
    ],
)
def test_half_a_set_is_refused_with_the_name_of_the_missing_half(given: dict[str, str], missing: str) -> None:
    refused = refusal(**given)
    assert refused.name == missing
    assert "is not set" in str(refused)


def test_a_push_subject_must_be_an_address_push_services_take() -> None:
    refused = refusal(VAPID_PRIVATE_KEY="k", VAPID_SUBJECT="baton")
    assert refused.name == "VAPID_SUBJECT"
    assert "mailto:" in str(refused)


def test_a_refusal_never_shows_a_password() -> None:
    refused = refusal(DATABASE_URL="mysql://baton:hunter2@db/baton")
    assert "hunter2" not in str(refused)


def test_the_settings_printed_show_no_secret() -> None:
    shown = repr(
        settings(DATABASE_URL="postgresql://u:hunter2@h/d", MAIL_SERVER="m", MAIL_USERNAME="u", MAIL_PASSWORD="p4ss")
    )
    assert "hunter2" not in shown
    assert "p4ss" not in shown
    assert SECRET not in shown


def test_production_refuses_to_make_up_a_secret_key(tmp_path: Path) -> None:
    with pytest.raises(SettingError, match=r"SECRET_KEY is not set.*PORTAL_ENV is production"):
        Settings.from_environ({"PORTAL_ENV": "production", "INSTANCE_DIR": str(tmp_path / "new")})
    assert not (tmp_path / "new").exists()


def test_a_secret_key_is_made_once_and_kept_for_its_owner_only(tmp_path: Path) -> None:
    environ = {"INSTANCE_DIR": str(tmp_path / "new" / "instance")}
    first = Settings.from_environ(environ).secret_key
    kept = tmp_path / "new" / "instance" / "secret_key"
    assert len(first) >= 32
    assert stat.S_IMODE(kept.stat().st_mode) == 0o600
    assert Settings.from_environ(environ).secret_key == first
    assert [path.name for path in kept.parent.iterdir()] == ["secret_key"]


def test_programs_that_start_together_agree_on_the_secret_key(tmp_path: Path) -> None:
    environ = {"INSTANCE_DIR": str(tmp_path / "new")}
    with ThreadPoolExecutor(16) as threads:
        keys = list(threads.map(lambda _: Settings.from_environ(environ).secret_key, range(64)))
    assert len(set(keys)) == 1


def test_a_damaged_secret_key_is_not_silently_replaced(tmp_path: Path) -> None:
    (tmp_path / "secret_key").write_text("")
    with pytest.raises(SettingError, match="delete the file to make a new one"):
        Settings.from_environ({"INSTANCE_DIR": str(tmp_path)})


def test_no_secret_key_is_made_when_another_setting_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SettingError):
        Settings.from_environ({"INSTANCE_DIR": str(tmp_path), "WORKERS": "many"})
    assert list(tmp_path.iterdir()) == []


def test_requests_may_name_the_public_host_or_the_machine_itself() -> None:
    assert settings(PUBLIC_URL="https://leads.example.com/").trusted_hosts[:2] == ("leads.example.com", "localhost")
    assert settings(TRUSTED_HOSTS="a.example, .b.example").trusted_hosts == ("a.example", ".b.example")


def test_cookies_may_be_secure_exactly_when_people_come_over_tls() -> None:
    assert settings(PUBLIC_URL="https://leads.example.com").is_https
    assert not settings().is_https
