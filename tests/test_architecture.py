"""The promises of the tree, kept by reading the code."""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

PORTAL = Path(__file__).parent.parent / "portal"
BELONG_TO_A_REQUEST = {"request", "session", "g", "current_user"}
SAY_NOTHING = {"util", "utils", "helper", "helpers", "common", "misc"}


def imports_of(path: Path) -> Iterator[tuple[str, str]]:
    """Every import as (module, name); the name is empty for a plain import."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from ((alias.name, "") for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield from ((node.module or "", alias.name) for alias in node.names)


def files_below(folder: str) -> list[Path]:
    found = sorted((PORTAL / folder).rglob("*.py"))
    assert found, f"portal/{folder} is empty: this test would prove nothing"
    return found


def test_imports_go_down_only() -> None:
    command = [str(Path(sys.executable).parent / "lint-imports"), "--no-cache"]
    checked = subprocess.run(command, cwd=PORTAL.parent, capture_output=True, text=True, check=False)
    assert checked.returncode == 0, checked.stdout + checked.stderr


@pytest.mark.parametrize("path", files_below("routing"), ids=lambda path: path.name)
def test_routing_imports_the_standard_library_only(path: Path) -> None:
    outside = [
        module
        for module, _ in imports_of(path)
        if module.split(".")[0] not in sys.stdlib_module_names and not module.startswith("portal.routing")
    ]
    assert outside == []


@pytest.mark.parametrize("path", files_below("routing"), ids=lambda path: path.name)
def test_routing_has_no_clock_and_no_randomness_of_its_own(path: Path) -> None:
    forbidden = {"random", "secrets", "time", "os"}
    assert [module for module, _ in imports_of(path) if module.split(".")[0] in forbidden] == []
    calls = [node for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))) if isinstance(node, ast.Attribute)]
    assert [node.attr for node in calls if node.attr in {"now", "utcnow", "today"}] == []


@pytest.mark.parametrize("folder", ["operations", "queries", "routing", "models", "messages"])
def test_what_lies_below_the_shells_never_reads_the_request(folder: str) -> None:
    readers = [
        (path.name, name)
        for path in files_below(folder)
        for module, name in imports_of(path)
        if module in ("flask", "flask_login") and name in BELONG_TO_A_REQUEST
    ]
    assert readers == []


def test_only_one_module_looks_across_companies() -> None:
    lookups = ("enter_by_key(", "memberships_of(", "work_due(", "work_waiting(", "company_ids(")
    callers = {
        path.relative_to(PORTAL).as_posix()
        for path in PORTAL.rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Constant)
        and isinstance(node.value, str)
        and any(f"FROM {lookup}" in node.value for lookup in lookups)
    }
    assert callers == {"queries/across.py"}


def test_every_file_name_says_what_it_is_about() -> None:
    assert [path for path in PORTAL.rglob("*.py") if path.stem in SAY_NOTHING] == []
