"""Tags: texts a company looks for in its leads. All of them are found in one pass over a lead, however many there are.

Upper and lower case, accents and width make no difference, nor do the ways to write an apostrophe or a hyphen.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator
from enum import StrEnum
from functools import lru_cache
from typing import NamedTuple

DEFAULT_WEIGHT = 50
"""Weight of a tag nobody set one for."""

OF_A_PERSON = 1000
"""Weight of an agent's own name or e-mail, found in a lead."""


class TagKind(StrEnum):
    """What a tag found in a lead asks of whoever gets it: it is in their favour, or one such tag is needed (exclusive),
    or this very tag is needed (required)."""

    PREFERENTIAL = "preferential"
    EXCLUSIVE = "exclusive"
    REQUIRED = "required"


class Tag(NamedTuple):
    """A text that is looked for. `weight` counts towards the score of those who carry it, 0 to 1,000."""

    text: str
    kind: TagKind = TagKind.PREFERENTIAL
    weight: int = DEFAULT_WEIGHT


def normal(text: str) -> str:
    """`text` as texts are compared: NFKC, case folded, without accents, blanks around it or more than one within."""
    return " ".join(_fold(text).split())


normal_value = lru_cache(maxsize=8192)(normal)
"""`normal` for what is short and comes again and again, such as sources and tags."""

ACCENTS = re.compile(
    # Marks on Latin, Greek and Cyrillic letters; Hebrew and Arabic vowel points; soft hyphens and joiners nobody sees.
    # Not those of Indic scripts or Japanese: there they make another letter.
    "[\u0300-\u036f\u1ab0-\u1aff\u1dc0-\u1dff\u20d0-\u20ff\ufe20-\ufe2f"
    "\u0591-\u05bd\u05bf\u05c1\u05c2\u05c4\u05c5\u05c7\u0610-\u061a\u064b-\u065f\u0670\u0640"
    "\u00ad\u200b-\u200d\u2060\ufeff]+"
)
LETTERS = (
    # Letters with strokes have no decomposition, yet people type them without.
    [("ł", "l"), ("ø", "o"), ("đ", "d"), ("ð", "d"), ("ħ", "h"), ("ŧ", "t"), ("ı", "i"), ("æ", "ae"), ("œ", "oe")]
    + [(sign, "'") for sign in "’‘ʼ´"]
    + [(sign, "-") for sign in "‐‒–—"]
)


def _fold(text: str) -> str:
    if text.isascii():
        return text.casefold()
    # Letters first: NFKC would make a blank of the accent some type for an apostrophe. Once more for what it uncovers.
    folded = unicodedata.normalize("NFKC", _spelled(text)).casefold()
    bare = ACCENTS.sub("", unicodedata.normalize("NFD", folded))
    return _spelled(unicodedata.normalize("NFKC", bare))


def _spelled(text: str) -> str:
    # Many times faster than str.translate, for what is seldom there.
    for letter, plain in LETTERS:
        text = text.replace(letter, plain)
    return text


MARKS = "".join(chr(code) for code in range(0x300, 0x10000) if unicodedata.category(chr(code)).startswith("M"))
HAN_AND_HIRAGANA = "\u3041-\u309f\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff"
KATAKANA = "\u30a1-\u30ff\u31f0-\u31ff"
PIECE = re.compile(
    # No blanks stand between words of Chinese and Japanese, so there every letter counts as a word, but for Katakana.
    f"[{HAN_AND_HIRAGANA}]|[{KATAKANA}]+"
    f"|[^\\W{HAN_AND_HIRAGANA}{KATAKANA}]+(?:[{MARKS}]+[^\\W{HAN_AND_HIRAGANA}{KATAKANA}]*)*"
    # Everything else that can be seen stands for itself: C++ is not C.
    r"|[^\w\s]"
)
SIGNS = "".join(chr(code) for code in range(33, 127) if not chr(code).isalnum() and chr(code) != "_")
NOT_PLAIN = re.compile(f"[^\\w\\s\\x21-\\x7e]|[{HAN_AND_HIRAGANA}{KATAKANA}]")
NOT_PLAIN_ASCII = re.compile(r"[\x00-\x08\x0e-\x1b\x7f]")
PLAIN_ASCII = bytes(code for code in range(128) if not NOT_PLAIN_ASCII.match(chr(code)))
NEEDS_CARE = re.compile(f"[{HAN_AND_HIRAGANA}{KATAKANA}{MARKS}]")
MOST_SIGNS = 30


