"""Every setting of the portal, read once from the environment, typed, and refused at start when it makes no sense.

Nothing else in the project reads ``os.environ`` for a setting. A refusal names the setting, what stood there and
what was expected, and never repeats a value that may be a secret.
"""

from __future__ import annotations

import os
import secrets
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace
from ipaddress import ip_address
from pathlib import Path
from typing import Literal, Self, TypeVar
from urllib.parse import urlsplit

PROJECT = Path(__file__).resolve().parent.parent
LEAST_SECRET_LENGTH = 32

Environment = Literal["development", "test", "production"]
SmsProvider = Literal["outbox", "twilio"]
LogFormat = Literal["text", "json"]

_YES = frozenset({"1", "true", "yes", "on"})
_NO = frozenset({"0", "false", "no", "off"})

Parsed = TypeVar("Parsed")


class SettingError(ValueError):
    """A setting that makes no sense; the message names it, what it was and what was expected."""

    def __init__(self, name: str, was: str, expected: str) -> None:
        self.name = name
        self.was = was
        self.expected = expected
        super().__init__(f"{name} is {was}; expected {expected}.")


@dataclass(frozen=True, slots=True)
class Settings:
    """All settings. ``None`` means "not set"; what that means stands beside each field."""

    environment: Environment
    instance_dir: Path
    """Absolute. Holds the secret key and, unless URLs replace them, the data of the embedded servers."""
    secret_key: str = field(repr=False)
    database_url: str | None = field(repr=False)
    """``postgresql+psycopg://…``; None = the embedded PostgreSQL."""
    redis_url: str | None = field(repr=False)
    """``redis://``, ``rediss://`` or ``unix://``; None = the embedded Valkey."""
    public_url: str
    """Scheme and host of every link we write, without a slash at the end."""
    trusted_hosts: tuple[str, ...]
    """Host names (no port) a request may be addressed to; a leading dot takes all names below."""
    trusted_proxies: int
    """How many proxies in front of the portal set X-Forwarded-*; 0 = believe none of these headers."""
    mail_server: str | None
    """None = mail is not sent but shown on /outbox."""
    mail_port: int
    mail_use_tls: bool
    mail_username: str | None
    mail_password: str | None = field(repr=False)
    mail_default_sender: str
    sms_provider: SmsProvider
    twilio_account_sid: str | None
    twilio_auth_token: str | None = field(repr=False)
    twilio_from: str | None
    twilio_api_base: str
    vapid_private_key: str | None = field(repr=False)
    vapid_subject: str | None
    google_service_account_file: Path | None
    google_api_base: str | None
    log_format: LogFormat
    workers: int
    """How many quick workers, and as many outside workers, ``portal up`` runs."""
    web_processes: int

    @classmethod
    def from_environ(cls, environ: Mapping[str, str] = os.environ) -> Self:
        """Read all settings.

        An empty value counts as unset. When SECRET_KEY is unset outside production, a key is made and kept in
        INSTANCE_DIR (mode 0600), so that sessions outlive a restart.

        Raises:
            SettingError: a value makes no sense, or one is missing that another setting needs.
        """
        read = _Reader(environ)
        environment = _environment(read)
        instance_dir = read.path("INSTANCE_DIR") or PROJECT / "instance"
        public_url = read.parsed("PUBLIC_URL", _public_url, "http://127.0.0.1:8000")
        _refuse_half_sets(read)
        return cls(
            environment=environment,
            instance_dir=instance_dir,
            database_url=read.parsed("DATABASE_URL", database_url, None, secret=True),
            redis_url=read.parsed("REDIS_URL", _redis_url, None, secret=True),
            public_url=public_url,
            trusted_hosts=read.parsed("TRUSTED_HOSTS", _host_names, _default_hosts(public_url)),
            trusted_proxies=read.integer("TRUSTED_PROXIES", 0, least=0, most=10),
            mail_server=read.parsed("MAIL_SERVER", _host_name, None),
            mail_port=read.integer("MAIL_PORT", 25, least=1, most=65535),
            mail_use_tls=read.yes_or_no("MAIL_USE_TLS", False),
            mail_username=read.text("MAIL_USERNAME"),
            mail_password=read.text("MAIL_PASSWORD"),
            mail_default_sender=read.parsed("MAIL_DEFAULT_SENDER", _sender, "Baton <portal@localhost>"),
            sms_provider=_sms_provider(read),
            twilio_account_sid=read.text("TWILIO_ACCOUNT_SID"),
            twilio_auth_token=read.text("TWILIO_AUTH_TOKEN"),
            twilio_from=read.parsed("TWILIO_FROM", _sms_sender, None),
            twilio_api_base=read.parsed("TWILIO_API_BASE", _http_base, "https://api.twilio.com"),
            vapid_private_key=read.text("VAPID_PRIVATE_KEY"),
            vapid_subject=read.parsed("VAPID_SUBJECT", _vapid_subject, None),
            google_service_account_file=_readable_file(read, "GOOGLE_SERVICE_ACCOUNT_FILE"),
            google_api_base=read.parsed("GOOGLE_API_BASE", _http_base, None),
            log_format=_log_format(read),
            workers=read.integer("WORKERS", 1, least=1, most=64),
            web_processes=read.integer("WEB_PROCESSES", 1, least=1, most=64),
            # Last: it may write a file, which a refusal of any other setting must not leave behind.
            secret_key=_secret_key(read, environment, instance_dir),
        )

    @property
    def is_https(self) -> bool:
        """Whether people reach the portal over TLS, so that cookies may be Secure and HSTS be sent."""
        return self.public_url.startswith("https://")

    def with_servers(self, database: str, redis: str) -> Self:
        """The same settings, pointing at these two servers (both in the form ``from_environ`` gives them)."""
        return replace(self, database_url=database, redis_url=redis)


