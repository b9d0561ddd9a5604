"""The way to each settings page."""

from __future__ import annotations

from flask import render_template
from flask.typing import ResponseReturnValue

from portal.blueprints.settings.blueprint import blueprint
from portal.permissions import Right, may
from portal.sign_in import signed_in, signed_in_user

# Endpoint, name, what it is for, the right it needs.
_PAGES = (
    ("settings.company", "Company", "Name, time zone, and what happens when nobody can take a lead.", Right.COMPANY),
    ("settings.rules", "Rules", "Which pool hands out new leads.", Right.DISTRIBUTION),
    ("settings.teams", "Teams", "The tree of offices and teams.", Right.PEOPLE),
    ("settings.keys", "API keys", "Keys for websites and programs that send or read leads.", None),
)


@blueprint.get("")
@signed_in
def index() -> ResponseReturnValue:
    """The pages the viewer may open."""
    viewer = signed_in_user()
    pages = [page for page in _PAGES if page[3] is None or may(viewer, page[3])]
    return render_template("settings/index.html", pages=pages)
