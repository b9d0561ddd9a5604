"""Takes pictures of every page of the demo, for the phone and the desk, light and dark.

Without --at a demo of its own is started in a temporary folder and ends with the script. To look at pages while you
work on them, start bin/demo once and take pictures of it as often as you like:

    bin/demo --quiet &
    bin/screenshots --at http://127.0.0.1:8000 --only lead --size phone

Which pages there are, and who looks at them, is one list: screenshots/pages.py. Where the demo has nothing to show for
one of them, the others are taken and the script ends with 1.
"""

from __future__ import annotations

import argparse
import signal
import sys
from collections.abc import Iterator
from contextlib import nullcontext
from pathlib import Path

from portal.config import PROJECT
from screenshots import stage
from screenshots.camera import LOOKS, SIZES, VIEWS, Camera, View
from screenshots.pages import IN_DOCS, PAGES, Shown, Who
from screenshots.subjects import Subjects, subjects

DOCS = PROJECT / "docs" / "screenshots"


def main() -> int:
    # Asked to end, whatever was started here ends, too.
    signal.signal(signal.SIGTERM, lambda _number, _frame: sys.exit(143))
    asked = _parser().parse_args()
    wanted = list(_for_docs() if asked.docs else _wanted(asked))
    if not wanted:
        print(f"No page is called like that; there are: {', '.join(shown.name for shown in PAGES)}", file=sys.stderr)
        return 2
    folder = DOCS if asked.docs else asked.out
    folder.mkdir(parents=True, exist_ok=True)
    demo = nullcontext(stage.running(asked.at, asked.instance)) if asked.at else stage.own_demo()
    with demo as running:
        known = subjects(running.settings)
        with Camera(running.address, known.emails, whole=not (asked.fold or asked.docs)) as camera:
            missing = {
                shown.name for shown, view in wanted if not _take(camera, shown, view, known, folder, asked.docs)
            }
    if missing:
        print(f"Nothing to show just now for: {', '.join(sorted(missing))}", file=sys.stderr)
    return 1 if missing else 0


def _wanted(asked: argparse.Namespace) -> Iterator[tuple[Shown, View]]:
    for shown in PAGES:
        if asked.only and not any(word in shown.name for word in asked.only):
            continue
        for view in VIEWS:
            if asked.size in (None, view.size) and asked.look in (None, view.look):
                yield shown, view


def _for_docs() -> Iterator[tuple[Shown, View]]:
    by_name = {shown.name: shown for shown in PAGES}
    for name, size, look in IN_DOCS:
        yield by_name[name], View(size, look)


def _take(camera: Camera, shown: Shown, view: View, known: Subjects, folder: Path, is_small: bool) -> bool:
    """One picture, unless the demo has nothing to show on the page just now."""
    path = _path(shown, known)
    if path is None:
        return False
    to = folder / f"{shown.name}-{view}.{'webp' if is_small else 'png'}"
    camera.take(shown, path, view, to)
    print(to, flush=True)
    return True


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
    parser.add_argument("--docs", action="store_true", help="only the few of the documentation, into docs/screenshots/")
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
