"""Somebody with a browser that knows no JavaScript: opens links, reads pages, fills in forms as they stand there."""

from __future__ import annotations

from dataclasses import dataclass, field
from html.parser import HTMLParser
from typing import Self
from urllib.parse import urljoin

import httpx

_SILENT = {"script", "style", "title", "head"}
_VOID = {"input", "meta", "link", "br", "img", "hr"}


@dataclass
class Form:
    """One form of a page, with what its fields hold."""

    action: str
    method: str
    fields: dict[str, str] = field(default_factory=dict)
    buttons: list[str] = field(default_factory=list)


class Page(HTMLParser):
    """A page as it was shown."""

    def __init__(self, answer: httpx.Response) -> None:
        super().__init__()
        self.status = answer.status_code
        self.url = str(answer.url)
        self.source = answer.text
        self.headers = answer.headers
        self.forms: list[Form] = []
        self.links: dict[str, str] = {}
        self._words: list[str] = []
        self._silent = 0
        self._form: Form | None = None
        self._link: tuple[str, list[str]] | None = None
        self._button: list[str] | None = None
        self._area: tuple[str, list[str]] | None = None
        self._select: str | None = None
        self.feed(answer.text)

    @property
    def words(self) -> str:
        """What a person reads."""
        return " ".join(" ".join(self._words).split())

    def form_with(self, button: str) -> Form:
        """The form with a button of this name."""
        found = [form for form in self.forms if button in form.buttons]
        assert len(found) == 1, f"{len(found)} forms with a button {button!r} on {self.url}: {self.words[:2000]}"
        return found[0]

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        if tag in _SILENT and tag not in _VOID:
            self._silent += 1
        match tag:
            case "form":
                self._form = Form(urljoin(self.url, given.get("action", "")), given.get("method", "get").lower())
                self.forms.append(self._form)
            case "input" if self._form and given.get("name") and given.get("type") not in ("checkbox", "radio"):
                self._form.fields[given["name"]] = given.get("value", "")
            case "input" if self._form and given.get("name") and "checked" in given:
                self._form.fields[given["name"]] = given.get("value", "on")
            case "textarea" if self._form:
                self._area = (given.get("name", ""), [])
            case "select":
                self._select = given.get("name", "")
            case "option" if (
                self._form and self._select and ("selected" in given or self._select not in self._form.fields)
            ):
                self._form.fields[self._select] = given.get("value", "")
            case "button":
                self._button = []
            case "a":
                self._link = (urljoin(self.url, given.get("href", "")), [])

    def handle_endtag(self, tag: str) -> None:
        if tag in _SILENT:
            self._silent -= 1
        if tag == "form":
            self._form = None
        elif tag == "select":
            self._select = None
        elif tag == "button" and self._button is not None:
            if self._form:
                self._form.buttons.append(" ".join("".join(self._button).split()))
            self._button = None
        elif tag == "a" and self._link is not None:
            self.links[" ".join("".join(self._link[1]).split())] = self._link[0]
            self._link = None
        elif tag == "textarea" and self._area is not None and self._form:
            self._form.fields[self._area[0]] = "".join(self._area[1])
            self._area = None

    def handle_data(self, data: str) -> None:
        if self._silent:
            return
        self._words.append(data)
        if self._button is not None:
            self._button.append(data)
        if self._link is not None:
            self._link[1].append(data)
        if self._area is not None:
            self._area[1].append(data)


class Visitor:
    """One person with cookies of their own. Use as a context manager."""

    def __init__(self) -> None:
        self._client = httpx.Client(follow_redirects=True, timeout=20, trust_env=False)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._client.close()

    def open(self, address: str, status: int = 200) -> Page:
        """Follow a link."""
        return self._shown(self._client.get(address), status)

    def press(self, page: Page, button: str, status: int = 200, **filled_in: str) -> Page:
        """Fill in the form this button belongs to and press it."""
        form = page.form_with(button)
        unknown = filled_in.keys() - form.fields.keys()
        assert not unknown, f"the form has no fields {unknown}: {form.fields}"
        assert form.method == "post"
        return self._shown(self._client.post(form.action, data=form.fields | filled_in), status)

    def _shown(self, answer: httpx.Response, status: int) -> Page:
        page = Page(answer)
        assert page.status == status, f"{page.url} answered {page.status}: {page.words[:2000]}"
        return page
