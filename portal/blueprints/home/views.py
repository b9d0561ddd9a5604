"""Where people land, and the web app manifest."""

from __future__ import annotations

from flask import Response, jsonify, redirect
from flask.typing import ResponseReturnValue

from portal.blueprints.home.blueprint import blueprint
from portal.page_frame import static_url
from portal.permissions import Right, may
from portal.sign_in import signed_in, signed_in_user


@blueprint.get("/")
@signed_in
def start() -> ResponseReturnValue:
    """To the list one works from: the own leads, or those that wait for somebody to hand them out."""
    bucket = "unassigned" if may(signed_in_user(), Right.ASSIGN) else "mine"
    return redirect(f"/leads?bucket={bucket}", code=303)


@blueprint.get("/manifest.webmanifest")
def manifest() -> Response:
    """What a phone needs to put the portal on its home screen."""
    icon = {"src": static_url("icon.svg"), "sizes": "any", "type": "image/svg+xml"}
    response = jsonify(
        name="Baton",
        short_name="Baton",
        description="Leads, handed out fairly.",
        id="/",
        start_url="/",
        scope="/",
        display="standalone",
        background_color="#f5f7f6",
        theme_color="#0b665b",
        icons=[icon | {"purpose": "any"}, icon | {"purpose": "maskable"}],
        shortcuts=[{"name": "My leads", "url": "/leads?bucket=mine", "icons": [icon]}],
    )
    response.mimetype = "application/manifest+json"
    response.headers["Cache-Control"] = "public, max-age=3600"
    return response


@blueprint.get("/favicon.ico")
def favicon() -> ResponseReturnValue:
    """Some programs ask for this name whatever the page says."""
    return redirect(static_url("favicon.svg"), code=302)
