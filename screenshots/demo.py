"""Serves the demo for the pictures: no new leads while it runs."""

from __future__ import annotations

import sys

from portal import demo
from portal.config import Settings

if __name__ == "__main__":
    sys.exit(demo.main(Settings.from_environ(), host="127.0.0.1", port=int(sys.argv[1]), fresh=False, quiet=True))
