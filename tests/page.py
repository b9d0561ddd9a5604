"""A browser without JavaScript, and the check every page goes through.

`Browser` opens addresses, presses buttons of forms as they stand in the page, and follows redirects. Whatever it
shows has been checked: see `faults`.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from typing import Any
from urllib.parse import urljoin, urlsplit
from xml.etree.ElementTree import Element

import html5lib
from apiflask import APIFlask
from flask.testing import FlaskClient
from werkzeug.datastructures import MultiDict
from werkzeug.test import TestResponse

from portal.extensions import db
from portal.models import Account
from tests.cast import Person

_LABELLED = {"input", "select", "textarea"}
_UNLABELLED_TYPES = {"hidden", "submit", "button"}
_VOID_OF_NAME = {"submit", "button", "image", "reset", "file"}


class Browser:
    """One person at the pages. Every page it meets is checked; a page with faults fails the test there and then."""

    def __init__(self, app: APIFlask, client: FlaskClient | None = None) -> None:
        self.app = app
        self.client = client or app.test_client()

    def open(self, address: str, *, status: int = 200, **options: Any) -> Page:
        """GET, follow redirects, check the page."""
        return self._shown(self.client.get(address, **options), address, status)

    def post(self, address: str, data: Any = None, *, status: int = 200, **options: Any) -> Page:
        """POST fields as they are: without the token that only a form of ours would bring."""
        return self._shown(self.client.post(address, data=data, **options), address, status)

    def part(self, address: str, *, status: int = 200, data: Any = None, full: bool = False, **options: Any) -> Page:
        """What htmx gets: a GET, or with `data` a POST, its answer checked as a part of a page. Redirects stay.

        Args:
            full: htmx picks its part from the answer by itself, so the answer is a whole page.
        """
        headers = {"HX-Request": "true", "HX-Request-Type": "full" if full else "partial", **options.pop("headers", {})}
        method = self.client.get if data is None else self.client.post
        response = method(address, headers=headers, **({} if data is None else {"data": data}), **options)
        page = Page(self, address, response.status_code, response.get_data(as_text=True), response, is_part=not full)
        assert page.status == status, f"{address} answered {page.status} instead of {status}:\n{page.words[:2000]}"
        found = page.faults()
        assert not found, f"the part {address} ({page.status}): " + "; ".join(found)
        return page

    def _shown(self, response: TestResponse, address: str, status: int) -> Page:
        hops = 0
        while response.status_code in (301, 302, 303, 307, 308):
            assert hops < 6, f"{address} redirects in a circle"
            hops += 1
            address = urljoin(address, response.headers["Location"])
            response = self.client.get(address)
        page = Page(self, address, response.status_code, response.get_data(as_text=True), response)
        assert page.status == status, f"{address} answered {page.status} instead of {status}:\n{page.words[:2000]}"
        found = page.faults()
        assert not found, f"{address} ({page.status}): " + "; ".join(found)
        return page


def sign_in(app: APIFlask, person: Person) -> Browser:
    """A browser in which this person has signed in, without going through the sign-in page."""
    with app.app_context():
        account = db.session.get(Account, person.account_id)
        assert account is not None
        uniquifier = account.fs_uniquifier
    browser = Browser(app)
    with browser.client.session_transaction() as session:
        session.update(_user_id=uniquifier, _fresh=True, company_id=str(person.company_id), user_id=str(person.id))
    return browser


@dataclass
class Page:
    """One answer, parsed strictly."""

    browser: Browser
    address: str
    status: int
    html: str
    response: TestResponse
    is_part: bool = False

    def __post_init__(self) -> None:
        parser = html5lib.HTMLParser(strict=False, namespaceHTMLElements=False)
        # A part is put into a page by the browser, so it is read as what stands inside one.
        self.root: Element = (parser.parseFragment if self.is_part else parser.parse)(self.html)
        self._parse_errors = [f"{position}: {code} {data}" for position, code, data in parser.errors]

    # What it shows

    @property
    def words(self) -> str:
        """All its text, blanks run together."""
        return _text(self.root if self.is_part else self.root.find("body"))

    @property
    def h1(self) -> str:
        """The heading; the check has seen to it that there is exactly one."""
        return _text(self.root.find(".//h1"))

    @property
    def title(self) -> str:
        return _text(self.root.find(".//title"))

    @property
    def links(self) -> list[str]:
        """The addresses of all links of the page, as written."""
        return [link.get("href", "") for link in self.root.iter("a")]

    def find(self, path: str) -> Element | None:
        """The first element at an ElementTree path."""
        return self.root.find(path)

    def error_of(self, field: str) -> str:
        """The error shown with a field, reached as a screen reader reaches it: by aria-describedby."""
        control = next((c for c in self.root.iter() if c.tag in _LABELLED | {"fieldset"} and _names(c, field)), None)
        assert control is not None, f"no field {field} on {self.address}"
        ids = control.get("aria-describedby", "").split()
        texts = [_text(e) for e in self.root.iter() if e.get("id") in ids and "error" in e.get("class", "").split()]
        return " ".join(texts)

    def value_of(self, field: str) -> str | None:
        """What a field holds, as it would be sent; None when it would not be sent."""
        for form in self.forms:
            if field in form.fields:
                value: str = form.fields[field]
                return value
        return None

    # What it does

    @property
    def forms(self) -> list[Form]:
        return [Form(self, element) for element in self.root.iter("form")]

    def form(self, action: str) -> Form:
        """The form that posts to a path (compared without the query)."""
        found = [form for form in self.forms if urlsplit(form.action).path == action]
        assert found, f"no form for {action} on {self.address}; there are {[form.action for form in self.forms]}"
        return found[0]

    def press(self, button: str, *, status: int = 200, **fields: Any) -> Page:
        """Fill in fields and press the button with this text, as a person would.

        Args:
            fields: by name; a list for several boxes, None to leave a field out.
        """
        for form in self.forms:
            for element in form.element.iter("button"):
                if button in (_text(element), element.get("aria-label")):
                    return form.send(element, status=status, **fields)
        raise AssertionError(f"no button “{button}” on {self.address}")

    def press_link(self, words: str, *, status: int = 200) -> Page:
        """Follow the link with these words."""
        for link in self.root.iter("a"):
            if words in (_text(link), link.get("aria-label")):
                return self.browser.open(urljoin(self.address, link.get("href", "")), status=status)
        raise AssertionError(f"no link “{words}” on {self.address}")

    # What is wrong with it

    def faults(self) -> list[str]:
        """What is wrong with the page, in words."""
        frame = [] if self.is_part else [*self._frame_faults(), *self._policy_faults()]
        return [*self._parse_errors, *frame, *self._id_faults(), *self._form_faults(), *self._inline()]

    def _policy_faults(self) -> Iterator[str]:
        policy = self.response.headers.get("Content-Security-Policy", "")
        if "default-src 'none'" not in policy or "frame-ancestors 'none'" not in policy:
            yield f"no strict policy for its content: “{policy}”"
        yield from (
            f"the policy allows {word}" for word in ("unsafe-inline", "unsafe-eval", "*", "data:") if word in policy
        )
        if self.response.headers.get("X-Content-Type-Options") != "nosniff":
            yield "browsers may guess its type"

    def _frame_faults(self) -> Iterator[str]:
        if not self.html.lstrip().lower().startswith("<!doctype html>"):
            yield "no doctype"
        if not self.root.get("lang"):
            yield "the html element names no language"
        headings = list(self.root.iter("h1"))
        if len(headings) != 1:
            yield f"{len(headings)} h1 elements"
        elif not _text(headings[0]) or _text(headings[0]) not in self.title:
            yield f"the title “{self.title}” does not hold the heading “{_text(headings[0])}”"
        if len(list(self.root.iter("main"))) != 1:
            yield "not exactly one main element"
        levels = [int(e.tag[1]) for e in self.root.iter() if isinstance(e.tag, str) and re.fullmatch("h[1-6]", e.tag)]
        for before, after in pairwise(levels):
            if after > before + 1:
                yield f"h{after} follows h{before}"

    def _id_faults(self) -> Iterator[str]:
        ids = Counter(element.get("id") for element in self.root.iter() if element.get("id"))
        yield from (f"id {name} stands {times} times" for name, times in ids.items() if times > 1)
        for element in self.root.iter():
            for attribute in ("for", "aria-describedby", "aria-labelledby", "aria-controls"):
                # What a part refers to may stand in the page around it.
                missing = [name for name in element.get(attribute, "").split() if name not in ids and not self.is_part]
                yield from (f"{attribute} names {name}, which is not on the page" for name in missing)
        for link in self.root.iter("a"):
            href = link.get("href")
            if href is None or href == "#":
                yield f"the link “{_text(link)}” leads nowhere"
            elif href.startswith("#") and href[1:] not in ids and not self.is_part:
                yield f"the link {href} leads to nothing on the page"
            if not (_text(link) or link.get("aria-label")):
                yield f"the link to {href} has no words"

    def _form_faults(self) -> Iterator[str]:
        labels = {label.get("for") for label in self.root.iter("label")}
        inside = {id(e) for label in self.root.iter("label") if _text(label) for e in label.iter()}
        for element in self.root.iter():
            if element.tag not in _LABELLED or element.get("type") in _UNLABELLED_TYPES:
                continue
            if not (element.get("id") in labels or id(element) in inside or element.get("aria-label")):
                yield f"the {element.tag} {element.get('name')} has no label"
        for button in self.root.iter("button"):
            if not (_text(button) or button.get("aria-label")):
                yield "a button without words"
            if button.get("type") not in ("submit", "button"):
                yield f"the button “{_text(button)}” does not say its type"
        for form in self.forms:
            yield from form.faults()

    def _inline(self) -> Iterator[str]:
        for element in self.root.iter():
            if element.tag == "style" or "style" in element.attrib:
                yield f"inline style on {element.tag}"
            if element.tag == "script" and not element.get("src"):
                yield "inline script"
            # htmx would need eval for code in its attributes, which the policy forbids: it would fail without a word.
            yield from (f"{name} on {element.tag}" for name in element.attrib if name.startswith(("on", "hx-on")))
            yield from (
                f"code in {name} on {element.tag}"
                for name, value in element.attrib.items()
                if name.startswith("hx-") and ("js:" in value or "javascript:" in value)
            )
            if "[" in element.get("hx-trigger", ""):
                yield f"a filter in the trigger of {element.tag}"
            for attribute in ("href", "src", "action"):
                if element.get(attribute, "").lower().startswith("javascript:"):
                    yield f"a javascript: address on {element.tag}"

    def dead_links(self) -> list[str]:
        """The page's own links and form targets that do not answer, opened by the same person."""
        return [address for address in self._own_addresses() if self._is_dead(address)]

    def _own_addresses(self) -> list[str]:
        found = (urljoin(self.address, href) for href in self.links if not href.startswith("#"))
        return sorted({address for address in found if not urlsplit(address).netloc and address.startswith("/")})

    def _is_dead(self, address: str) -> bool:
        return self.browser.client.get(address).status_code >= 400


