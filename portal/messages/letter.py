"""The shape every e-mail has, written once as text and once as HTML from the same words."""

from __future__ import annotations

from dataclasses import dataclass
from textwrap import fill

from jinja2 import Environment, PackageLoader, StrictUndefined

_LINE = 76  # RFC 2045 folds beyond this; our lines need no folding then.
_LONGEST_SUBJECT = 150

_templates = Environment(
    loader=PackageLoader("portal", "templates/messages"),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)


@dataclass(frozen=True, slots=True)
class Button:
    """A link people press. It opens a page; it never decides anything."""

    label: str
    address: str
    is_main: bool = True


@dataclass(frozen=True, slots=True)
class Letter:
    """What is said, in order: greeting, paragraphs, facts, buttons, why you get this."""

    subject: str
    paragraphs: tuple[str, ...]
    facts: tuple[tuple[str, str], ...] = ()
    quote: str | None = None
    """The customer's own words, or a colleague's."""
    buttons: tuple[Button, ...] = ()
    after: tuple[str, ...] = ()
    """Paragraphs below the buttons."""


@dataclass(frozen=True, slots=True)
class Rendered:
    """A message ready to be sent or shown."""

    subject: str
    text: str
    html: str
    links: tuple[str, ...]
    """Each address once, in the order they appear."""


def written(letter: Letter, recipient: str, company: str) -> Rendered:
    """The letter as an e-mail."""
    subject = one_line(letter.subject, _LONGEST_SUBJECT)
    html = _templates.get_template("letter.html").render(
        letter=letter, subject=subject, recipient=recipient, company=company
    )
    links = tuple(dict.fromkeys(button.address for button in letter.buttons))
    return Rendered(subject, _text(letter, recipient, company), html, links)


def one_line(text: str, longest: int) -> str:
    """Text from outside on one line: a line break in a header would start another header."""
    line = " ".join("".join(character if character.isprintable() else " " for character in text).split())
    return line if len(line) <= longest else line[: longest - 1].rstrip() + "…"


def _text(letter: Letter, recipient: str, company: str) -> str:
    parts = [f"Hello {recipient},"]
    parts += [_wrapped(paragraph) for paragraph in letter.paragraphs]
    if letter.facts:
        parts.append("\n".join(f"{name}: {value}" for name, value in letter.facts))
    if letter.quote:
        parts.append("\n".join(f"> {line}".rstrip() for line in letter.quote.splitlines()))
    parts += [_listed(letter.buttons)] if letter.buttons else []
    parts += [_wrapped(paragraph) for paragraph in letter.after]
    parts.append(f"-- \n{company}, sent by Baton")
    return "\n\n".join(parts) + "\n"


def _listed(buttons: tuple[Button, ...]) -> str:
    """Labels that lead to one address stand together, so that the address is written once."""
    labels: dict[str, list[str]] = {}
    for button in buttons:
        labels.setdefault(button.address, []).append(button.label)
    return "\n\n".join(f"{' or '.join(names)}:\n{address}" for address, names in labels.items())


def _wrapped(paragraph: str) -> str:
    return fill(paragraph, _LINE, break_long_words=False, break_on_hyphens=False)
