"""The web process: what granian serves (see ``portal.supervisor.up.web_command``)."""

from __future__ import annotations

from portal import create_app
from portal.asgi_application import PortalAsgi

app = PortalAsgi(create_app())
