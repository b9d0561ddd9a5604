"""``bin/demo`` and ``bin/test`` from nothing, on a project with no packages, so that nothing has to be fetched."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from importlib import metadata
from pathlib import Path

import pytest
from packaging.requirements import Requirement

PROJECT = Path(__file__).resolve().parents[1]

TELLS_ITS_ARGUMENTS = """
import os, sys
def main():
    print(os.getcwd(), *sys.argv)
"""


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A project whose folder has a name that needs quoting and whose lock files are empty."""
    folder = tmp_path / "it's a project"
    shutil.copytree(PROJECT / "bin", folder / "bin")
    (folder / "portal").mkdir()
    (folder / "portal" / "cli.py").write_text(TELLS_ITS_ARGUMENTS)
    (folder / "requirements.lock").write_text("")
    (folder / "requirements-dev.lock").write_text("")
    return folder


def run(program: Path, *arguments: str, folder: Path, **environ: str) -> subprocess.CompletedProcess[str]:
    # Without uv, so that the plainest way is what is tested.
    environ = {"PATH": "/usr/bin:/bin", "HOME": str(folder), "PYTHON": sys.executable, **environ}
    return subprocess.run([program, *arguments], cwd=folder, env=environ, capture_output=True, text=True, check=False)


def test_the_first_start_makes_everything_and_the_second_nothing(project: Path) -> None:
    first = run(project / "bin" / "demo", "--port", "8123", folder=project)
    assert first.returncode == 0, first.stderr
    assert "Making .venv" in first.stdout
    assert first.stdout.endswith(f"{project} portal demo --port 8123\n")
    second = run(project / "bin" / "demo", folder=project)
    assert second.stdout == f"{project} portal demo\n"


def test_it_works_from_anywhere_and_runs_the_project_s_own_code(project: Path, tmp_path: Path) -> None:
    elsewhere = tmp_path / "elsewhere"
    (elsewhere / "portal").mkdir(parents=True)
    (elsewhere / "portal" / "cli.py").write_text("raise SystemExit('the wrong portal')")
    ran = run(project / "bin" / "demo", folder=elsewhere)
    assert ran.stdout.endswith(f"{project} portal demo\n"), ran.stderr
    portal = run(project / ".venv" / "bin" / "portal", "two words", folder=elsewhere)
    assert portal.stdout == f"{elsewhere} portal two words\n"


def test_a_changed_lock_is_installed(project: Path) -> None:
    run(project / "bin" / "demo", folder=project)
    (project / "requirements.lock").write_text("# changed\n")
    assert "Installing the packages of requirements.lock" in run(project / "bin" / "demo", folder=project).stdout
    assert "Installing" not in run(project / "bin" / "demo", folder=project).stdout


def test_an_installation_that_fails_is_told_and_tried_again(project: Path) -> None:
    (project / "requirements.lock").write_text("no-such-package-anywhere @ file:///nowhere\n")
    failed = run(project / "bin" / "demo", folder=project)
    assert failed.returncode == 1
    assert "could not be installed" in failed.stderr
    (project / "requirements.lock").write_text("")
    assert run(project / "bin" / "demo", folder=project).returncode == 0


def test_the_lock_files_name_everything_that_what_they_name_needs() -> None:
    """They are installed without resolving anything, so nothing may be left out of them."""
    installed = {one.name.lower().replace("_", "-"): one.version for one in metadata.distributions()}
    needed = [
        (one.name, requirement)
        for one in metadata.distributions()
        for requirement in map(Requirement, one.requires or ())
        if requirement.marker is None or requirement.marker.evaluate({"extra": ""})
    ]
    assert len(needed) > 50
    assert [
        f"{name} needs {requirement}"
        for name, requirement in needed
        if not requirement.specifier.contains(
            installed.get(requirement.name.lower().replace("_", "-").replace(".", "-"), "0.dev0"), prereleases=True
        )
    ] == []


def test_what_was_installed_for_the_tests_is_enough_for_the_demo(project: Path) -> None:
    run(project / "bin" / "test", folder=project)
    assert "Installing" not in run(project / "bin" / "demo", folder=project).stdout


def test_an_old_python_is_refused_in_a_sentence(project: Path, tmp_path: Path) -> None:
    old = tmp_path / "python3.9"
    old.write_text('#!/bin/sh\n[ "$1" = -V ] && echo "Python 3.9.18" && exit 0\nexit 1\n')
    old.chmod(0o755)
    refused = run(project / "bin" / "demo", folder=project, PYTHON=str(old))
    assert refused.returncode == 1
    assert "needs Python 3.11 or later; found Python 3.9.18" in refused.stderr
    assert not (project / ".venv").exists()


def test_an_environment_of_a_python_that_is_gone_is_made_anew(project: Path) -> None:
    run(project / "bin" / "demo", folder=project)
    for name in os.listdir(project / ".venv" / "bin"):
        if name.startswith("python"):
            (project / ".venv" / "bin" / name).unlink()
    assert "Making .venv" in run(project / "bin" / "demo", folder=project).stdout
