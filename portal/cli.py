"""The `portal` command: start everything, make a company, look behind a decision, check the books."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any
from uuid import UUID

import click

from portal.config import SettingError, Settings
from portal.errors import ProductError
from portal.supervisor.refusal import RefusalError

if TYPE_CHECKING:
    # `portal up` runs for months, and needs neither the second nor the 50 MB this takes.
    from apiflask import APIFlask


@click.group(help=__doc__, context_settings={"help_option_names": ["-h", "--help"]})
def portal() -> None:
    pass


def main() -> int:
    """Run a command; what goes wrong is one sentence on standard error and exit status 1 or 2."""
    try:
        portal.main(prog_name="portal", standalone_mode=False)
    except click.exceptions.Exit as end:
        return end.exit_code
    except click.Abort:
        return 130
    except click.ClickException as refusal:
        refusal.show()
        return refusal.exit_code
    except (SettingError, RefusalError) as refusal:
        click.echo(refusal, err=True)
        return 1
    except ProductError as error:
        click.echo(_in_words(error), err=True)
        return 1
    return 0


def _in_words(error: ProductError) -> str:
    if not error.errors:
        return error.detail
    return "\n".join(f"{wrong.field}: {wrong.message}" for wrong in error.errors)


@contextmanager
def _application() -> Iterator[APIFlask]:
    """The application on its migrated database, started for a moment unless `portal up` runs."""
    from flask_migrate import upgrade

    from portal import bind_migrations, create_app
    from portal.operations.auditing import coming_from
    from portal.supervisor.servers import embedded_servers

    with embedded_servers(Settings.from_environ()) as settings:
        app = create_app(settings)
        with app.app_context():
            bind_migrations(app)
            upgrade()
            with coming_from("the command line"):
                yield app


@portal.command()
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on.")
@click.option("--port", default=8000, show_default=True, type=click.IntRange(1, 65535))
@click.option("--web", type=click.IntRange(1, 64), help="Web processes; else WEB_PROCESSES.")
@click.option("--workers", type=click.IntRange(1, 64), help="Quick and outside workers each; else WORKERS.")
def up(host: str, port: int, web: int | None, workers: int | None) -> None:
    """Start the servers, web and workers, and keep them running until Ctrl-C."""
    from portal.supervisor.up import run

    sys.exit(run(Settings.from_environ(), host, port, web, workers))


@portal.command()
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on.")
@click.option("--port", default=8000, show_default=True, type=click.IntRange(1, 65535))
@click.option("--fresh", is_flag=True, help="Forget the data of earlier demos first.")
@click.option("--quiet", is_flag=True, help="No new leads while it runs.")
def demo(host: str, port: int, fresh: bool, quiet: bool) -> None:
    """Serve a demo company to look around in."""
    from portal import demo as demo_company

    sys.exit(demo_company.main(Settings.from_environ(), host=host, port=port, fresh=fresh, quiet=quiet))


@portal.group()
def company() -> None:
    """Companies."""


@company.command("create")
@click.option("--name", required=True)
@click.option("--email", required=True, help="The owner signs in with it.")
@click.option("--password", help="The owner's; without it a link to set one is sent.")
@click.option("--timezone", "time_zone", default="UTC", show_default=True, help="IANA name, such as Europe/Berlin.")
@click.option("--country", default="US", show_default=True, help="Two letters; the home of phone numbers.")
@click.option("--json", "as_json", is_flag=True, help="For programs.")
def company_create(name: str, email: str, password: str | None, time_zone: str, country: str, as_json: bool) -> None:
    """Make a company with its owner and a full API key."""
    from portal.operations.company import create_company

    with _application():
        made = create_company(name=name, email=email, password=password, time_zone=time_zone, country=country)
    if as_json:
        _print_json(company_id=str(made.company_id), user_id=str(made.user_id), api_key=made.api_key)
        return
    click.echo(f"{name} is ready. {email} owns it.")
    click.echo(f"company   {made.company_id}\nowner     {made.user_id}\nAPI key   {made.api_key}   (shown this once)")


@portal.group()
def user() -> None:
    """People."""


@user.command("invite")
@click.option("--company", "company_id", required=True, type=click.UUID)
@click.option("--name", required=True)
@click.option("--email", required=True)
@click.option("--role", "roles", multiple=True, default=("agent",), show_default=True, help="May be given twice.")
@click.option("--json", "as_json", is_flag=True, help="For programs.")
def user_invite(company_id: UUID, name: str, email: str, roles: tuple[str, ...], as_json: bool) -> None:
    """Add a person; they are sent a link to set a password."""
    from portal.operations.people import add_user

    with _application(), _company(company_id) as owner:
        person = add_user(by=owner, name=name, email=email, roles=roles)
        user_id = str(person.id)
    if as_json:
        _print_json(user_id=user_id)
    else:
        click.echo(f"{name} was added and is sent a link to set a password.\nuser   {user_id}")


@portal.group()
def key() -> None:
    """API keys."""


@key.command("create")
@click.option("--company", "company_id", required=True, type=click.UUID)
@click.option("--scope", type=click.Choice(["intake", "full"]), default="intake", show_default=True)
@click.option("--as", "as_email", help="The user it acts as, by e-mail; else the owner.")
@click.option("--json", "as_json", is_flag=True, help="For programs.")
def key_create(company_id: UUID, scope: str, as_email: str | None, as_json: bool) -> None:
    """Make an API key. It is shown this once."""
    from portal.operations.keys import make_key

    with _application(), _company(company_id) as owner:
        made, secret = make_key(by=owner, scope=scope, as_email=as_email)
        key_id = str(made.id)
    if as_json:
        _print_json(id=key_id, key=secret, scope=scope)
    else:
        click.echo(f"{secret}   (shown this once)")


@contextmanager
def _company(company_id: UUID) -> Iterator[Any]:
    """The company entered, and its owner: who has a shell on the server acts for them."""
    from portal.models.tenancy import inside_company
    from portal.queries.people import active_owner_ids, users_by_id

    with inside_company(company_id):
        owners = users_by_id(active_owner_ids())
        if not owners:
            raise click.ClickException(f"There is no company {company_id}.")
        yield min(owners.values(), key=lambda owner: owner.created_at)


@portal.command()
@click.option(
    "--late-by", default=5.0, show_default=True, help="Seconds an offer may be past its end, with workers up."
)
@click.option("--json", "as_json", is_flag=True, help="For programs.")
def check(late_by: float, as_json: bool) -> None:
    """Verify what must hold at every moment, over the whole database; exit 1 and a list where it does not."""
    from portal.operations.check import check_all

    with _application():
        breaches = check_all(late_by=late_by)
    if as_json:
        click.echo(json.dumps([{"rule": one.rule, "what": one.what, "subject": str(one.subject)} for one in breaches]))
    else:
        for one in breaches:
            click.echo(f"rule {one.rule}: {one.what} ({one.subject})")
        click.echo("Everything holds." if not breaches else f"{len(breaches)} breaches.")
    sys.exit(1 if breaches else 0)


@portal.command()
@click.argument("lead", type=click.UUID)
@click.option("--json", "as_json", is_flag=True, help="For programs.")
def explain(lead: UUID, as_json: bool) -> None:
    """Say in sentences who got a lead and why."""
    from portal.models.tenancy import inside_company
    from portal.queries import across
    from portal.queries.story import story_of

    with _application():
        for company_id in across.company_ids():
            with inside_company(company_id):
                story = story_of(lead)
            if story:
                break
        else:
            raise click.ClickException(f"There is no lead {lead}.")
    if as_json:
        click.echo(json.dumps(story))
    else:
        click.echo("\n".join(f"{line['at']}  {line['text']}" for line in story))


@portal.group()
def config() -> None:
    """How a company hands out leads, as a file: tags, pools, rules and the settings that count."""


_WHOSE = click.option("--company", "company_id", type=click.UUID, help="Its id; not needed where there is one company.")


@config.command("export")
@click.argument("file", type=click.File("w", encoding="utf-8", lazy=True))
@_WHOSE
def config_export(file: Any, company_id: UUID | None) -> None:
    """Write the set-up into FILE (- = show it)."""
    from portal.operations.setup_told import setup_now

    with _application(), _company(company_id or _only_company()) as owner:
        file.write(json.dumps(setup_now(owner.company_id), indent=2, ensure_ascii=False) + "\n")


@config.command("plan")
@click.argument("file", type=click.File("rb"))
@_WHOSE
@click.option("--json", "as_json", is_flag=True, help="For programs.")
def config_plan(file: Any, company_id: UUID | None, as_json: bool) -> None:
    """Say what FILE would change, and change nothing."""
    from portal.operations.setup_apply import plan_setup

    wanted = _read_setup(file)
    with _application(), _company(company_id or _only_company()) as owner:
        found = plan_setup(wanted, by=owner)
    _tell_differences(found, as_json, nothing="Nothing would change.")


@config.command("apply")
@click.argument("file", type=click.File("rb"))
@_WHOSE
@click.option("--json", "as_json", is_flag=True, help="For programs.")
def config_apply(file: Any, company_id: UUID | None, as_json: bool) -> None:
    """Make the set-up what FILE says: all of it, or nothing where something in it makes no sense."""
    from portal.operations.setup_apply import apply_setup

    wanted = _read_setup(file)
    with _application(), _company(company_id or _only_company()) as owner:
        found = apply_setup(wanted, by=owner)
    _tell_differences(found, as_json, nothing="It is so already; nothing was changed.")


def _only_company() -> UUID:
    from portal.queries import across

    companies = across.company_ids()
    if len(companies) != 1:
        raise click.ClickException(f"There are {len(companies)} companies here. Say which one with --company ID.")
    return companies[0]


def _read_setup(file: Any) -> Any:
    try:
        return json.loads(file.read().decode("utf-8"))
    except UnicodeDecodeError as error:
        raise click.ClickException(f"{file.name} is not UTF-8: byte {error.start} cannot be read.") from None
    except (ValueError, RecursionError) as error:
        raise click.ClickException(f"{file.name} is not JSON: {error}.") from None


def _tell_differences(found: Any, as_json: bool, *, nothing: str) -> None:
    from dataclasses import asdict

    if as_json:
        click.echo(json.dumps([asdict(each) for each in found], ensure_ascii=False))
        return
    click.echo("\n".join(map(str, found)) or nothing)


@portal.group()
def postcodes() -> None:
    """Where postcodes are, for all companies here."""


@postcodes.command("import")
@click.argument("file", type=click.File("r", encoding="utf-8"))
@click.option("--json", "as_json", is_flag=True, help="For programs.")
def postcodes_import(file: Any, as_json: bool) -> None:
    """Take in FILE: a list from GeoNames, or lines such as US;78704;30.243;-97.765. What is known stays."""
    from portal.operations.postcodes import import_postcodes

    try:
        with _application():
            found = import_postcodes(file)
    except UnicodeDecodeError as error:
        raise click.ClickException(f"{file.name} is not UTF-8: byte {error.start} cannot be read.") from None
    if as_json:
        _print_json(**{country: str(count) for country, count in sorted(found.items())})
    else:
        click.echo("\n".join(f"{country}   {count} postcodes" for country, count in sorted(found.items())))


@portal.group()
def ledger() -> None:
    """The turn ledger."""


@ledger.command("rebuild")
@click.option("--check", "only_check", is_flag=True, help="Compare, change nothing.")
@click.option("--json", "as_json", is_flag=True, help="For programs.")
def ledger_rebuild(only_check: bool, as_json: bool) -> None:
    """Make the accounts what the ledger's entries come to; with --check only compare, and exit 1 where they differ."""
    from portal.operations.check import ledger_breaches

    with _application():
        put_right = [] if only_check else _rebuild_ledgers()
        breaches = ledger_breaches()
    if as_json:
        left = [{"what": one.what, "subject": one.subject} for one in breaches]
        click.echo(json.dumps({"put_right": [str(each) for each in put_right], "breaches": left}))
    else:
        told = [f"Put right: {each}." for each in put_right] + [f"{one.what} ({one.subject})" for one in breaches]
        told.append(f"{len(breaches)} findings." if breaches else "The accounts equal their entries.")
        click.echo("\n".join(told))
    sys.exit(1 if breaches else 0)


def _rebuild_ledgers() -> list[Any]:
    from portal.operations.ledger_rebuild import rebuild
    from portal.queries import across

    found = []
    for company_id in across.company_ids():
        with _company(company_id) as owner:
            found += rebuild(by=owner)
    return found


def _print_json(**values: str) -> None:
    click.echo(json.dumps(values))


if __name__ == "__main__":
    sys.exit(main())
