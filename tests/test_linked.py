"""Addresses in what people write."""

from __future__ import annotations

import pytest

from portal.linked import linked

REL = 'rel="nofollow noopener noreferrer"'


def a(address: str) -> str:
    return f'<a href="{address}" {REL}>{address}</a>'


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("No address at all", "No address at all"),
        ("https://example.com", a("https://example.com")),
        ("See https://example.com/a. Then", f"See {a('https://example.com/a')}. Then"),
        ("(http://example.com/a)", f"({a('http://example.com/a')})"),
        ("https://example.com/Roof_(house)", a("https://example.com/Roof_(house)")),
        (
            "HTTPS://EXAMPLE.COM, twice http://b.example/?x=1",
            f"{a('HTTPS://EXAMPLE.COM')}, twice {a('http://b.example/?x=1')}",
        ),
        ("https://example.com/?a=1&b=2", a("https://example.com/?a=1&amp;b=2")),
        ("https://", "https://"),
        ("https://)))", "https://)))"),
        ("one\nhttps://a.example\ntwo", f"one\n{a('https://a.example')}\ntwo"),
        ("", ""),
    ],
)
def test_web_addresses_become_links_without_what_ends_the_sentence(text: str, shown: str) -> None:
    assert str(linked(text)) == shown


@pytest.mark.parametrize(
    "text",
    [
        "<script>alert(1)</script>",
        'https://a.example/"onmouseover="alert(1)',
        "https://a.example/<script>alert(1)</script>",
        "https://a.example/'><img src=x>",
        "javascript:alert(1)",
        "data:text/html,<b>",
        "xhttps://a.example",
    ],
)
def test_nothing_written_becomes_more_than_a_link(text: str) -> None:
    shown = str(linked(text))
    assert "<script" not in shown
    assert "<img" not in shown
    assert 'href="javascript' not in shown
    assert 'href="data' not in shown
    assert shown.count("<") == 2 * shown.count("<a href=")
    assert shown.count('"') == 4 * shown.count("<a href=")