@dataclass
class Form:
    """A form as it stands in the page."""

    page: Page
    element: Element

    @property
    def action(self) -> str:
        return urljoin(self.page.address, self.element.get("action", ""))

    @property
    def is_post(self) -> bool:
        return self.element.get("method", "").lower() == "post"

    @property
    def fields(self) -> MultiDict[str, str]:
        """What would be sent if nothing were typed."""
        sent: list[tuple[str, str]] = []
        for control in self.element.iter():
            name = control.get("name")
            if name is None or control.tag not in _LABELLED or "disabled" in control.attrib:
                continue
            sent.extend((name, value) for value in _values(control))
        return MultiDict(sent)

    def send(self, button: Element | None = None, *, status: int = 200, **typed: Any) -> Page:
        """Send it, with these fields filled in."""
        fields = self.fields
        named = {control.get("name") for control in self.element.iter()}
        for name, value in typed.items():
            assert name in named, f"the form for {self.action} has no field {name}"
            fields.poplist(name)
            if value is not None:
                fields.setlist(name, value if isinstance(value, list) else [str(value)])
        if button is not None and button.get("name"):
            fields.add(button.get("name", ""), button.get("value", ""))
        if self.is_post:
            # What browsers say of a form on a page of the same site.
            headers = {"Sec-Fetch-Site": "same-origin", "Referer": urljoin("http://localhost/", self.page.address)}
            return self.page.browser.post(self.action, fields, status=status, headers=headers)
        return self.page.browser.open(urljoin(self.action, "?"), status=status, query_string=fields)

    def faults(self) -> Iterator[str]:
        if not self.element.get("action"):
            yield "a form without action"
        if self.element.get("method", "").lower() not in ("get", "post"):
            yield f"the form for {self.action} names no method"
        has_token = any(control.get("name") == "csrf_token" for control in self.element.iter("input"))
        # The offer page rests on its link and the browser's own origin headers; it needs no cookie.
        if self.is_post and not has_token and not urlsplit(self.action).path.startswith("/o/"):
            yield f"the form for {self.action} carries no CSRF token"
        if not self.is_post and has_token:
            yield f"the form for {self.action} would show its CSRF token in the address"
        if not any(control.tag == "button" for control in self.element.iter()):
            yield f"the form for {self.action} has no button"


def _text(element: Element | None) -> str:
    """What a person reads: no scripts, blanks run together."""
    if element is None:
        return ""
    return " ".join("".join(_strings(element)).split())


def _strings(element: Element) -> Iterator[str]:
    if element.tag not in ("script", "style", "template"):
        yield element.text or ""
        for child in element:
            yield from _strings(child)
            if child.tag in ("p", "li", "td", "th", "dt", "dd", "div", "h1", "h2", "h3", "option", "label", "br"):
                yield " "
            yield child.tail or ""


def _names(control: Element, field: str) -> bool:
    return field in (control.get("name"), control.get("id"))


def _values(control: Element) -> list[str]:
    if control.tag == "textarea":
        return [(control.text or "").removeprefix("\r\n").removeprefix("\n")]
    if control.tag == "select":
        options = list(control.iter("option"))
        chosen = [option for option in options if "selected" in option.attrib]
        if not chosen and "multiple" not in control.attrib:
            chosen = options[:1]
        return [option.get("value", _text(option)) for option in chosen]
    kind = control.get("type", "text")
    if kind in _VOID_OF_NAME:
        return []
    if kind in ("checkbox", "radio"):
        return [control.get("value", "on")] if "checked" in control.attrib else []
    return [control.get("value", "")]
