"""A whole portal in miniature for the supervisor's tests: real servers, a tiny web program and tiny workers.

Run as ``python stand_in.py INSTANCE_DIR PORT [--fail-first] [--seed FILE]``.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from portal.config import Settings
from portal.supervisor.migration import Migration
from portal.supervisor.processes import Command
from portal.supervisor.up import supervise

HERE = Path(__file__).resolve().parent


def main() -> int:
    parser = argparse.ArgumentParser()
    parser.add_argument("instance_dir")
    parser.add_argument("port", type=int)
    parser.add_argument("--fail-first", action="store_true")
    parser.add_argument("--seed", type=Path)
    parser.add_argument("--also", help="one more program to keep running: Python source")
    options = parser.parse_args()
    settings = Settings.from_environ({"INSTANCE_DIR": options.instance_dir})
    work = [
        Command("web", [sys.executable, str(HERE / "stand_in_web.py"), str(options.port)]),
        Command("quick", [sys.executable, str(HERE / "stand_in_worker.py")]),
        Command("outside", [sys.executable, str(HERE / "stand_in_worker.py")]),
    ]
    if options.also:
        work.append(Command("also", [sys.executable, "-c", options.also]))
    migration = Migration(Command("migrate", [sys.executable, "-c", f"raise SystemExit({int(options.fail_first)})"]))

    def seed(complete: Settings) -> None:
        options.seed.write_text(f"{complete.database_url} {complete.redis_url}")

    return supervise(settings, work, migration, "127.0.0.1", options.port, seed if options.seed else None)


if __name__ == "__main__":
    raise SystemExit(main())
