"""The machine the figures come from, and how busy it was with other things."""

from __future__ import annotations

import os
import platform
import re
import subprocess
from pathlib import Path

import psutil

from portal.config import Settings
from portal.supervisor.places import places
from portal.supervisor.postgres_binaries import find_binaries


def described() -> str:
    """Processor, cores, memory and versions, in one line."""
    memory = psutil.virtual_memory().total / 2**30
    return (
        f"{_processor()}, {len(os.sched_getaffinity(0))} cores, {memory:.0f} GB, {platform.system()} "
        f"{platform.release()}, {_postgres()}, Python {platform.python_version()}"
    )


def is_quiet() -> bool:
    """Whether less than a third of the machine was in use over the last minute."""
    return os.getloadavg()[0] < len(os.sched_getaffinity(0)) / 3


def load() -> float:
    """How long the queue for the processor was over the last five minutes, others' programs included."""
    return os.getloadavg()[1]


def _processor() -> str:
    told = Path("/proc/cpuinfo")
    found = re.search(r"model name\s*:\s*(.+)", told.read_text()) if told.exists() else None
    return found[1].strip() if found else platform.processor() or platform.machine()


def _postgres() -> str:
    folder = find_binaries(places(Settings.from_environ().instance_dir)).folder
    told = subprocess.run([folder / "postgres", "--version"], capture_output=True, text=True, check=True).stdout
    return " ".join(told.replace("(", "").replace(")", "").split()[:3:2])
