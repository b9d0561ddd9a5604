"""The list of pages that pictures are taken of."""

from __future__ import annotations

from string import Formatter

from portal.demo.cast import CAST
from screenshots.pages import PAGES, Who
from screenshots.subjects import subject_names


def test_no_two_pictures_have_one_name() -> None:
    names = [shown.name for shown in PAGES]
    assert sorted(set(names)) == sorted(names)


def test_everything_a_path_names_can_be_found() -> None:
    named = {name for shown in PAGES for _, name, _, _ in Formatter().parse(shown.path) if name}
    assert named == set(subject_names())


def test_those_who_look_are_the_four_who_are_printed_at_the_start() -> None:
    assert [CAST[who.value].roles for who in Who if who.value is not None] == [
        ("owner",),
        ("manager",),
        ("agent",),
        ("agent",),
    ]