class _Reader:
    """Looks settings up by name and turns what a parser refuses into a SettingError."""

    def __init__(self, environ: Mapping[str, str]) -> None:
        self._environ = environ

    def text(self, name: str) -> str | None:
        value = self._environ.get(name, "").strip()
        if any(ord(character) < 32 or ord(character) == 127 for character in value):
            raise SettingError(name, "a text with control characters in it", "one line of plain text")
        return value or None

    def parsed(
        self, name: str, parse: Callable[[str], Parsed], default: Parsed | None, *, secret: bool = False
    ) -> Parsed:
        value = self.text(name)
        if value is None:
            # The caller's default has the type it asks for; None is only passed where the field may be None.
            return default  # type: ignore[return-value]
        try:
            return parse(value)
        except ValueError as refusal:
            was = "set to something else (not shown, it may hold a password)" if secret else repr(value)
            raise SettingError(name, was, str(refusal)) from None

    def integer(self, name: str, default: int, *, least: int, most: int) -> int:
        def parse(value: str) -> int:
            expected = f"a whole number from {least} to {most}"
            if not (value.isascii() and value.isdigit()) or not least <= int(value) <= most:
                raise ValueError(expected)
            return int(value)

        return self.parsed(name, parse, default)

    def yes_or_no(self, name: str, default: bool) -> bool:
        def parse(value: str) -> bool:
            if value.lower() not in _YES | _NO:
                raise ValueError("1, true, yes or on, or 0, false, no or off")
            return value.lower() in _YES

        return self.parsed(name, parse, default)

    def one_of(self, name: str, choices: tuple[str, ...]) -> str:
        """The value, or the first choice when unset."""

        def parse(value: str) -> str:
            if value not in choices:
                raise ValueError("one of " + ", ".join(choices))
            return value

        return self.parsed(name, parse, choices[0])

    def path(self, name: str) -> Path | None:
        """An absolute path; a relative one is taken from the project's folder, never from where we were started."""
        value = self.text(name)
        return None if value is None else Path(os.path.normpath(PROJECT / Path(value).expanduser()))


def database_url(value: str) -> str:
    """A PostgreSQL address in the form SQLAlchemy with psycopg 3 wants it.

    Args:
        value: ``postgres://``, ``postgresql://`` or ``postgresql+psycopg://`` and what follows.

    Raises:
        ValueError: it is not the address of a PostgreSQL database.
    """
    expected = "a PostgreSQL address such as postgresql://user:password@host:5432/database"
    scheme, separator, rest = value.partition("://")
    if not separator or scheme not in {"postgres", "postgresql", "postgresql+psycopg"}:
        raise ValueError(expected)
    parts = _split(f"postgresql://{rest}", expected)
    if not parts.path.strip("/"):
        raise ValueError(f"{expected}; the name of the database is missing")
    return f"postgresql+psycopg://{rest}"


def _redis_url(value: str) -> str:
    expected = "a Redis or Valkey address such as redis://host:6379/0 or unix:///path/to/socket"
    parts = _split(value, expected)
    if parts.scheme == "unix" and parts.path.startswith("/"):
        return value
    if parts.scheme in {"redis", "rediss"} and parts.hostname:
        return value
    raise ValueError(expected)


def _public_url(value: str) -> str:
    expected = "a web address without a path, such as https://leads.example.com"
    parts = _split(value, expected)
    if parts.scheme not in {"http", "https"} or not parts.hostname or parts.username or parts.query or parts.fragment:
        raise ValueError(expected)
    if parts.path not in {"", "/"}:
        raise ValueError(f"{expected}; the portal cannot live below a path")
    return value.rstrip("/")


def _http_base(value: str) -> str:
    expected = "a web address such as https://api.example.com"
    parts = _split(value, expected)
    if parts.scheme not in {"http", "https"} or not parts.hostname or parts.query or parts.fragment:
        raise ValueError(expected)
    return value.rstrip("/")


def _split(value: str, expected: str):  # type: ignore[no-untyped-def]
    """``urlsplit`` that also looks at the port, which the standard library checks only when asked."""
    try:
        parts = urlsplit(value)
        _ = parts.port
    except ValueError:
        raise ValueError(expected) from None
    return parts


def _host_name(value: str) -> str:
    bare = value.removeprefix(".")
    with suppress(ValueError):
        return str(ip_address(bare.strip("[]")))
    labels = bare.rstrip(".").split(".")
    if len(bare) > 253 or not all(_is_label(label) for label in labels):
        raise ValueError("a host name such as mail.example.com, without scheme, port or path")
    return value.lower()


