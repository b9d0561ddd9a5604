"""The top of every signed-in page as markup. It is a pure function of what it shows, so it is made once and kept."""

from __future__ import annotations

from collections.abc import Hashable
from functools import lru_cache

from flask import current_app
from markupsafe import Markup, escape

KEPT = 1024

# Stand for what differs between people on the same page. No text in the database can hold these signs.
_TOKEN, _HERE = "\0t", "\0h"


def page_top(
    company_name: str,
    navigation: tuple[Hashable, ...],
    name: str,
    look: str,
    several_companies: bool,
    offers: int,
    *,
    token: str,
    here: str,
) -> Markup:
    """Brand, places to go and the menu of the person.

    Args:
        navigation: what the bar shows, as values: whatever differs there is another top.
        offers: how many are open for the person now.
        token: the session's form token.
        here: where choosing another look leads back to.
    """
    made = _made(company_name, navigation, name, look, several_companies, offers)
    return Markup(made.replace(_TOKEN, escape(token)).replace(_HERE, escape(here)))  # noqa: S704  (escaped throughout)


@lru_cache(maxsize=KEPT)
def _made(
    company_name: str, navigation: tuple[Hashable, ...], name: str, look: str, several_companies: bool, offers: int
) -> str:
    template = current_app.jinja_env.get_template("layouts/_top.html")
    return str(
        template.module.top(  # type: ignore[attr-defined]
            company_name, navigation, name, look, several_companies, offers, _TOKEN, _HERE
        )
    )
