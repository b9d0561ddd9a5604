"""Numbers and addresses as people write them: never refused, kept raw, compared only when they can be read."""

from __future__ import annotations

import pytest

from portal.operations.contact_points import read_email, read_phone

US = "+14155550101"


@pytest.mark.parametrize(
    "raw",
    [
        "(415) 555-0101",
        "415.555.0101",
        " +1 415 555 0101 ",
        "1-415-555-0101",
        "tel:+1-415-555-0101",
        "\u0664\u0661\u0665\u0665\u0665\u0665\u0660\u0661\u0660\u0661",
        "\uff14\uff11\uff15-\uff15\uff15\uff15-\uff10\uff11\uff10\uff11",
    ],
)
def test_one_number_in_any_spelling_is_one_number(raw: str) -> None:
    point = read_phone(raw, "US")
    assert point is not None
    assert (point.value, point.raw) == (US, raw)


def test_the_companys_country_is_the_default_and_a_named_one_wins() -> None:
    assert read_phone("030 901820", "DE").value == "+4930901820"  # type: ignore[union-attr]
    assert read_phone("+49 30 901820", "US").value == "+4930901820"  # type: ignore[union-attr]


def test_letters_are_keys_on_the_dial() -> None:
    point = read_phone("1-800-FLOWERS", "US")
    assert point is not None
    assert point.value == "+18003569377"


@pytest.mark.parametrize("raw", ["415-555-2671 ext. 12", "415-555-2671 x12", "+14155552671;ext=12"])
def test_an_extension_is_kept_apart(raw: str) -> None:
    point = read_phone(raw, "US")
    assert point is not None
    assert (point.value, point.extension, point.doubtful) == ("+14155552671", "12", False)


@pytest.mark.parametrize(
    "raw", ["911", "12", "call me", "+", "0" * 40, "12345678901234567890", "Null", "\u202e123", "x" * 5_000]
)
def test_what_cannot_be_read_is_kept_and_matches_nobody(raw: str) -> None:
    point = read_phone(raw, "US")
    assert point is not None
    assert (point.value, point.key, point.raw, point.doubtful) == (None, None, raw, True)


def test_possible_but_not_valid_is_compared_and_marked() -> None:
    # A German number without its country, sent to an American company.
    point = read_phone("015112345678", "DE")
    wrong = read_phone("1511234567", "US")
    assert point is not None
    assert wrong is not None
    assert (point.doubtful, wrong.value, wrong.doubtful) == (False, "+11511234567", True)


@pytest.mark.parametrize(
    "raw", ["", "  ", "anonymous", "Private", "UNKNOWN", " Restricted ", "No Caller ID", "+266696687"]
)
def test_a_withheld_number_is_nobodys(raw: str) -> None:
    assert read_phone(raw, "US") is None


@pytest.mark.parametrize(
    ("raw", "value"),
    [
        (" Carla@Example.COM ", "carla@example.com"),
        ("ｃａｒｌａ@example.com", "carla@example.com"),
        ("carla+solar@example.com", "carla+solar@example.com"),
        ("carla@localhost", "carla@localhost"),
        ("carla@büro.example", "carla@büro.example"),
    ],
)
def test_an_address_is_compared_without_case_or_width(raw: str, value: str) -> None:
    point = read_email(raw)
    assert point is not None
    assert (point.value, point.raw, point.doubtful) == (value, raw, False)


@pytest.mark.parametrize("raw", ["carla", "@a.example", "carla@", "a@b@c", "a b@a.example", "x" * 65 + "@a.example"])
def test_what_is_no_address_is_kept_and_marked(raw: str) -> None:
    point = read_email(raw)
    assert point is not None
    assert (point.value, point.raw, point.doubtful) == (None, raw, True)


def test_no_address_is_none() -> None:
    assert read_email("  ") is None
