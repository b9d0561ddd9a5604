"""Where to go on after signing in: only to addresses of our own."""

from __future__ import annotations

from urllib.parse import urlsplit


def own_path(address: str | None, default: str = "/") -> str:
    """`address` if it is a path on this site, else `default`.

    Browsers read a backslash as a slash and drop tabs and line ends, so `/\\evil.example` would leave the site.
    """
    if not address or not address.startswith("/") or address.startswith("//"):
        return default
    if "\\" in address or any(ord(character) < 33 or ord(character) == 127 for character in address):
        return default
    parts = urlsplit(address)
    return default if parts.scheme or parts.netloc else address
