"""Addresses people write, as links."""

from __future__ import annotations

import re

from markupsafe import Markup, escape

# Only what begins like a page on the web: no other scheme can do anything here.
_ADDRESS = re.compile(r"\bhttps?://[^\s<>\"]+", re.IGNORECASE)
_PAIRS = {")": "(", "]": "[", "}": "{"}


def linked(text: str) -> Markup:
    """A text for a page, escaped, its web addresses made links that vouch for nothing and give nothing away.

    What ends a sentence does not belong to the address before it: full stops, quotes, a bracket that was opened before
    it.
    """
    parts, done = [], 0
    for found in _ADDRESS.finditer(text):
        address = _without_end_of_sentence(found.group())
        parts += [escape(text[done : found.start()]), _link(address)]
        done = found.start() + len(address)
    return Markup("").join([*parts, escape(text[done:])])


def _without_end_of_sentence(address: str) -> str:
    while address[-1] in ".,;:!?'*_”’" or (
        address[-1] in _PAIRS and address.count(address[-1]) > address.count(_PAIRS[address[-1]])
    ):
        address = address[:-1]
    return address


def _link(address: str) -> Markup:
    if address.partition("://")[2] == "":
        return escape(address)
    return Markup('<a href="{0}" rel="nofollow noopener noreferrer">{0}</a>').format(address)
