"""Takes pictures of every page of the demo, for the phone and the desk, light and dark.

Without --at a demo of its own is started in a temporary folder and ends with the script. To look at pages while you
work on them, start bin/demo once and take pictures of it as often as you like:

    bin/demo --quiet &
    bin/screenshots --at http://127.0.0.1:8000 --only lead --size phone

Which pages there are, and who looks at them, is one list: screenshots/pages.py.
"""

from __future__ import annotations

import argparse
import sys
from contextlib import nullcontext
from pathlib import Path

from portal.config import PROJECT
from screenshots import stage
from screenshots.camera import LOOKS, SIZES, VIEWS, Camera
from screenshots.pages import PAGES, Shown, Who
from screenshots.subjects import Subjects, subjects


def main() -> int:
    asked = _parser().parse_args()
    pages = [shown for shown in PAGES if not asked.only or any(word in shown.name for word in asked.only)]
    if not pages:
        print(f"No page is called like that; there are: {', '.join(shown.name for shown in PAGES)}", file=sys.stderr)
        return 2
    views = [view for view in VIEWS if asked.size in (None, view.size) and asked.look in (None, view.look)]
    asked.out.mkdir(parents=True, exist_ok=True)
    demo = nullcontext(stage.running(asked.at, asked.instance)) if asked.at else stage.own_demo()
    missing = []
    with demo as shown_demo:
        known = subjects(shown_demo.settings)
        with Camera(shown_demo.address, known.emails, whole=not asked.fold) as camera:
            for shown in pages:
                path = _path(shown, known)
                if path is None:
                    missing.append(shown.name)
                    continue
                for picture in camera.take_all(shown, path, views, asked.out):
                    print(picture, flush=True)
    if missing:
        print(f"Nothing to show just now for: {', '.join(missing)}", file=sys.stderr)
    return 0


def _path(shown: Shown, known: Subjects) -> str | None:
    """The page's path; None where the demo has nothing to show on it just now."""
    if shown.who is not Who.NOBODY and shown.who not in known.emails:
        return None
    try:
        return shown.path.format_map(known.named)
    except KeyError:
        return None


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="bin/screenshots", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--only", action="append", metavar="WORD", help="pages with this in their name; repeatable")
    parser.add_argument("--size", choices=list(SIZES), help="phone: 360 × 800, desk: 1280 × 800; both if not given")
    parser.add_argument("--look", choices=LOOKS, help="both if not given")
    parser.add_argument("--fold", action="store_true", help="only what is seen without scrolling")
    parser.add_argument("--at", metavar="URL", help="a demo that runs already; pages behind links need its PUBLIC_URL")
    parser.add_argument(
        "--instance", type=Path, default=PROJECT / "instance" / "demo", help="the data folder of that demo"
    )
    parser.add_argument(
        "--out", type=Path, default=PROJECT / "instance" / "screenshots", help="where to; not in the repository"
    )
    return parser


if __name__ == "__main__":
    sys.exit(main())
