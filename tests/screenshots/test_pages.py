"""The list of pages that pictures are taken of."""

from __future__ import annotations

import re
import sys
from contextlib import nullcontext
from pathlib import Path
from string import Formatter
from unittest.mock import Mock

import pytest
from apiflask import APIFlask

from screenshots import __main__ as program
from screenshots.pages import NOT_IN_DEMO, PAGES
from screenshots.subjects import subject_names
from tests.pages_there_are import pages_left_out


def test_no_two_pictures_have_one_name() -> None:
    names = [shown.name for shown in PAGES]
    assert sorted(set(names)) == sorted(names)


def test_everything_a_path_names_can_be_found() -> None:
    named = {name for shown in PAGES for _, name, _, _ in Formatter().parse(shown.path) if name}
    assert named == set(subject_names())


def test_every_page_of_the_portal_is_among_them(app: APIFlask) -> None:
    shown = [re.sub(r"\{\w+\}", "*", page.path) for page in PAGES]
    missing = pages_left_out(app, shown) - NOT_IN_DEMO
    assert not missing, "add a line to screenshots/pages.py"


@pytest.mark.parametrize(("is_there", "code"), [(True, 0), (False, 1)])
def test_the_script_fails_where_a_page_is_missing(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, is_there: bool, code: int
) -> None:
    monkeypatch.setattr(sys, "argv", ["screenshots", "--only", PAGES[0].name, "--out", str(tmp_path)])
    monkeypatch.setattr(program.stage, "own_demo", lambda: nullcontext(Mock()))
    monkeypatch.setattr(program, "subjects", lambda _settings: Mock())
    monkeypatch.setattr(program, "Camera", lambda *_a, **_k: nullcontext())
    monkeypatch.setattr(program, "_take", lambda *_a: is_there)
    assert program.main() == code