def pieces(folded: str) -> list[str]:
    """The words and signs of a folded text, as PIECE tells them apart, mostly faster."""
    if folded.isascii():
        # To delete all that is plain, byte by byte, takes a tenth of a search for what is not.
        signs = set(folded.encode("ascii").translate(None, PLAIN_ASCII).decode("ascii"))
    else:
        signs = set(NOT_PLAIN.findall(folded))
        if len(signs) > MOST_SIGNS or NEEDS_CARE.search("".join(signs)):
            return PIECE.findall(folded)
    for sign in (*SIGNS, *signs):
        if sign in folded:
            folded = folded.replace(sign, f" {sign} ")
    return folded.split()


class Tagger:
    """Finds tags in texts. Built once for a company, used for all its leads.

    An agent's own name or e-mail is a tag too, of weight `OF_A_PERSON`: give it here, and its normal text to the agent.
    """

    __slots__ = ("_by_phrase", "_by_text", "_lengths")

    def __init__(self, tags: Iterable[Tag]) -> None:
        self._by_phrase: dict[str, tuple[Tag, ...]] = {}
        self._by_text: dict[str, tuple[Tag, ...]] = {}
        # Of the phrases that begin with a word, how many words they have: what is to be tried where it stands. Not the
        # phrases themselves: thousands may begin alike, and the word stand there thousands of times.
        self._lengths: dict[str, tuple[int, ...]] = {}
        for tag in tags:
            self._add(tag)

    def _add(self, tag: Tag) -> None:
        text = normal(tag.text)
        words = pieces(text)
        if not words:
            return
        phrase, first = " ".join(words), words[0]
        self._by_phrase[phrase] = (*self._by_phrase.get(phrase, ()), tag)
        self._by_text[text] = (*self._by_text.get(text, ()), tag)
        lengths = self._lengths.get(first, ())
        if len(words) not in lengths:
            self._lengths[first] = tuple(sorted([*lengths, len(words)]))

    def find(self, text: str) -> tuple[Tag, ...]:
        """The tags that stand in `text` as whole words, each once, in the order they are met."""
        phrases = dict.fromkeys(self._phrases_in(_fold(text)))
        return tuple(dict.fromkeys(tag for phrase in phrases for tag in self._by_phrase[phrase]))

    def named(self, texts: Iterable[str]) -> tuple[Tag, ...]:
        """The tags that were sent along with a lead by their texts."""
        return tuple(dict.fromkeys(tag for text in texts for tag in self._by_text.get(normal_value(text), ())))

    def _phrases_in(self, folded: str) -> Iterator[str]:
        words, lengths = pieces(folded), self._lengths
        spans: list[tuple[int, int]] = []
        for place in [place for place, word in enumerate(words) if word in lengths]:
            first = words[place]
            for length in lengths[first]:
                phrase = first if length == 1 else " ".join(words[place : place + length])
                if phrase not in self._by_phrase or place + length > len(words):
                    continue
                if "@" in phrase:
                    spans = spans or [piece.span() for piece in PIECE.finditer(folded)]
                    if not _stands_alone(folded, spans[place][0], spans[place + length - 1][1]):
                        continue
                yield phrase


def _stands_alone(folded: str, start: int, end: int) -> bool:
    """Whether an address is not the end or the beginning of a longer one: tom@acme.com is not in ana.tom@acme.com."""
    before, after = folded[max(start - 1, 0) : start], folded[end : end + 2]
    goes_on = after[:1] in (".", "-") and after[1:].isalnum()
    return before not in (".", "_", "+", "-") and not goes_on
