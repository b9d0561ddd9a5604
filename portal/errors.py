"""Product errors: what can go wrong for a person or a program, and the status it answers with.

Operations raise these; the shells around them turn each into a page, a fragment or problem+json.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar


@dataclass(frozen=True, slots=True)
class FieldError:
    """What is wrong with one field, and what to do. `field` is a dotted path such as `members.0.weight`."""

    field: str
    message: str


class ProductError(Exception):
    """Something the caller can understand and act on.

    Args:
        detail: one plain sentence.
        errors: the fields it is about, if any.
    """

    status: ClassVar[int] = 400
    slug: ClassVar[str] = "malformed"
    title: ClassVar[str] = "The request could not be read"

    def __init__(self, detail: str | None = None, errors: Sequence[FieldError] = ()) -> None:
        self.detail = detail or self.title
        self.errors = tuple(errors)
        super().__init__(self.detail)


class Malformed(ProductError):
    """Not readable at all: broken JSON, a wrong encoding."""


class NotSignedIn(ProductError):
    """No session, or no valid key."""

    status, slug, title = 401, "not-signed-in", "Please sign in"


class Forbidden(ProductError):
    """Signed in, but without the right."""

    status, slug, title = 403, "forbidden", "You may not do this"


class NotFound(ProductError):
    """Does not exist, or may not be seen: the two answer alike."""

    status, slug, title = 404, "not-found", "Not found"


class Conflict(ProductError):
    """Somebody or something was quicker, or a rule of the product stands against it."""

    status, slug, title = 409, "conflict", "This is no longer possible"


class TooLarge(ProductError):
    """More bytes than the route takes."""

    status, slug, title = 413, "too-large", "The request is too large"


class Invalid(ProductError):
    """Readable, but a field makes no sense. Carries at least one field error when one field is to blame."""

    status, slug, title = 422, "invalid", "Some fields need another look"

    @classmethod
    def field(cls, name: str, message: str) -> Invalid:
        """The usual case: one field, one sentence."""
        return cls(message, [FieldError(name, message)])


class TooMany(ProductError):
    """Over a rate limit.

    Args:
        retry_after: whole seconds until it is worth trying again.
    """

    status, slug, title = 429, "too-many-requests", "Too many requests"

    def __init__(self, retry_after: int, detail: str | None = None) -> None:
        self.retry_after = retry_after
        super().__init__(detail or f"Too many requests; please try again in {retry_after} seconds.")


class Unavailable(ProductError):
    """The database cannot be reached; nothing was acknowledged."""

    status, slug, title = 503, "unavailable", "Briefly unavailable"
    retry_after: ClassVar[int] = 5
