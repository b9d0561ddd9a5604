"""A demo company one can look around in: people, pools, four weeks of leads, and new ones that keep coming."""

from __future__ import annotations

import sys
from dataclasses import replace
from functools import partial
from urllib.parse import urlsplit

from portal.config import PROJECT, Settings
from portal.demo import seed
from portal.demo.cast import CAST, PASSWORD
from portal.demo.drip import KEY_FILE
from portal.supervisor import up
from portal.supervisor.processes import Command
from portal.supervisor.refusal import RefusalError
from portal.supervisor.servers import remove_data


def main(settings: Settings, *, host: str, port: int, fresh: bool, quiet: bool) -> int:
    """Serve the demo company until somebody says stop.

    Args:
        settings: as for `portal up`. Without an INSTANCE_DIR of its own the demo keeps apart from the real data.
        fresh: forget the data of earlier demos first.
        quiet: no new leads while it runs.

    Returns:
        The exit status.
    """
    settings = _apart(settings)
    if fresh:
        _forget(settings)
    drip = [] if quiet else [_drip(settings, host, port)]
    return up.run(settings, host, port, before_ready=partial(_prepare, port=port), also=drip)


def _apart(settings: Settings) -> Settings:
    if settings.instance_dir == PROJECT / "instance":
        return replace(settings, instance_dir=settings.instance_dir / "demo")
    return settings


def _forget(settings: Settings) -> None:
    if settings.database_url is not None:
        raise RefusalError("--fresh removes the embedded database's data, but DATABASE_URL names another one.")
    remove_data(settings)
    (settings.instance_dir / KEY_FILE).unlink(missing_ok=True)


def _prepare(settings: Settings, port: int) -> None:
    is_demo = seed.seed(settings)
    host = urlsplit(settings.public_url).netloc
    if not is_demo:
        print(f"\nThe demo was wiped: the company on http://{host} is yours, sign in as you do.", flush=True)
        print("bin/demo --fresh forgets it and makes the demo anew.\n", flush=True)
        return
    print(f"\nThe demo company on http://{host} — sign in as:", flush=True)
    for person in CAST[:4]:
        print(f"  {person.email:<24} {PASSWORD}   ({person.title})", flush=True)
    print("Messages are not sent but shown, with working links, under Outbox.\n", flush=True)


def _drip(settings: Settings, host: str, port: int) -> Command:
    key = str(settings.instance_dir / KEY_FILE)
    address = "127.0.0.1" if host in ("", "0.0.0.0", "::") else host  # noqa: S104 (compared, not listened on)
    # Not -m: this package imports the module already, and running it once more would be a second copy.
    program = "import sys; from portal.demo.drip import main; main(*sys.argv[1:])"
    arguments = [sys.executable, "-P", "-c", program, f"http://{address}:{port}", key]
    return Command(name="leads", arguments=arguments, folder=PROJECT)