def _is_label(label: str) -> bool:
    inner = label.replace("-", "").replace("_", "")
    return 0 < len(label) <= 63 and inner.isascii() and inner.isalnum() and label.strip("-") == label


def _host_names(value: str) -> tuple[str, ...]:
    return tuple(_host_name(part.strip()) for part in value.split(",") if part.strip())


def _default_hosts(public_url: str) -> tuple[str, ...]:
    # The machine's own names stay reachable, so that a health check on the box needs no Host header.
    host = urlsplit(public_url).hostname or "localhost"
    return tuple(dict.fromkeys((host, "localhost", "127.0.0.1", "::1")))


def _sender(value: str) -> str:
    address = value[value.rfind("<") + 1 : -1] if value.endswith(">") and "<" in value else value
    local, _, domain = address.rpartition("@")
    if not local or not domain or any(character in " <>,;" for character in address):
        raise ValueError("an e-mail address, such as leads@example.com or Our Leads <leads@example.com>")
    return value


def _sms_sender(value: str) -> str:
    digits = value.removeprefix("+")
    is_number = value.startswith("+") and digits.isascii() and digits.isdigit() and 7 <= len(digits) <= 15
    is_service = value.startswith("MG") and len(value) == 34
    if not (is_number or is_service):
        raise ValueError("a number such as +14155550100 or the id of a messaging service (MG…)")
    return value


def _vapid_subject(value: str) -> str:
    # Push services answer 403 to made-up subjects; RFC 8292 section 2.1 allows these two forms.
    if not (value.startswith("mailto:") and "@" in value) and not value.startswith("https://"):
        raise ValueError("mailto: and an e-mail address, or an https: address")
    return value


def _environment(read: _Reader) -> Environment:
    match read.one_of("PORTAL_ENV", ("development", "test", "production")):
        case "production":
            return "production"
        case "test":
            return "test"
        case _:
            return "development"


def _sms_provider(read: _Reader) -> SmsProvider:
    return "twilio" if read.one_of("SMS_PROVIDER", ("outbox", "twilio")) == "twilio" else "outbox"


def _log_format(read: _Reader) -> LogFormat:
    return "json" if read.one_of("LOG_FORMAT", ("text", "json")) == "json" else "text"


def _readable_file(read: _Reader, name: str) -> Path | None:
    path = read.path(name)
    if path is not None and not os.access(path, os.R_OK):
        raise SettingError(name, repr(str(path)), "a file this user can read")
    return path


_NEEDED_BY = {
    # setting: (the others it is useless without)
    "MAIL_PASSWORD": ("MAIL_USERNAME",),
    "MAIL_USERNAME": ("MAIL_SERVER", "MAIL_PASSWORD"),
    "VAPID_PRIVATE_KEY": ("VAPID_SUBJECT",),
    "VAPID_SUBJECT": ("VAPID_PRIVATE_KEY",),
}


def _refuse_half_sets(read: _Reader) -> None:
    needs = dict(_NEEDED_BY)
    if _sms_provider(read) == "twilio":
        needs["SMS_PROVIDER"] = ("TWILIO_ACCOUNT_SID", "TWILIO_AUTH_TOKEN", "TWILIO_FROM")
    for name, others in needs.items():
        for other in others:
            if read.text(name) is not None and read.text(other) is None:
                raise SettingError(other, "not set", f"a value, because {name} is set and needs it")


def _secret_key(read: _Reader, environment: Environment, instance_dir: Path) -> str:
    given = read.text("SECRET_KEY")
    expected = f"at least {LEAST_SECRET_LENGTH} characters nobody can guess"
    if given is not None:
        if len(given) < LEAST_SECRET_LENGTH:
            raise SettingError("SECRET_KEY", f"only {len(given)} characters long", expected)
        return given
    if environment == "production":
        raise SettingError("SECRET_KEY", "not set", f"{expected}, because PORTAL_ENV is production")
    return _kept_secret_key(instance_dir)


def _kept_secret_key(instance_dir: Path) -> str:
    path = instance_dir / "secret_key"
    try:
        if not path.exists():
            _make_secret_key(path)
        kept = path.read_text(encoding="ascii").strip()
    except (OSError, UnicodeDecodeError) as error:
        expected = f"a folder to keep {path.name} in ({error})"
        raise SettingError("INSTANCE_DIR", repr(str(instance_dir)), expected) from None
    if len(kept) < LEAST_SECRET_LENGTH:
        expected = "the key the portal once wrote there; delete the file to make a new one (everybody is signed out)"
        raise SettingError("SECRET_KEY", f"not set, and {path} is too short", expected)
    return kept


def _make_secret_key(path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(f"{path.name}.{os.getpid()}.{secrets.token_hex(4)}")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(descriptor, "w", encoding="ascii") as file:
            file.write(secrets.token_hex(32))
        # A hard link is made or not, never half: of two first starts one wins and both read the same key.
        with suppress(FileExistsError):
            os.link(draft, path)
    finally:
        draft.unlink()
